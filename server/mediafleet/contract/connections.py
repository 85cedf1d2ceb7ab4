"""The HTTP server's connections: how many there may be, and which one is closed for another.

It reads no HTTP; the protocols in ``transport.py`` add themselves, and the table checks
their deadlines.
"""

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

_LOG_INTERVAL_S: Final = 10.0
_FIRST_WORDS_S: Final = 0.2
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

    def check(self, now: float) -> None:
        """End it if a deadline is over; *now* is the event loop's time."""

    def abort(self) -> None:
        """End it at once."""


class ConnectionTable:
    """All connections of one server, WebSockets and TLS handshakes included.

    When the table is full at a new connection, another one is closed; of the same address if that
    has its share. First come those that have not authenticated, whatever they are at, then those
    that have and are idle; of each the one that has begun no request for longest. Where most have
    authenticated, one that was accepted just now is spared. If all are busy, the new one is put
    into the reserve.

    Args:
        limits: How many.
        check_interval: Seconds between two checks of all deadlines.

    Attributes:
        closed: How many were closed for new ones, so far.
        turned_away: How many were put into the reserve, so far.
    """

    def __init__(self, limits: ConnectionLimits, check_interval: float) -> None:
        self._limits = limits
        self._check_interval = check_interval
        self._admitted: set[Connection] = set()
        self._reserve: dict[Connection, None] = {}  # a set that keeps the order
        self._unknown: dict[Connection, float] = {}  # since when, longest first
        self._idle: dict[Connection, None] = {}
        self._of_address: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self.closed = self.turned_away = 0
        self._logged = 0, 0  # of those two
        self._next_log = 0.0

    @property
    def size(self) -> int:
        """How many there are, those of the reserve included."""
        return len(self._admitted) + len(self._reserve)

    def add(self, connection: Connection) -> bool:
        """Add a new connection; False when it is in the reserve."""
        accepted = self._close_another_for(connection.peer)
        if accepted:
            self._admitted.add(connection)
            self._of_address[connection.peer] += 1
            self._unknown[connection] = asyncio.get_running_loop().time()
        else:
            if len(self._reserve) >= self._limits.reserve:
                self._end(next(iter(self._reserve)))
            self._reserve[connection] = None
            self.turned_away += 1
            self._log()
        if self._timer is None:
            self._schedule_check()
        return accepted

    def remove(self, connection: Connection) -> None:
        """Forget a connection; nothing happens if it is not in the table."""
        self._reserve.pop(connection, None)
        if connection in self._admitted:
            self._admitted.remove(connection)
            self._unknown.pop(connection, None)
            self._idle.pop(connection, None)
            self._of_address[connection.peer] -= 1
            if not self._of_address[connection.peer]:
                del self._of_address[connection.peer]

    def note_request(self, connection: Connection) -> None:
        """Note that a request has begun on it."""
        if self._unknown.pop(connection, None) is not None:
            self._unknown[connection] = asyncio.get_running_loop().time()
        else:
            self._idle.pop(connection, None)

    def note_authenticated(self, connection: Connection) -> None:
        """Note that its request has good credentials."""
        self._unknown.pop(connection, None)

    def note_answer(self, connection: Connection) -> None:
        """Note that its request was answered, which had good credentials."""
        if connection in self._admitted:
            self._idle[connection] = None

    def _close_another_for(self, peer: str) -> bool:
        share = self._limits.per_address
        if share is not None and self._of_address[peer] >= share:
            return self._close_one(lambda connection: connection.peer == peer)
        if len(self._admitted) >= self._limits.most:
            return self._close_one(lambda _: True)
        return True

    def _close_one(self, fits: Callable[[Connection], bool]) -> bool:
        chosen = next(filter(fits, self._unknown), None)
        if chosen is None or self._is_spared(chosen):
            chosen = next(filter(fits, self._idle), chosen)
        if chosen is None:
            return False
        self._end(chosen)
        self.closed += 1
        self._log()
        return True

    def _is_spared(self, unknown: Connection) -> bool:
        """Whether a client had no time yet to authenticate, where most have."""
        age = asyncio.get_running_loop().time() - self._unknown[unknown]
        return age < _FIRST_WORDS_S and len(self._unknown) < len(self._idle)

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
                "not_authenticated": len(self._unknown),
                "closed_to_close_another_for": self.closed - self._logged[0],
                "answered_503": self.turned_away - self._logged[1],
            },
        )
        self._logged = self.closed, self.turned_away

    def _schedule_check(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._check_interval, self._check)

    def _check(self) -> None:
        now = asyncio.get_running_loop().time()
        self._timer = None
        connections = (*self._admitted, *self._reserve)
        if connections:
            self._schedule_check()
        for connection in connections:
            connection.check(now)


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
    """A connection whose TLS handshake has not ended.

    It has no task until its client sends something.

    Args:
        accepted: The connection.
        peer: Key of the peer's address.
        deadline: When it is ended, in the event loop's time.
        shake_hands: Carries out the handshake, or fails.
        on_end: Called once, when it has ended, in any way.
    """

    def __init__(
        self,
        accepted: socket.socket,
        peer: str,
        deadline: float,
        shake_hands: Callable[["Handshake"], Coroutine[Any, Any, None]],
        on_end: Callable[["Handshake"], None],
    ) -> None:
        self.socket = accepted
        self.peer = peer
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        self._shake_hands = shake_hands
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None
        self._loop.add_reader(accepted, self._begin)

    def check(self, now: float) -> None:
        """End it if it takes too long."""
        if now >= self._deadline:
            self.abort()

    def abort(self) -> None:
        """End it at once."""
        if self._task is not None:
            self._task.cancel()
        else:
            self._loop.remove_reader(self.socket)
            self.socket.close()
            self._on_end(self)

    def _begin(self) -> None:
        self._loop.remove_reader(self.socket)
        self._task = self._loop.create_task(self._shake_hands(self))
        self._task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._on_end(self)
        if task.cancelled():
            self.socket.close()
        elif (error := task.exception()) is not None:
            self.socket.close()
            log.error("TLS connection not taken over", exc_info=error)


class TlsListener:
    """Accepts connections and has them speak TLS; they are in the table from the first moment.

    The event loop's own TLS servers report a connection only after its handshake. Like those it
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
        self._handshakes: set[Handshake] = set()
        self._handshake_seconds = handshake_seconds
        for listener in self._sockets:
            listener.settimeout(0)
            listener.listen(backlog)
            self._watch(listener)

    def close(self) -> None:
        """Accept no more, and end the handshakes; connections stay."""
        for listener in self._sockets:
            self._loop.remove_reader(listener)
        self._sockets.clear()
        for handshake in tuple(self._handshakes):
            handshake.abort()

    async def wait_closed(self) -> None:
        """Return: connections that were accepted are waited for by the server."""

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
            self._add(accepted, address_key(str(address[0])))

    def _add(self, accepted: socket.socket, peer: str) -> None:
        accepted.settimeout(0)
        deadline = self._loop.time() + self._handshake_seconds
        handshake = Handshake(accepted, peer, deadline, self._shake_hands, self._forget)
        self._handshakes.add(handshake)
        self._table.add(handshake)

    def _forget(self, handshake: Handshake) -> None:
        self._handshakes.discard(handshake)
        self._table.remove(handshake)

    async def _shake_hands(self, handshake: Handshake) -> None:
        handshake.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):  # of the network, or of TLS
            await self._loop.connect_accepted_socket(
                lambda: self._make_protocol(handshake),
                handshake.socket,
                ssl=self._context,
                ssl_handshake_timeout=self._handshake_seconds,
                ssl_shutdown_timeout=_TLS_SHUTDOWN_S,
            )
