"""A process that has loaded the server once, and forks one for each line of its input.

A line is a JSON object: `arguments` of `mediafleet serve`, `environ`, the `log` to write to, the
`journal` and the `fatal` point of `kill_points`. It answers with the pid.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mediafleet import cli
    from mediafleet.cli import serving
    from support.kill_points import KillPoints


assert callable(serving.run_server)  # loaded here, once for all servers


def serve(order: dict[str, Any]) -> None:
    log = os.open(str(order["log"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(file, stream)
    os.environ.update(order["environ"])
    sys.argv = ["mediafleet", "serve", *order["arguments"]]
    KillPoints(str(order["journal"]), str(order["fatal"])).install()
    cli.main()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            serve(json.loads(line))
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
