"""`mediafleet emulator`: Media Nodes without media, in this process, until told to stop."""

import errno
import os
import random
import signal
import sys
from typing import Annotated, Final

import anyio
import typer

from mediafleet.cli.exits import CommandError
from mediafleet.cli.stopping import STOP_SIGNALS, end_quietly, on_stop_signals
from mediafleet.cli.terminal import say
from mediafleet.clock import SystemClock

STDIN_OPTION: Final = "--until-stdin-closes"
MAX_NODES: Final = 65_000
_READ_BYTES: Final = 4_096


def emulator(
    nodes: Annotated[
        int,
        typer.Option(
            metavar="NUMBER", min=1, max=MAX_NODES, help="How many Media Nodes to emulate."
        ),
    ] = 1,
    port: Annotated[
        int,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port of all of them; 0 for any free one.",
        ),
    ] = 8888,
    until_stdin_closes: Annotated[bool, typer.Option(STDIN_OPTION, hidden=True)] = False,
) -> None:
    """Run Media Nodes that speak Kurento's protocol but move no media, until Ctrl-C.

    Each has a loopback address of its own and is reached from this machine only. Their URIs are
    printed, one on a line, when all of them answer.

    Examples:
      mediafleet emulator
      mediafleet emulator --nodes 20 --port 9000

    Exit status: 0 ended by a signal, 1 could not start, 2 wrong options.
    """
    with on_stop_signals(end_quietly):
        failure = anyio.run(_run, nodes, port, until_stdin_closes)
    if failure is not None:
        raise CommandError(_refusal(port, failure)) from failure


async def _run(nodes: int, port: int, until_stdin_closes: bool) -> OSError | None:
    from mediafleet.emulator import run_emulator  # noqa: PLC0415 - slow; only this command needs it

    stop, failure = anyio.Event(), None
    async with anyio.create_task_group() as watchers:
        watchers.start_soon(_stop_on_signal, stop)
        if until_stdin_closes:
            watchers.start_soon(_stop_on_end_of_stdin, stop)
        try:
            await run_emulator(
                nodes=nodes,
                port=port,
                announce=say,
                stop=stop,
                random=random.SystemRandom(),
                clock=SystemClock(),
            )
        except OSError as error:
            failure = error
        watchers.cancel_scope.cancel()
    return failure


async def _stop_on_signal(stop: anyio.Event) -> None:
    watched = [each for each in STOP_SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    with anyio.open_signal_receiver(*watched) as signals:
        async for _ in signals:
            stop.set()


async def _stop_on_end_of_stdin(stop: anyio.Event) -> None:
    """Notice that the process at the other end of the pipe is gone, however it ended."""
    while True:
        await anyio.wait_readable(sys.stdin)
        if not os.read(sys.stdin.fileno(), _READ_BYTES):
            stop.set()
            return


def _refusal(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use by another program, perhaps by another emulator; choose "
            "another one, or 0 for any free one."
        )
    return f"The emulator cannot listen on port {port}: {error.strerror or 'unknown reason'}."
