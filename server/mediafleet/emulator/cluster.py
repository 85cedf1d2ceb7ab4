"""Many emulated Media Nodes behind one listening socket, told apart by their loopback address."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from mediafleet.emulator.addresses import (
    MAX_NODES,
    address_of,
    index_of,
    is_loopback,
)
from mediafleet.emulator.connection import Connection
from mediafleet.emulator.control import CONTROL_ADDRESS, ControlServer
from mediafleet.emulator.node import EmulatedNode
from mediafleet.emulator.process import NodeProcess
from mediafleet.emulator.settings import EmulatorSettings
from mediafleet.scheduler import Scheduler

if TYPE_CHECKING:
    import ssl
    from random import Random
    from types import TracebackType

    from mediafleet.clock import Clock
    from mediafleet.emulator.endpoint import Endpoint

_BACKLOG = 4096
_SLOT_S = 0.001


class EmulatedCluster:
    """Nodes that clients in this and in other processes can connect to.

    An async context manager: the nodes answer from its entry to its exit. It works with callbacks
    of the event loop alone, without tasks.

    The socket listens on all addresses, since nothing less hears all of 127.0.0.0/8; connections
    from or to an address outside of it are closed at once, before a byte is read. (Linux answers
    on every loopback address by itself; other systems need each one configured.)

    Attributes:
        port: The port of all nodes, known from entry on.
        nodes: All nodes, by number.
    """

    def __init__(
        self,
        *,
        nodes: int,
        port: int = 0,
        address: str | None = None,
        settings: EmulatorSettings | None = None,
        random: Random,
        clock: Clock,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare a cluster.

        Args:
            nodes: How many nodes it starts with, at most MAX_NODES.
            port: 0 takes a free one.
            address: Loopback address of the first node; it alone is listened on, so that there
                are no other nodes and no control server.
            settings: The set-up of every node; None means that of a real server.
            random: Source of ids, loads and of the order of events and replies.
            clock: Source of time; with one that is moved by hand, call `catch_up()` afterwards.
            ssl_context: Speak wss instead of ws.
        """
        self.port = port
        self.nodes: list[EmulatedNode] = []
        self._address = address
        self._first_nodes = nodes
        self._settings = settings or EmulatorSettings()
        self._random = random
        self._clock = clock
        self._ssl_context = ssl_context
        self._scheduler = Scheduler(clock, slot_s=_SLOT_S)
        self._processes: list[NodeProcess] = []
        self._control = ControlServer(self)
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._endpoint, self._scheduler),
            host=self._address or "0.0.0.0",  # noqa: S104  # _endpoint turns away all but loopback
            port=self.port,
            backlog=_BACKLOG,
            ssl=self._ssl_context,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        for _ in range(self._first_nodes):
            self.add_node()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def _endpoint(self, local: str, peer: str) -> Endpoint | None:
        if not (is_loopback(local) and is_loopback(peer)):
            return None
        if self._address is not None:
            return self._processes[0]
        if local == CONTROL_ADDRESS:
            return self._control
        index = index_of(local)
        return self._processes[index] if index is not None and index < len(self.nodes) else None

    def add_node(self) -> EmulatedNode:
        """Start one more node.

        Raises:
            ValueError: There are MAX_NODES already, or the one that a given address has.
        """
        index = len(self.nodes)
        most = MAX_NODES if self._address is None else 1
        if index >= most:
            message = f"this emulator holds at most {most} node(s)"
            raise ValueError(message)
        process = NodeProcess(self._settings, self._random, self._clock, self._scheduler)
        node = EmulatedNode(index, self.uri(index), process)
        self._processes.append(process)
        self.nodes.append(node)
        return node

    def uri(self, index: int) -> str:
        """Where the node with a number is, or would be."""
        scheme = "ws" if self._ssl_context is None else "wss"
        address = self._address or address_of(index)
        return f"{scheme}://{address}:{self.port}{self._settings.path}"

    def catch_up(self) -> None:
        """Do everything that is due by the clock now; needed only with a clock moved by hand."""
        self._scheduler.run_due()

    async def stop(self) -> None:
        """End all nodes as a crash would, and the listener; again is no error."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for process in self._processes:
            process.kill()
        self._control.close()
        self._scheduler.clear()
        await server.wait_closed()
