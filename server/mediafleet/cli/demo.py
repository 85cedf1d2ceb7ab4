"""`mediafleet demo`: a server and emulated Media Nodes, of which nothing is left at the end."""

import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from mediafleet.cli.configuring import read_isolated_configuration
from mediafleet.cli.emulator import MAX_SESSIONS, PARENT_OPTION
from mediafleet.cli.starting import run
from mediafleet.cli.stopping import end_quietly, on_stop_signals

_MAX_NODES: Final = 100
_ROOM: Final = 5
"""How many nodes may be added to those of the start."""


def demo(
    nodes: Annotated[
        int,
        typer.Option(metavar="NUMBER", min=1, max=_MAX_NODES, help="Media Nodes at the start."),
    ] = 3,
    sessions: Annotated[
        int,
        typer.Option(
            metavar="NUMBER", min=0, max=MAX_SESSIONS, help="How many sessions each node hosts."
        ),
    ] = 0,
    port: Annotated[
        int,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port of the server; 0 for any free one.",
        ),
    ] = 5443,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIRECTORY",
            help="Keep the server's data here; a temporary directory if not given.",
        ),
    ] = None,
) -> None:
    """Run a server with Media Nodes to play with, until Ctrl-C.

    The nodes are emulated, each by a process of its own that the server launches. Nothing is left
    behind. The .env file and the environment are not read. With a kept --data-dir the nodes
    outlive a server that is killed, and the next demo with it finds them again.

    Examples:
      mediafleet demo
      mediafleet demo --nodes 5 --sessions 2 --port 6443
      mediafleet demo --data-dir ./demo

    Exit status: 0 ended by a signal, 1 could not start or go on, 2 wrong options.
    """
    with on_stop_signals(end_quietly), _directory(data_dir) as directory:
        # Nobody would find them again without the directory.
        bond = () if data_dir is not None else (PARENT_OPTION, str(os.getpid()))
        configuration = read_isolated_configuration(
            {
                "MEDIAFLEET_PORT": port,
                "MEDIAFLEET_DATA_DIR": directory,
                "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "local",
                "OPENVIDU_PRO_CLUSTER_MEDIA_NODES": nodes,
                "MEDIAFLEET_LOCAL_MAX_NODES": nodes + _ROOM,
                "MEDIAFLEET_LOCAL_COMMAND": _command(sessions, bond),
            }
        )
        told = f"It launches {nodes} emulated Media Nodes; there is room for {_ROOM} more."
        run(configuration, stop_nodes=True, accept_changed_store=True, remarks=[told])


def _command(sessions: int, bond: Sequence[str]) -> str:
    emulator = [sys.executable, "-P", "-m", "mediafleet", "emulator", "--sessions", str(sessions)]
    return f"{shlex.join([*emulator, *bond])} --address {{address}} --port {{port}}"


@contextmanager
def _directory(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given.absolute()
        return
    temporary = tempfile.TemporaryDirectory(prefix="mediafleet-demo-")
    try:
        yield Path(temporary.name)
    finally:
        with on_stop_signals(signal.SIG_IGN):
            temporary.cleanup()
