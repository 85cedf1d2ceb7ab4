"""Many emulated Media Nodes behind one listening socket, each on its own loopback address."""

from __future__ import annotations

import asyncio
import json
import string
from ipaddress import AddressValueError, IPv4Address
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

import anyio
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from mediafleet.emulator.connection import Connection
from mediafleet.emulator.node import EmulatedNode
from mediafleet.emulator.settings import EmulatorSettings
from mediafleet.scheduler import Scheduler

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from random import Random

    from mediafleet.clock import Clock

MAX_NODES: Final = 65_000
"""The nodes of one listener: with a connection each, about all descriptors of a process."""

_HOSTS: Final = 250
_SUBNETS: Final = 250
_BACKLOG: Final = 4096
_SLOT_S: Final = 0.001
_MIN_DELAY_S: Final = 0.1
_MAX_DELAY_S: Final = 10.0


def address_of(index: int) -> str:
    """The address of a node: 127.0.1.1 for the first, 127.0.1.2 for the second and so on.

    The last part runs from 1 to 250, then the third from 1 to 250, then the second from 0: node
    250 (counted from 0) is 127.0.2.1 and node 62500 is 127.1.1.1.

    Args:
        index: The node's number, from 0 to MAX_NODES - 1.
    """
    block, rest = divmod(index, _SUBNETS * _HOSTS)
    subnet, host = divmod(rest, _HOSTS)
    return f"127.{block}.{subnet + 1}.{host + 1}"


def index_of(address: str) -> int | None:
    """The number of the node with an address; None if no node can have it."""
    if not _is_loopback(address):
        return None
    _, block, subnet, host = IPv4Address(address).packed
    if not (1 <= subnet <= _SUBNETS and 1 <= host <= _HOSTS):
        return None
    return (block * _SUBNETS + subnet - 1) * _HOSTS + host - 1


def _is_loopback(address: str) -> bool:
    try:
        return IPv4Address(address).is_loopback
    except AddressValueError:
        return False


class EmulatedCluster:
    """Nodes to which clients in this and in other processes can connect.

    An async context manager: the nodes run from its entry to its exit. It uses callbacks of the
    event loop and no tasks.

    The socket listens on all addresses, because no narrower one covers 127.0.0.0/8; connections
    from or to an address outside of it are reset at once, before a byte is read. (Linux answers
    on every loopback address without configuration; other systems need each one configured.)

    Attributes:
        port: The port of all nodes; known after the entry.
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
            nodes: The initial number of nodes, at most MAX_NODES.
            port: 0 for any free port.
            address: The loopback address of the only node, and the only one listened on.
            settings: The settings of every node; None means those of a real server.
            random: Source of ids, loads and of the order of events and replies.
            clock: Source of time; after setting it by hand, call `catch_up()`.
            ssl_context: Use wss instead of ws.
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
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._find, self._scheduler),
            host=self._address or "0.0.0.0",  # noqa: S104  # _find accepts only loopback
            port=self.port,
            backlog=_BACKLOG,
            ssl=self._ssl_context,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        for _ in range(self._first_nodes):
            self.add_node()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _find(self, local: str, peer: str) -> EmulatedNode | None:
        if not (_is_loopback(local) and _is_loopback(peer)):
            return None
        if self._address is not None:
            return self.nodes[0]
        index = index_of(local)
        return self.nodes[index] if index is not None and index < len(self.nodes) else None

    def add_node(self) -> EmulatedNode:
        """Start one more node.

        Raises:
            ValueError: There are MAX_NODES already, or the one with the given address.
        """
        index = len(self.nodes)
        most = MAX_NODES if self._address is None else 1
        if index >= most:
            message = f"this emulator holds at most {most} node(s)"
            raise ValueError(message)
        node = EmulatedNode(
            index=index,
            uri=self.uri(index),
            settings=self._settings,
            random=self._random,
            clock=self._clock,
            scheduler=self._scheduler,
        )
        self.nodes.append(node)
        return node

    def uri(self, index: int) -> str:
        """The URI of the node with a number, whether it exists or not."""
        scheme = "ws" if self._ssl_context is None else "wss"
        address = self._address or address_of(index)
        return f"{scheme}://{address}:{self.port}{self._settings.path}"

    def catch_up(self) -> None:
        """Run everything that is due; needed only after the clock was set by hand."""
        self._scheduler.run_due()

    async def stop(self) -> None:
        """Crash all nodes and close the listener; a second call does nothing."""
        server, self._server = self._server, None
        if server is None:
            return
        try:
            await stop_accepting(server)
        finally:
            for node in self.nodes:
                node.crash()
            self._scheduler.clear()
        await server.wait_closed()


async def stop_accepting(server: asyncio.Server) -> None:
    """Close a listener of asyncio; each connection that it has accepted has a transport then.

    `Server.close()` alone leaves the socket of a connection open until it is garbage collected, if
    the event loop has accepted it, but has not yet made its transport.
    """
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener)
    try:
        with anyio.CancelScope(shield=True):
            await asyncio.sleep(0)
    finally:
        server.close()


async def run_emulator(
    *,
    nodes: int,
    port: int,
    address: str | None = None,
    sessions: int = 0,
    register: str | None = None,
    on_ready: Callable[[str], None],
    stop: anyio.Event,
    random: Random,
    clock: Clock,
    settings: EmulatorSettings | None = None,
) -> None:
    """Run nodes until the stop event is set.

    Args:
        nodes: The number of nodes.
        port: Their port; 0 for any free one.
        address: The loopback address of the only node; None gives each node its own.
        sessions: The number of sessions of each node at the start, with random names.
        register: URL to which each node connects to register, as Kurento's registrar does.
        on_ready: Called with the URI of each node, in order, once all of them listen.
        stop: Set it to end the nodes.
        random: Source of ids and loads.
        clock: Source of time.
        settings: The settings of every node; None means those of a real server.

    Raises:
        OSError: The port is in use.
        ValueError: There is an address and more than one node.
    """
    cluster = EmulatedCluster(
        nodes=nodes, port=port, address=address, settings=settings, random=random, clock=clock
    )
    async with cluster:
        for node in cluster.nodes * sessions:
            node.create_pipeline(_session_name(random))
        async with anyio.create_task_group() as registrars:
            for node in cluster.nodes:
                on_ready(node.uri)
                if register is not None:
                    name = f"registrar of {node.uri}"
                    registrars.start_soon(_register, node.uri, register, name=name)
            await stop.wait()
            registrars.cancel_scope.cancel()


def _session_name(random: Random) -> str:
    return "ses_" + "".join(random.choices(string.ascii_letters + string.digits, k=10))


def registration(uri: str) -> str:
    """The frame with which a media server registers its URI."""
    frame = {"jsonrpc": "2.0", "method": "register", "params": {"ws": uri}}
    return json.dumps(frame, separators=(",", ":"))


async def _register(uri: str, url: str) -> None:
    """Connect from the address of a node and register it, again after every disconnection."""
    delay = _MIN_DELAY_S
    while True:
        try:
            async with connect(
                url,
                local_addr=(urlsplit(uri).hostname, 0),
                compression=None,
                user_agent_header="WebSocket++/0.8.2",
                ping_interval=None,
                proxy=None,
            ) as websocket:
                delay = _MIN_DELAY_S
                await websocket.send(registration(uri))
                await websocket.wait_closed()
        except (OSError, TimeoutError, WebSocketException):
            pass  # the real server retries without a log message too
        await anyio.sleep(delay)
        delay = min(2 * delay, _MAX_DELAY_S)
