"""`mediafleet emulator`: run emulated Media Nodes in this process, until a stop signal."""

import errno
import ipaddress
import os
import random
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final, TypeAlias

import anyio
import typer

from mediafleet.cli.errors import CommandError, UsageError
from mediafleet.cli.process import (
    STOP_SIGNALS,
    StopRequest,
    exit_on_stop_signals,
    raise_open_files,
)
from mediafleet.cli.terminal import print_ready
from mediafleet.clock import SystemClock

PARENT_OPTION: Final = "--until-process-ends"
MAX_NODES: Final = 65_000
_MAX_SESSIONS: Final = 1_000
_OWN_FILES: Final = 64
"""For the listener, the event loop and the standard streams."""
_FILES_PER_NODE: Final = 4

HostedSessions: TypeAlias = Annotated[
    int,
    typer.Option(
        metavar="NUMBER", min=0, max=_MAX_SESSIONS, help="How many sessions each node hosts."
    ),
]


def port_option(help_text: str) -> Any:  # noqa: ANN401 - as typer.Option
    """The option --port, where 0 stands for any free port."""
    return typer.Option("--port", metavar="PORT", min=0, max=65535, help=help_text)


def emulator(
    *,
    nodes: Annotated[
        int,
        typer.Option(
            metavar="NUMBER", min=1, max=MAX_NODES, help="How many Media Nodes to emulate."
        ),
    ] = 1,
    port: Annotated[int, port_option("Port of all of them; 0 for any free one.")] = 8888,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="ADDRESS",
            help="Loopback address of the only node; by number if not given.",
        ),
    ] = None,
    sessions: HostedSessions = 0,
    register: Annotated[
        str | None,
        typer.Option(
            "--register",
            metavar="URL",
            help="Where the nodes announce themselves, as Kurento's registrar does: ws://...",
        ),
    ] = None,
    parent: Annotated[int | None, typer.Option(PARENT_OPTION, hidden=True)] = None,
) -> None:
    """Run emulated Media Nodes until Ctrl-C.

    They speak Kurento's protocol, and forward media if the extra mediafleet[media] is
    installed. Each has a loopback address of its own and is
    reached from this machine only. Their URIs are printed, one on a line, when all of them answer.

    Examples:
      mediafleet emulator
      mediafleet emulator --nodes 20 --port 9000 --sessions 2
      mediafleet emulator --address 127.9.9.9
      mediafleet emulator --register ws://127.0.0.1:5443/registrar/TOKEN

    Exit status: 0 ended by a signal, 1 could not start, 2 wrong options.
    """
    _check(address, nodes)
    if register is not None and not register.startswith(("ws://", "wss://")):
        raise UsageError("Nodes announce themselves at a URL that begins with ws:// or wss://.")
    from mediafleet.emulator import run_emulator  # noqa: PLC0415 - slow; only this command needs it

    raise_open_files(_OWN_FILES + nodes * _FILES_PER_NODE)
    emulate = partial(
        run_emulator,
        nodes=nodes,
        port=port,
        address=address,
        sessions=sessions,
        register=register,
        on_ready=print_ready,
        random=random.SystemRandom(),
        clock=SystemClock(),
    )
    with exit_on_stop_signals() as stop_request:
        failure = anyio.run(_run, emulate, parent, stop_request)
    if failure is not None:
        raise CommandError(_bind_failure(port, failure)) from failure


def _check(address: str | None, nodes: int) -> None:
    if address is None:
        return
    if nodes != 1:
        raise UsageError("An address belongs to one node: leave out --nodes or --address.")
    try:
        is_loopback = ipaddress.IPv4Address(address).is_loopback
    except ipaddress.AddressValueError:
        is_loopback = False
    if not is_loopback:
        raise UsageError("The address of an emulated node must be one of 127.0.0.0/8.")


async def _run(
    emulate: Callable[..., Awaitable[None]], parent: int | None, stop_request: StopRequest
) -> OSError | None:
    stop, failure = anyio.Event(), None
    async with anyio.create_task_group() as watchers:
        watchers.start_soon(_stop_on_signal, stop, stop_request)
        if parent is not None:
            watchers.start_soon(_stop_with_parent, parent, stop)
        try:
            await emulate(stop=stop)
        except OSError as error:
            failure = error
        watchers.cancel_scope.cancel()
    return failure


async def _stop_on_signal(stop: anyio.Event, stop_request: StopRequest) -> None:
    watched = [each for each in STOP_SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    with anyio.open_signal_receiver(*watched) as signals:
        stop_request.raise_if_made()
        async for _ in signals:
            stop.set()


async def _stop_with_parent(parent: int, stop: anyio.Event) -> None:
    """Stop when the process that started this one has ended, for whatever reason."""
    try:
        descriptor = os.pidfd_open(parent)
    except ProcessLookupError:
        stop.set()
        return
    try:
        if os.getppid() == parent:  # else it had ended before, and another process has its pid
            await anyio.wait_readable(descriptor)
    finally:
        os.close(descriptor)
    stop.set()


def _bind_failure(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use by another program, perhaps by another emulator; choose "
            "another one, or 0 for any free one."
        )
    return f"The emulator cannot listen on port {port}: {error.strerror or 'unknown reason'}."
