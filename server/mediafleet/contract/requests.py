"""One HTTP request: its headers of interest, its body's bytes, its limits, and waiting for it."""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import anyio
from starlette.types import Receive, Scope

from mediafleet.contract.errors import ClientGoneError, HttpError
from mediafleet.contract.responses import HandlerResult, Responses

_RETRY_AFTER = ((b"retry-after", b"5"),)
_NO_RESULT: HandlerResult = object()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a client may send, and how long it may take.

    Attributes:
        body_bytes: Largest request body; a longer one is answered 413.
        body_seconds: Time for the whole body to arrive, from when the layer starts to read it.
        linger_seconds: How long an unwanted body is still read and thrown away after the answer, so
            that the client can read the answer before the connection closes.
        waiting: Requests at a time that wait for something to happen (``x-waits-when``); one more
            is answered 503, so that they never take all connections.
    """

    body_bytes: int = 1 << 20
    body_seconds: float = 10.0
    linger_seconds: float = 2.0
    waiting: int = 500


_LINGER_BYTES = 8 << 20
_LENGTH_DIGITS = 15
_ENDLESS = 1_000_000_000_000_000
REQUEST_ID = b"x-request-id"
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_OF_INTEREST = frozenset(
    {
        *(b"content-type", b"content-encoding", b"content-length", b"transfer-encoding"),
        REQUEST_ID,
    }
)


class Request:
    """The state of one request; nothing of it outlives the response.

    Attributes:
        id: What the client or a proxy calls it in `X-Request-Id`, else one of our own.
        begun: When its head had arrived, on the clock of :func:`time.perf_counter`.
        operation_id: Of the operation that serves it, once that is known; for logs and metrics.
        responses: Those that the operation documents, once it is known.
        announced: The headers announce a body.
        received: The body was read to its end.
    """

    __slots__ = (
        "announced",
        "authorizations",
        "begun",
        "content_encodings",
        "content_types",
        "id",
        "length",
        "method",
        "operation_id",
        "path",
        "receive",
        "received",
        "responses",
        "scope",
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.begun = time.perf_counter()
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.id = b""
        self.operation_id: str | None = None
        self.responses: Responses | None = None
        self.authorizations: tuple[bytes, ...] = ()
        self.content_types: tuple[bytes, ...] = ()
        self.content_encodings: tuple[bytes, ...] = ()
        self.announced = False
        self.received = False
        self.length = 0
        for name, value in scope["headers"]:
            if name == b"authorization":
                self.authorizations += (value,)
            elif name in _OF_INTEREST:
                self._add_header(name, value)
        if not self.id:
            self.id = secrets.token_hex(8).encode()

    def _add_header(self, name: bytes, value: bytes) -> None:
        if name == REQUEST_ID:
            if not self.id and _SANE_ID.fullmatch(value):
                self.id = value
        elif name == b"content-type":
            self.content_types += (value,)
        elif name == b"content-encoding":
            self.content_encodings += (value,)
        elif name == b"transfer-encoding":
            self.announced = True
        else:
            self.length = content_length(value)
            self.announced = self.announced or self.length > 0

    async def read_body(self, limits: Limits) -> bytes:
        """Read the whole body; empty when there is none, however it was framed.

        Raises:
            HttpError: 413 above ``limits.body_bytes``; 400 when it takes more than
                ``limits.body_seconds``. Both leave the rest unread.
            ClientGoneError: The client hung up before the end.
        """
        if self.length > limits.body_bytes:
            raise _too_long(limits)
        try:
            async with asyncio.timeout(limits.body_seconds):
                return await self._read_to_end(limits)
        except TimeoutError:
            self.announced = True
            seconds = f"{limits.body_seconds:g}"
            raise HttpError(400, f"the body did not arrive within {seconds} seconds") from None

    async def discard_body(self, limits: Limits) -> None:
        """Read and forget a body that the operation does not take, within the same limits.

        A longer or slower body is left unread, so the response closes the connection.

        Raises:
            ClientGoneError: The client hung up before the end.
        """
        try:
            await self.read_body(limits)
        except HttpError:
            return

    async def linger(self, limits: Limits) -> None:
        """Discard what the client still sends after its response, within the limits.

        Closing at once would reset the connection, and the client might lose the response.
        """
        taken = 0
        try:
            async with asyncio.timeout(limits.linger_seconds):
                while taken <= _LINGER_BYTES:
                    message = await self.receive()
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        return
                    taken += len(message.get("body", b""))
        except TimeoutError:
            return

    async def _read_to_end(self, limits: Limits) -> bytes:
        body = bytearray()
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            chunk: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) + len(chunk) > limits.body_bytes:
                self.announced = True
                self.received = not more
                raise _too_long(limits)
            if not more:
                self.received = True
                return bytes(body + chunk) if body else chunk
            body += chunk


def content_length(value: bytes) -> int:
    """Read a Content-Length; an invalid one counts as too long (HTTP servers reject it before)."""
    digits = value.strip()
    if digits.isdigit() and len(digits) <= _LENGTH_DIGITS:
        return int(digits)
    return _ENDLESS


def _too_long(limits: Limits) -> HttpError:
    return HttpError(413, f"the body must have at most {limits.body_bytes} bytes")


class ConcurrentWaits:
    """Counts the requests that wait, of all operations.

    Args:
        most: How many may wait at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a request for as long as the block lasts.

        Raises:
            HttpError: 503 when too many wait already.
        """
        if self._waiting >= self._most:
            message = f"{self._most} requests wait already; try again later, or without waiting"
            raise HttpError(503, message, _RETRY_AFTER)
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1


async def until_hang_up(handling: Awaitable[HandlerResult], receive: Receive) -> HandlerResult:
    """Await a handler, and cancel it as soon as its client hangs up.

    Args:
        handling: The handler at work. It must itself shield what must happen in any case.
        receive: The request's, its body read to the end.

    Raises:
        ClientGoneError: The client hung up first; the handler was cancelled.
    """
    result = _NO_RESULT
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_cancel_on_hang_up, receive, group.cancel_scope)
            result = await handling
            group.cancel_scope.cancel()
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    if result is _NO_RESULT:
        raise ClientGoneError
    return result


async def _cancel_on_hang_up(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
