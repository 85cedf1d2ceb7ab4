"""Calls and events over one WebSocket: joins the protocol without I/O to a connection."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import UnreachableMediaServerError
from mediafleet.kurento.protocol import (
    INVALID_SESSION,
    Answer,
    Event,
    Fault,
    NoAnswer,
    Odd,
    Outcome,
    Peer,
    Result,
)
from mediafleet.kurento.shared import ReadLimit
from mediafleet.kurento.websocket import CLOSED_FOR_PROTOCOL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from mediafleet.domain.endpoints import MediaServerUri, Network
    from mediafleet.domain.ports import Clock
    from mediafleet.kurento.protocol import Peer
    from mediafleet.kurento.shared import ReadLimit, Tools
    from mediafleet.kurento.websocket import WebSocket


MANAGER = "manager_ServerManager"
NOT_KURENTO = "it does not answer as a Kurento media server does"
NOT_CONNECTED = "it is not connected"
_WRONG_PATH = "its path is wrong: it accepted the WebSocket and closed it with code 1002"
BUSY = "it has too many unanswered requests"


class RefusedError(Exception):
    """The media server answered a request with an error; its message is cleaned. Meets no user."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault

    def __str__(self) -> str:
        return f"The media server refused with code {self.fault.code}: {self.fault.message}"


class RpcConnection:
    """One connection as callers see it; the ``Receiver`` of its WebSocket.

    Args:
        peer: The session; its calls fail when the connection ends.
        clock: The time.
        max_waiting: Calls that may wait at once.
        traffic: What may be read.
        on_event: Called with every event.
        on_answer: Called after every answer to a call.
        on_lost: Called once with the reason when the connection is lost; not after ``close``.
    """

    __slots__ = (
        "_clock",
        "_has_answered",
        "_max_waiting",
        "_on_answer",
        "_on_event",
        "_on_lost",
        "_traffic",
        "_websocket",
        "lost_reason",
        "peer",
    )

    def __init__(
        self,
        peer: Peer,
        clock: Clock,
        *,
        max_waiting: int,
        traffic: ReadLimit,
        on_event: Callable[[Event], None] = lambda _: None,
        on_answer: Callable[[], None] = lambda: None,
        on_lost: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.peer = peer
        self._clock = clock
        self._max_waiting = max_waiting
        self._traffic = traffic
        self._on_event = on_event
        self._on_answer = on_answer
        self._on_lost = on_lost
        self._websocket: WebSocket | None = None
        self._has_answered = False
        self.lost_reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether a call can be answered."""
        return self._websocket is not None and self._websocket.is_open

    @property
    def socket_error(self) -> str | None:
        """The error of the system that ended the connection, if one did."""
        return None if self._websocket is None else self._websocket.socket_error

    def has_room_for(self, calls: int) -> bool:
        """Whether that many calls can be sent now."""
        return self.is_open and len(self.peer.calls) + calls <= self._max_waiting

    def call(
        self,
        method: str,
        params: Mapping[str, object],
        on_outcome: Callable[[Outcome], None],
        *,
        timeout_s: float,
    ) -> None:
        """Send a request; the outcome is told once, at once when it cannot be sent."""
        if self._websocket is None or not self._websocket.is_open:
            on_outcome(NoAnswer(self.lost_reason or NOT_CONNECTED))
        elif len(self.peer.calls) >= self._max_waiting:
            on_outcome(NoAnswer(BUSY))
        else:
            deadline = self._clock.monotonic() + timeout_s
            frame = self.peer.request(method, params, deadline=deadline, on_outcome=on_outcome)
            self._websocket.send(frame)

    async def ask(
        self,
        method: str,
        params: Mapping[str, object],
        *,
        timeout_s: float,
        then: Callable[[], None] = lambda: None,
    ) -> Mapping[str, object]:
        """Send a request and wait for its untrusted result.

        Args:
            method: What is asked.
            params: With these parameters.
            timeout_s: Seconds to wait.
            then: Sends what must follow the request without waiting for its answer.

        Raises:
            UnreachableMediaServerError: No answer within the time.
            RefusedError: The answer is an error.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()

        def settle(outcome: Outcome) -> None:
            if not future.done():
                future.set_result(outcome)

        self.call(method, params, settle, timeout_s=timeout_s)
        then()
        timer = loop.call_later(timeout_s, settle, NoAnswer(no_answer(timeout_s)))
        try:
            outcome = await future
        finally:
            timer.cancel()
        match outcome:
            case Result(value):
                return value
            case Fault() as fault:
                raise RefusedError(fault)
            case NoAnswer(reason):
                raise UnreachableMediaServerError(reason)

    async def invoke(
        self,
        operation: str,
        params: Mapping[str, object] | None = None,
        *,
        timeout_s: float,
        then: Callable[[], None] = lambda: None,
    ) -> object:
        """The untrusted value of an operation of the server manager; ``then`` as in ``ask``.

        Raises:
            UnreachableMediaServerError: No answer within the time, or a refusal.
        """
        request = invocation(MANAGER, operation, params)
        try:
            result = await self.ask("invoke", request, timeout_s=timeout_s, then=then)
            return result.get("value")
        except RefusedError as error:
            raise UnreachableMediaServerError(f"it refuses {operation}: {error}") from error

    def check_deadlines(self, now: float) -> None:
        """Tell the calls that have waited too long."""
        for call in self.peer.overdue(now):
            call.on_outcome(NoAnswer("it does not answer in time"))

    def end(self, reason: str) -> None:
        """Drop the connection because of what was met on it."""
        if self._websocket is None:
            self.lost(reason)
        else:
            self._websocket.end(reason)

    async def close(self, timeout_s: float) -> None:
        """Close on purpose: end the session, so that nothing of it is left, and the connection."""
        self._on_event = lambda _: None
        self._on_answer = lambda: None
        self._on_lost = lambda _: None
        if self.is_open and self.peer.session_id is not None:
            with suppress(UnreachableMediaServerError, RefusedError):
                await self.ask("closeSession", {}, timeout_s=timeout_s)
        if self._websocket is not None:
            self._websocket.part()

    def opened(self, websocket: WebSocket) -> None:
        """The handshake is done; says nothing of the path yet."""
        self._websocket = websocket

    def charge(self, size: int) -> float:
        """That many bytes were read; for how many seconds no more may be read."""
        return self._traffic.read(size)

    def received(self, message: bytes) -> None:
        """A message came; before the first answer it must make sense."""
        incoming = self.peer.receive(message)
        match incoming:
            case Answer(call, outcome):
                self._has_answered = True
                call.on_outcome(outcome)
                self._on_answer()
            case Event() if self._has_answered:
                self._on_event(incoming)
            case Odd() if not self._has_answered:
                self.end(NOT_KURENTO)

    def lost(self, reason: str) -> None:
        """No message comes any more, or none ever did."""
        if self.lost_reason is not None:
            return
        if reason == CLOSED_FOR_PROTOCOL and not self._has_answered:
            reason = _WRONG_PATH
        self.lost_reason = reason
        for call in self.peer.forget_calls():
            call.on_outcome(NoAnswer(reason))
        self._on_lost(reason)


def invocation(
    object_id: str, operation: str, params: Mapping[str, object] | None = None
) -> dict[str, object]:
    """The parameters of ``invoke``."""
    request: dict[str, object] = {"object": object_id, "operation": operation}
    return request if params is None else {**request, "operationParams": params}


def no_answer(timeout_s: float) -> str:
    """The reason when an open connection is silent."""
    return f"it accepts connections but does not answer within {timeout_s:g} s"


_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a media server said first.

    Attributes:
        server_id: New at each start of its process.
        is_resumed: The session of an earlier connection goes on, with its subscriptions.
    """

    server_id: str
    is_resumed: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """A short connection, introduced.

    Attributes:
        rpc: For calls.
        server_id: Whose probed we are.
        ip: The address that was dialled.
    """

    rpc: RpcConnection
    server_id: str
    ip: str


async def shake_hands(rpc: RpcConnection, timeout_s: float) -> Handshake:
    """Say the first words; only their answer proves that a media server is there.

    Raises:
        UnreachableMediaServerError: It did not answer, or not as a media server does.
    """
    peer = rpc.peer
    old = peer.session_id
    try:
        result = await _connect(rpc, timeout_s)
    except RefusedError as error:
        if error.fault.code != INVALID_SESSION or old is None:
            raise UnreachableMediaServerError(f"{NOT_KURENTO}: {error}") from error
        peer.session_id = old = None
        result = await _connect_anew(rpc, timeout_s)
    server_id, session_id = result.get("serverId"), result.get("sessionId")
    if not _is_id(server_id) or not _is_id(session_id):
        raise UnreachableMediaServerError(NOT_KURENTO)
    peer.session_id = str(session_id)
    return Handshake(str(server_id), is_resumed=session_id == old)


@asynccontextmanager
async def probe(
    uri: MediaServerUri,
    tools: Tools,
    within: Sequence[Network] | None = None,
    *,
    address: str | None = None,
) -> AsyncIterator[Probe]:
    """A connection of its own, with a session of its own, of which nothing is left after it.

    Args:
        uri: Where to.
        tools: For the connection.
        within: Networks the address has to be in, besides the allowed ones.
        address: What the host of the uri stands for, if that is known already.

    Raises:
        UnreachableMediaServerError: No media server was met.
    """
    settings = tools.settings
    rpc = RpcConnection(
        tools.new_peer(),
        tools.clock,
        max_waiting=settings.max_waiting_calls,
        traffic=tools.new_traffic(),
    )
    try:
        ip = await tools.dialler.dial(uri, rpc, within, address=address)
        handshake = await shake_hands(rpc, settings.request_timeout)
        yield Probe(rpc, handshake.server_id, ip)
    finally:
        with anyio.CancelScope(shield=True):
            await rpc.close(settings.close_timeout)


async def _connect(rpc: RpcConnection, timeout_s: float) -> Mapping[str, object]:
    return await rpc.ask("connect", {}, timeout_s=timeout_s)


async def _connect_anew(rpc: RpcConnection, timeout_s: float) -> Mapping[str, object]:
    try:
        return await _connect(rpc, timeout_s)
    except RefusedError as error:
        raise UnreachableMediaServerError(f"{NOT_KURENTO}: {error}") from error


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
