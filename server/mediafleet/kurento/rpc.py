"""Calls and events over one WebSocket: connects the protocol without I/O to a connection."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.protocol import (
    INVALID_SESSION,
    Event,
    Fault,
    InvalidFrame,
    NoReply,
    Reply,
    Result,
)
from mediafleet.kurento.websocket import CLOSED_FOR_PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mediafleet.clock import Clock
    from mediafleet.kurento.protocol import Outcome, RpcSession
    from mediafleet.kurento.shared import ReadLimit
    from mediafleet.kurento.websocket import WebSocket


MANAGER = "manager_ServerManager"
NOT_KURENTO = "it does not answer as a Kurento media server does"
NOT_CONNECTED = "it is not connected"
_WRONG_PATH = "its path is wrong: it accepted the WebSocket and closed it with code 1002"
BUSY = "it has too many unanswered requests"


class RefusedError(Exception):
    """The media server replied to a request with an error; its message is cleaned. Internal."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault

    def __str__(self) -> str:
        return f"The media server refused with code {self.fault.code}: {self.fault.message}"


class RpcConnection:
    """One JSON-RPC connection; the ``Receiver`` of its WebSocket.

    Args:
        session: The session; its calls fail when the connection ends.
        clock: The time.
        max_waiting: Calls that may wait at once.
        read_limit: Of the node.
        on_event: Called with every event.
        on_reply: Called after every reply to a call.
        on_lost: Called once with the reason when the connection is lost; not after ``close``.
    """

    __slots__ = (
        "_clock",
        "_has_replied",
        "_max_waiting",
        "_on_event",
        "_on_lost",
        "_on_reply",
        "_read_limit",
        "_websocket",
        "close_reason",
        "session",
    )

    def __init__(
        self,
        session: RpcSession,
        clock: Clock,
        *,
        max_waiting: int,
        read_limit: ReadLimit,
        on_event: Callable[[Event], None] = lambda _: None,
        on_reply: Callable[[], None] = lambda: None,
        on_lost: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._max_waiting = max_waiting
        self._read_limit = read_limit
        self._on_event = on_event
        self._on_reply = on_reply
        self._on_lost = on_lost
        self._websocket: WebSocket | None = None
        self._has_replied = False
        self.close_reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether a call can be sent."""
        return self._websocket is not None and self._websocket.is_open

    @property
    def socket_error(self) -> str | None:
        """The error of the system that ended the connection, if one did."""
        return None if self._websocket is None else self._websocket.socket_error

    def can_send(self, calls: int) -> bool:
        """Whether that many calls can be sent now."""
        return self.is_open and len(self.session.calls) + calls <= self._max_waiting

    def call(
        self,
        method: str,
        params: Mapping[str, object],
        on_outcome: Callable[[Outcome], None],
        *,
        timeout_s: float,
    ) -> None:
        """Send a request; *on_outcome* is called once, at once if the request cannot be sent."""
        if self._websocket is None or not self._websocket.is_open:
            on_outcome(NoReply(self.close_reason or NOT_CONNECTED))
        elif len(self.session.calls) >= self._max_waiting:
            on_outcome(NoReply(BUSY))
        else:
            deadline = self._clock.monotonic() + timeout_s
            frame = self.session.request(method, params, deadline=deadline, on_outcome=on_outcome)
            self._websocket.send(frame)

    async def request(
        self,
        method: str,
        params: Mapping[str, object],
        *,
        timeout_s: float,
        then: Callable[[], None] = lambda: None,
    ) -> Mapping[str, object]:
        """Send a request and wait for its untrusted result.

        Args:
            method: Of the request.
            params: Of the request.
            timeout_s: Seconds to wait.
            then: Called after sending; sends what must follow without waiting for the reply.

        Raises:
            UnreachableMediaServerError: No reply within the time.
            RefusedError: The reply is an error.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()

        def settle(outcome: Outcome) -> None:
            if not future.done():
                future.set_result(outcome)

        self.call(method, params, settle, timeout_s=timeout_s)
        then()
        timer = loop.call_later(timeout_s, settle, NoReply(no_reply_reason(timeout_s)))
        try:
            outcome = await future
        finally:
            timer.cancel()
        match outcome:
            case Result(value):
                return value
            case Fault() as fault:
                raise RefusedError(fault)
            case NoReply(reason):
                raise UnreachableMediaServerError(reason)

    async def invoke(
        self,
        operation: str,
        params: Mapping[str, object] | None = None,
        *,
        timeout_s: float,
        then: Callable[[], None] = lambda: None,
    ) -> object:
        """Return the untrusted value of an operation of the manager; ``then`` as in ``request``.

        Raises:
            UnreachableMediaServerError: No reply within the time, or an error.
        """
        request = invocation(MANAGER, operation, params)
        try:
            result = await self.request("invoke", request, timeout_s=timeout_s, then=then)
            return result.get("value")
        except RefusedError as error:
            raise UnreachableMediaServerError(f"it refuses {operation}: {error}") from error

    def check_deadlines(self, now: float) -> None:
        """End the calls whose deadline has passed."""
        for call in self.session.overdue(now):
            call.on_outcome(NoReply("it does not answer in time"))

    def abort(self, reason: str) -> None:
        """Drop the connection for a reason."""
        if self._websocket is None:
            self.on_close(reason)
        else:
            self._websocket.abort(reason)

    async def close(self, timeout_s: float, *, ends_session: bool = True) -> None:
        """Close the session, so that the media server keeps nothing of it, and the connection."""
        self._ignore_events()
        if ends_session and self.is_open and self.session.session_id is not None:
            with suppress(UnreachableMediaServerError, RefusedError):
                await self.request("closeSession", {}, timeout_s=timeout_s)
        if self._websocket is not None:
            self._websocket.close()

    def close_now(self) -> None:
        """Close the session and the connection without waiting for the reply."""
        self._ignore_events()
        if self.session.session_id is not None:
            self.call("closeSession", {}, lambda _: None, timeout_s=0)
        if self._websocket is not None:
            self._websocket.close()

    def on_open(self, websocket: WebSocket) -> None:
        """The handshake is done; a wrong path is reported after it."""
        self._websocket = websocket

    def on_read(self, size: int) -> float:
        """Count bytes that were read; return the seconds to wait before reading more."""
        return self._read_limit.read(size)

    def on_message(self, message: bytes) -> None:
        """Handle a message; before the first reply an invalid one ends the connection."""
        incoming = self.session.receive(message)
        match incoming:
            case Reply(call, outcome):
                self._has_replied = True
                call.on_outcome(outcome)
                self._on_reply()
            case Event() if self._has_replied:
                self._on_event(incoming)
            case InvalidFrame() if not self._has_replied:
                self.abort(NOT_KURENTO)

    def on_close(self, reason: str) -> None:
        """The connection is lost, or was not made."""
        if self.close_reason is not None:
            return
        if reason == CLOSED_FOR_PROTOCOL and not self._has_replied:
            reason = _WRONG_PATH
        self.close_reason = reason
        for call in self.session.take_calls():
            call.on_outcome(NoReply(reason))
        self._on_lost(reason)

    def _ignore_events(self) -> None:
        self._on_event = lambda _: None
        self._on_reply = lambda: None
        self._on_lost = lambda _: None


def invocation(
    object_id: str, operation: str, params: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return the parameters of ``invoke``."""
    request: dict[str, object] = {"object": object_id, "operation": operation}
    return request if params is None else {**request, "operationParams": params}


def no_reply_reason(timeout_s: float) -> str:
    """Return the reason if nothing comes over an open connection."""
    return f"it accepts connections but does not answer within {timeout_s:g} s"


_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Handshake:
    """The reply to ``connect``.

    Attributes:
        server_id: New at each start of its process.
        is_resumed: It is the session of an earlier connection, with its subscriptions.
    """

    server_id: str
    is_resumed: bool


async def perform_handshake(rpc: RpcConnection, timeout_s: float) -> Handshake:
    """Call ``connect``; only its reply proves that a media server is there.

    Raises:
        UnreachableMediaServerError: It did not reply, or not as a media server does.
    """
    session = rpc.session
    old = session.session_id
    try:
        try:
            result = await rpc.request("connect", {}, timeout_s=timeout_s)
        except RefusedError as error:
            if error.fault.code != INVALID_SESSION or old is None:
                raise
            session.session_id = old = None
            result = await rpc.request("connect", {}, timeout_s=timeout_s)
    except RefusedError as error:
        raise UnreachableMediaServerError(f"{NOT_KURENTO}: {error}") from error
    server_id, session_id = result.get("serverId"), result.get("sessionId")
    if not _is_id(server_id) or not _is_id(session_id):
        raise UnreachableMediaServerError(NOT_KURENTO)
    session.session_id = str(session_id)
    return Handshake(str(server_id), is_resumed=session_id == old)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
