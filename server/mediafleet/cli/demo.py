"""`mediafleet demo`: a server and emulated Media Nodes, of which nothing is left at the end."""

import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer

from mediafleet.cli.configuring import read_isolated_configuration
from mediafleet.cli.emulator import STDIN_OPTION
from mediafleet.cli.exits import CommandError
from mediafleet.cli.starting import run
from mediafleet.cli.stopping import end_quietly, on_stop_signals

_MAX_NODES: Final = 1_000
_START_S: Final = 30.0
_END_S: Final = 5.0


def demo(
    nodes: Annotated[
        int,
        typer.Option(
            metavar="NUMBER", min=1, max=_MAX_NODES, help="How many Media Nodes to emulate."
        ),
    ] = 3,
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
    node_port: Annotated[
        int,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="Port of the Media Nodes; 0 for any free one."
        ),
    ] = 0,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIRECTORY",
            help="Keep the server's data here; a temporary directory if not given.",
        ),
    ] = None,
) -> None:
    """Run a server with emulated Media Nodes until Ctrl-C, and leave nothing behind.

    The nodes are a process of their own. The .env file and the environment are not read. To find
    the same nodes again in a kept --data-dir, give --node-port too.

    Examples:
      mediafleet demo
      mediafleet demo --nodes 20 --port 6443
      mediafleet demo --data-dir ./demo --node-port 8888

    Exit status: 0 ended by a signal, 1 could not start or go on, 2 wrong options.
    """
    with (
        on_stop_signals(end_quietly),
        _directory(data_dir) as directory,
        _emulated_nodes(nodes, node_port) as uris,
    ):
        configuration = read_isolated_configuration(
            {"MEDIAFLEET_PORT": port, "MEDIAFLEET_DATA_DIR": directory, "KMS_URIS": uris}
        )
        first = uris[0] if nodes == 1 else f"{uris[0]} to {uris[-1]}"
        run(configuration, remarks=[f"Emulated Media Nodes: {nodes}, {first}"])


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


@contextmanager
def _emulated_nodes(count: int, port: int) -> Iterator[list[str]]:
    options = ["--nodes", str(count), "--port", str(port), STDIN_OPTION]
    with subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-P", "-m", "mediafleet", "emulator", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C reaches every process of the terminal's group; the nodes shall outlive the server.
        process_group=0,
    ) as child:
        try:
            yield _read_uris(child, count)
        finally:
            with on_stop_signals(signal.SIG_IGN):
                _end(child)


def _read_uris(child: subprocess.Popen[str], count: int) -> list[str]:
    guard = threading.Timer(_START_S, child.kill)
    guard.daemon = True
    try:
        guard.start()
        lines: Iterable[str] = child.stdout or []
        uris = [line.strip() for line in islice(lines, count)]
    finally:
        guard.cancel()
    if len(uris) < count:
        raise CommandError("The emulated Media Nodes did not start.")
    return uris


def _end(child: subprocess.Popen[str]) -> None:
    """Close the pipe, which ends the nodes; whatever does not end is killed."""
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(_END_S)
    except subprocess.TimeoutExpired:
        child.kill()
