"""The HTTP server's connections: how many there may be, and which one makes room for another.

It reads no HTTP; the protocols in ``transport.py`` put themselves in and are checked from here.
"""

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

_LOG_INTERVAL_S: Final = 10.0
_IPV6_PREFIX: Final = 64
_ACCEPTED_AT_ONCE: Final = 64
_ACCEPT_PAUSE_S: Final = 0.1
_TLS_SHUTDOWN_S: Final = 1.0
_OUT_OF_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be.

    Attributes:
        most: Connections at a time; no request is served on further ones.
        per_address: Those of them that one peer address (of IPv6: one /64 network) may have;
            None: all.
        reserve: Further connections, on which health is answered, and 503 to everything else.
    """

    most: int = 2_000
    per_address: int | None = None
    reserve: int = 64


class Connection(Protocol):
    """What the table needs of a connection.

    Attributes:
        peer: Key of the peer's address, of :func:`address_key`.
    """

    peer: str

    @property
    def authenticated(self) -> bool:
        """Whether a request on it had good credentials."""

    def check(self, now: float) -> None:
        """End it if a deadline is over; *now* is the event loop's time."""

    def abort(self) -> None:
        """End it at once."""


class ConnectionTable:
    """All connections of one server, WebSockets and TLS handshakes included.

    When there is no room for a new connection, the one without a request that has waited longest
    is closed: of the new one's address if that has its share, and one that has not authenticated
    first. If all are busy, the new one is put into the reserve.

    Args:
        limits: How many.
        check_interval: Seconds between two checks of all deadlines.
    """

    def __init__(self, limits: ConnectionLimits, check_interval: float) -> None:
        self._limits = limits
        self._check_interval = check_interval
        self._admitted: set[Connection] = set()
        self._reserve: dict[Connection, None] = {}  # a set that keeps the order
        self._idle: dict[bool, dict[Connection, None]] = {False: {}, True: {}}
        self._of_address: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = self._turned_away = 0
        self._next_log = 0.0

    def add(self, connection: Connection) -> bool:
        """Put in a new connection; False when it is in the reserve."""
        admitted = self._make_room(connection.peer)
        if admitted:
            self._admitted.add(connection)
            self._of_address[connection.peer] += 1
            self._idle[False][connection] = None
        else:
            if len(self._reserve) >= self._limits.reserve:
                self._end(next(iter(self._reserve)))
            self._reserve[connection] = None
            self._turned_away += 1
            self._log()
        if self._timer is None:
            self._schedule_check()
        return admitted

    def remove(self, connection: Connection) -> None:
        """Forget a connection; nothing happens if it is not in the table."""
        self._reserve.pop(connection, None)
        if connection in self._admitted:
            self._admitted.remove(connection)
            self.set_busy(connection)
            self._of_address[connection.peer] -= 1
            if not self._of_address[connection.peer]:
                del self._of_address[connection.peer]

    def set_busy(self, connection: Connection) -> None:
        """Note that a request is served on it: it does not make room."""
        if self._idle[False].pop(connection, self) is self:
            self._idle[True].pop(connection, None)

    def set_idle(self, connection: Connection) -> None:
        """Note that its request was answered."""
        if connection in self._admitted:
            self._idle[connection.authenticated][connection] = None

    def _make_room(self, peer: str) -> bool:
        share = self._limits.per_address
        if share is not None and self._of_address[peer] >= share:
            return self._close_idle(lambda connection: connection.peer == peer)
        if len(self._admitted) >= self._limits.most:
            return self._close_idle(lambda _: True)
        return True

    def _close_idle(self, fits: Callable[[Connection], bool]) -> bool:
        for idle in self._idle.values():
            for connection in idle:
                if fits(connection):
                    self._end(connection)
                    self._closed += 1
                    self._log()
                    return True
        return False

    def _end(self, connection: Connection) -> None:
        self.remove(connection)
        connection.abort()

    def _log(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._next_log:
            return
        self._next_log = now + _LOG_INTERVAL_S
        log.warning(
            "too many connections",
            extra={
                "connections": len(self._admitted),
                "authenticated_idle": len(self._idle[True]),
                "closed_to_make_room": self._closed,
                "answered_503": self._turned_away,
            },
        )
        self._closed = self._turned_away = 0

    def _schedule_check(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._check_interval, self._check)

    def _check(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection in (*self._admitted, *self._reserve):
            connection.check(now)
        self._timer = None
        if self._admitted or self._reserve:
            self._schedule_check()


def address_key(address: str) -> str:
    """Name a peer's address as it is counted: of IPv6 the /64 network, which one client may own."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
    return address


_tables: WeakKeyDictionary[ServerState, ConnectionTable] = WeakKeyDictionary()


def table_of(
    server: ServerState, limits: ConnectionLimits, check_interval: float
) -> ConnectionTable:
    """Give the table of a server; the first caller's limits count."""
    table = _tables.get(server)
    if table is None:
        table = _tables[server] = ConnectionTable(limits, check_interval)
    return table


class Handshake:
    """A connection whose TLS handshake is under way; asyncio bounds its time."""

    authenticated = False

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.task: asyncio.Task[None] | None = None

    def check(self, now: float) -> None:
        """Leave it to the time limit of the handshake."""

    def abort(self) -> None:
        """End it at once."""
        if self.task is not None:
            self.task.cancel()


class TlsListener:
    """Accepts connections and has them speak TLS; they are in the table from the first moment.

    The event loop's own TLS servers tell of a connection only after its handshake. Like those it
    has ``close`` and ``wait_closed``.

    Args:
        sockets: Bound ones.
        context: What to encrypt with.
        make_protocol: Makes what speaks HTTP in it, for a handshake that succeeded.
        table: Of the server.
        handshake_seconds: Time for each.
        backlog: Connections that the kernel keeps until they are accepted.
    """

    def __init__(
        self,
        sockets: Iterable[socket.socket],
        context: ssl.SSLContext,
        make_protocol: Callable[[Handshake], asyncio.Protocol],
        *,
        table: ConnectionTable,
        handshake_seconds: float,
        backlog: int,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._sockets = list(sockets)
        self._context = context
        self._make_protocol = make_protocol
        self._table = table
        self._handshakes: set[asyncio.Task[None]] = set()
        self._handshake_seconds = handshake_seconds
        for listener in self._sockets:
            listener.settimeout(0)
            listener.listen(backlog)
            self._watch(listener)

    def close(self) -> None:
        """Accept no more, and give handshakes up; connections go on."""
        for listener in self._sockets:
            self._loop.remove_reader(listener)
        self._sockets.clear()
        for handshake in self._handshakes:
            handshake.cancel()

    async def wait_closed(self) -> None:
        """Wait for the end of the handshakes."""
        await asyncio.gather(*self._handshakes, return_exceptions=True)

    def _watch(self, listener: socket.socket) -> None:
        if listener in self._sockets:
            self._loop.add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                accepted, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _OUT_OF_DESCRIPTORS:
                    raise
                log.warning("no connection can be accepted", extra={"reason": error.strerror})
                self._loop.remove_reader(listener)
                self._loop.call_later(_ACCEPT_PAUSE_S, self._watch, listener)
                return
            self._begin(accepted, address_key(str(address[0])))

    def _begin(self, accepted: socket.socket, peer: str) -> None:
        accepted.settimeout(0)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        handshake = Handshake(peer)
        task = handshake.task = self._loop.create_task(self._shake_hands(accepted, handshake))
        self._handshakes.add(task)

        def end(_: asyncio.Task[None]) -> None:
            self._handshakes.discard(task)
            self._table.remove(handshake)
            if task.cancelled():
                accepted.close()

        task.add_done_callback(end)
        self._table.add(handshake)

    async def _shake_hands(self, accepted: socket.socket, handshake: Handshake) -> None:
        with contextlib.suppress(OSError):  # of the network, of TLS, or the time is over
            await self._loop.connect_accepted_socket(
                lambda: self._make_protocol(handshake),
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=self._handshake_seconds,
                ssl_shutdown_timeout=_TLS_SHUTDOWN_S,
            )
