"""The WebSocket of browsers: accepted for anybody, and bounded before and after they join."""

from __future__ import annotations

import logging
from collections import Counter, deque
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import anyio
from anyio.lowlevel import checkpoint

from mediafleet.contract import AUTHENTICATED, FailedLogins, PeerLog

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mediafleet.scheduler import Scheduler, Timer
    from mediafleet.signalling.rpc_sessions import RpcSession, RpcSessions

log = logging.getLogger(__name__)

PATH: Final = "/openvidu"
MAX_FRAME_BYTES: Final = 65_536
MAX_QUEUED_CHARACTERS: Final = 512 << 10
"""Of frames that a browser has not read; the transport holds 64 kB more."""
MAX_UNJOINED: Final = 256
JOIN_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 2.0
_INTERVALS: Final = 3
"""Without a ping for so many intervals, a browser is lost."""
_UNSUPPORTED_DATA, _POLICY_VIOLATION, _TRY_AGAIN_LATER = 1003, 1008, 1013
_GONE_AWAY: Final = 4001


class Drop(StrEnum):
    """Why the server closed a socket."""

    NOT_JOINED = "not-joined"
    TOO_MANY_UNJOINED = "too-many-unjoined"
    TOO_MANY_SOCKETS = "too-many-sockets"
    TOO_MANY_MESSAGES = "too-many-messages"
    TOO_LARGE = "too-large"
    INVALID = "invalid"
    NO_PING = "no-ping"
    SLOW = "slow"


_DROPS_BY_CODE = {
    1002: Drop.INVALID,
    1007: Drop.INVALID,
    1008: Drop.TOO_MANY_MESSAGES,
    1009: Drop.TOO_LARGE,
    1011: Drop.NO_PING,
}
"""Those of the protocol below, by the code with which it closes."""


class BrowserSocket:
    """One WebSocket; what is sent waits in a bounded queue, so that nobody waits for its browser.

    Args:
        middleware: That it belongs to.
        ip: Address of the browser.
        send: Of ASGI.

    Attributes:
        session: Its JSON-RPC session.
        ip: Address of the browser.
        scope: Ends the reading when it is cancelled.
    """

    session: RpcSession

    def __init__(self, middleware: SignallingMiddleware, ip: str, scope: Scope, send: Send) -> None:
        self.ip = ip
        self.scope = anyio.CancelScope()
        self._middleware = middleware
        self._asgi = scope
        self._send = send
        self._queue: deque[str] = deque()
        self._queued = 0
        self._is_writing = False
        self._closing: tuple[int, str] | None = None
        self._timer: Timer | None = None
        self._watched: float | None = None
        self._last_ping = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the server has not closed it."""
        return self._closing is None

    def send(self, text: str) -> None:
        """Queue a frame; a browser that does not read enough is disconnected, and leaves."""
        if self._closing is not None:
            return
        self._queue.append(text)
        self._queued += len(text)
        if self._queued > MAX_QUEUED_CHARACTERS:
            self._queue.clear()
            session = self.session
            self.drop(Drop.SLOW, _POLICY_VIOLATION)
            self._middleware.sessions.give_up(session)
        else:
            self._write()

    def close(self, code: int, reason: str) -> None:
        """Close it after the frames that are queued, or without them if they are not read."""
        if self._closing is None:
            self._closing = code, reason
            self._cancel_timer()
            self._timer = self._middleware.scheduler.after(CLOSE_TIMEOUT_S, self.scope.cancel)
            self._middleware.sessions.lost(self)
            self._write()

    def drop(self, why: Drop, code: int) -> None:
        """Close it because the browser breaks a rule."""
        if self._closing is None:
            self._middleware.note_drop(why, self.ip)
            self.close(code, why)

    def end(self) -> None:
        """Forget it, as it is closed."""
        if self._closing is None:
            self._closing = _GONE_AWAY, ""
        self._queue.clear()
        self._cancel_timer()
        self._middleware.sessions.lost(self)

    def note_joined(self) -> None:
        """The browser has authenticated."""
        self._middleware.note_joined(self)
        if note := self._asgi.get("extensions", {}).get(AUTHENTICATED):
            note()
        self._cancel_timer()
        self._watch_pings()

    async def note_wrong_token(self) -> None:
        """The browser has given a wrong token; waits if its address has given many."""
        await self._middleware.wrong_tokens.note(self._asgi)

    def note_left(self) -> None:
        """The browser has left; the socket may stay for a new joinRoom, for some seconds."""
        if self._closing is None:
            self._middleware.note_unjoined(self)

    def await_join(self, seconds: float) -> None:
        """Close it unless the browser joins in time."""
        self._cancel_timer()
        self._timer = self._middleware.scheduler.after(seconds, self._drop_unjoined)

    def note_ping(self, interval: float | None) -> None:
        """Watch that pings come at this interval, in seconds; ``None``: as before."""
        self._last_ping = self._middleware.scheduler.now
        if interval is not None:
            self._watched = _INTERVALS * interval
        if self._timer is None:
            self._watch_pings()

    def _watch_pings(self) -> None:
        """Look when pings will be missed, or find that they are."""
        if self._watched is None or self._closing is not None:
            return
        due = self._last_ping + self._watched
        if due <= self._middleware.scheduler.now:
            self.drop(Drop.NO_PING, _GONE_AWAY)
        else:
            self._timer = self._middleware.scheduler.at(due, self._watch_pings)

    def _drop_unjoined(self) -> None:
        if self.session.is_working:  # joinRoom takes as long as it takes
            self.await_join(JOIN_TIMEOUT_S)
        else:
            self.drop(Drop.NOT_JOINED, _POLICY_VIOLATION)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _write(self) -> None:
        if not self._is_writing:
            self._is_writing = True
            self._middleware.sessions.start(self._write_queue, f"socket of {self.ip}")

    async def _write_queue(self) -> None:
        """Send what is queued; nothing runs while there is nothing to send."""
        try:
            while self._queue:
                text = self._queue.popleft()
                await self._send({"type": "websocket.send", "text": text})
                self._queued -= len(text)
            if self._closing is not None:
                code, reason = self._closing
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (OSError, RuntimeError):  # the latter if the protocol below has closed it
            log.debug("browser is gone", extra={"peer": self.ip})
        finally:
            self._is_writing = False


class SignallingMiddleware:
    """ASGI middleware that serves the WebSocket of browsers and passes on all other requests.

    Args:
        app: Serves everything else.
        sessions: The JSON-RPC sessions.
        scheduler: For times that end.
        passes_websockets: Whether *app* serves other WebSockets.
        most: Sockets at once.
        most_per_address: Those of them that one address may have; 0: all.
        join_timeout: Seconds for a browser to join, or to connect again.

    Attributes:
        drops: How many sockets the server closed, by reason.
        wrong_tokens: Counts them, and slows down who gives many.
    """

    def __init__(
        self,
        app: ASGIApp,
        sessions: RpcSessions,
        scheduler: Scheduler,
        *,
        passes_websockets: bool = False,
        most: int = 1_000,
        most_per_address: int = 0,
        join_timeout: float = JOIN_TIMEOUT_S,
    ) -> None:
        self.sessions = sessions
        self.scheduler = scheduler
        self.drops: Counter[Drop] = Counter()
        self.wrong_tokens = FailedLogins(message="wrong tokens")
        self._log = PeerLog(log, logging.INFO, "browsers disconnected", "sockets")
        self._app = app
        self._passes_websockets = passes_websockets
        self._most = most
        self._most_per_address = most_per_address
        self._join_timeout = join_timeout
        self._of_address: Counter[str] = Counter()
        self._sockets = 0
        self._unjoined: dict[BrowserSocket, None] = {}  # a set that keeps the order

    @property
    def sockets(self) -> int:
        """How many there are."""
        return self._sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
        elif scope["path"] == PATH:
            await self._serve(scope, receive, send)
        elif self._passes_websockets:
            await self._app(scope, receive, send)
        else:
            await _refuse(receive, send)

    def note_drop(self, why: Drop, ip: str) -> None:
        """Count a socket that the server closes, and log the reason."""
        self.drops[why] += 1
        self._log.note(ip, str(why))

    def note_joined(self, socket: BrowserSocket) -> None:
        """The browser has authenticated."""
        self._unjoined.pop(socket, None)

    def note_unjoined(self, socket: BrowserSocket) -> None:
        """The browser has not authenticated; if there are many, the oldest one is closed."""
        self._unjoined[socket] = None
        if len(self._unjoined) > MAX_UNJOINED:
            oldest = next(iter(self._unjoined))
            del self._unjoined[oldest]
            oldest.drop(Drop.TOO_MANY_UNJOINED, _TRY_AGAIN_LATER)
        socket.await_join(self._join_timeout)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        ip = (scope.get("client") or ("",))[0]
        if self._sockets >= self._most or 0 < self._most_per_address <= self._of_address[ip]:
            self.note_drop(Drop.TOO_MANY_SOCKETS, ip)
            await _refuse(receive, send)
            return
        scope.update(query_string=b"")  # uvicorn logs it
        socket = BrowserSocket(self, ip, scope, send)
        socket.session = self.sessions.open(socket)
        self._sockets += 1
        self._of_address[ip] += 1
        try:
            with socket.scope:
                await receive()
                await send({"type": "websocket.accept"})
                self.note_unjoined(socket)
                await self._read(socket, receive)
        finally:
            socket.end()
            self._unjoined.pop(socket, None)
            self._sockets -= 1
            self._of_address[ip] -= 1
            if not self._of_address[ip]:
                del self._of_address[ip]

    async def _read(self, socket: BrowserSocket, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                if (why := _DROPS_BY_CODE.get(message.get("code", 0))) and socket.is_open:
                    self.note_drop(why, socket.ip)
                return
            text = message.get("text")
            if text is None:
                socket.drop(Drop.INVALID, _UNSUPPORTED_DATA)
            else:
                self.sessions.receive(socket, text)
            await checkpoint()  # the next frame may be here already, and others wait


async def _refuse(receive: Receive, send: Send) -> None:
    """Answer 403; uvicorn logs any other status as an error of the application."""
    await receive()
    await send({"type": "websocket.close"})
