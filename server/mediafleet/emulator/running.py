"""An emulator as a process of its own: what the command line runs."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Protocol

import anyio

from mediafleet.emulator import announcing
from mediafleet.emulator.cluster import EmulatedCluster

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from mediafleet.clock import Clock
    from mediafleet.emulator.settings import EmulatorSettings


class StopSignal(Protocol):
    """Something that can be waited for, such as anyio.Event."""

    async def wait(self) -> None:
        """Return when it is time to stop."""


async def run_emulator(
    *,
    nodes: int,
    port: int,
    address: str | None = None,
    sessions: int = 0,
    register: str | None = None,
    announce: Callable[[str], None],
    stop: StopSignal,
    random: Random,
    clock: Clock,
    settings: EmulatorSettings | None = None,
) -> None:
    """Run nodes until told to stop.

    Args:
        nodes: How many.
        port: Their port; 0 takes a free one.
        address: Loopback address of the only node; by number if not given.
        sessions: How many sessions each node holds at the start, with names of their own.
        register: URL where each node announces itself, as Kurento's registrar does.
        announce: Called with the URI of each node, in order, once all of them answer.
        stop: When to end.
        random: Source of ids and loads.
        clock: Source of time.
        settings: The set-up of every node; None means that of a real server.

    Raises:
        OSError: The port is taken.
        ValueError: An address was given and more than one node is wanted.
    """
    cluster = EmulatedCluster(
        nodes=nodes, port=port, address=address, settings=settings, random=random, clock=clock
    )
    async with cluster:
        for node in cluster.nodes * sessions:
            node.create_pipeline(_session_name(random))
        async with anyio.create_task_group() as registrars:
            for node in cluster.nodes:
                announce(node.uri)
                if register is not None:
                    name = f"registrar of {node.uri}"
                    registrars.start_soon(announcing.announce, node.uri, register, name=name)
            await stop.wait()
            registrars.cancel_scope.cancel()


def _session_name(random: Random) -> str:
    return "ses_" + "".join(random.choices(string.ascii_letters + string.digits, k=10))
