"""The command line: starts servers, and sends requests to running ones.

Exit status of every command:

===  ================================================================================
0    done; a server, demo or emulator was ended by a signal
1    the server could not start or go on, or failed (500, 502, 503), the connection to it failed,
     the output could not be written, or a question was denied
2    the command line, the configuration or the request (400, 413, 415, 501) is wrong
3    no such Media Node, or it is not within reach (404)
4    in conflict with the state of the cluster (409)
5    the server refused the credentials (401)
130  interrupted while waiting for an answer; what was asked of the server goes on
===  ================================================================================

Data goes to stdout, messages go to stderr.
"""

from mediafleet.cli.application import main

__all__ = ["main"]
