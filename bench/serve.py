"""Runs one peer as a process of its own, under the HTTP server's settings that Mediafleet uses.

``python -m bench.serve PEER`` prints its port once it listens.
"""

import importlib
import socket
import sys
import warnings

import uvicorn


def main() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app = importlib.import_module(f"bench.peers.{sys.argv[1]}").app
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    # The port is printed before the application is up: until then connections wait in the queue.
    listener.listen(128)
    config = uvicorn.Config(
        app,
        interface="asgi3",
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
    )
    print(f"port {listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
