"""One HTTP request as the layer reads it: its headers of interest, its path, its body's bytes."""

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from starlette.types import Receive, Scope

from mediafleet.contract.errors import ClientGoneError, Refusal
from mediafleet.contract.limits import Limits

if TYPE_CHECKING:
    from mediafleet.contract.operations import CompiledOperation

_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_LENGTH_DIGITS = 15
_ENDLESS = 1_000_000_000_000_000
_ABOUT_BODY = frozenset(
    {b"content-type", b"content-encoding", b"content-length", b"transfer-encoding"}
)


class Request:
    """The request's own part of the work, nothing of which outlives the answer.

    Attributes:
        operation: Set once it is known; for error answers and logs.
        announced: The headers announce a body.
        received: The body was read to its end.
    """

    __slots__ = (
        "announced",
        "authorizations",
        "content_encodings",
        "content_types",
        "length",
        "method",
        "operation",
        "path",
        "receive",
        "received",
        "scope",
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.operation: CompiledOperation | None = None
        self.authorizations: tuple[bytes, ...] = ()
        self.content_types: tuple[bytes, ...] = ()
        self.content_encodings: tuple[bytes, ...] = ()
        self.announced = False
        self.received = False
        self.length = 0
        for name, value in scope["headers"]:
            if name == b"authorization":
                self.authorizations += (value,)
            elif name in _ABOUT_BODY:
                self._note_body(name, value)

    def _note_body(self, name: bytes, value: bytes) -> None:
        if name == b"content-type":
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
            Refusal: 413 above ``limits.body_bytes``; 400 when it takes more than
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
            raise Refusal(400, f"the body did not arrive within {seconds} seconds") from None

    async def discard_body(self, limits: Limits) -> None:
        """Read and forget a body that the operation does not take, within the same limits.

        A longer or slower body is left unread, so the answer closes the connection.

        Raises:
            ClientGoneError: The client hung up before the end.
        """
        try:
            await self.read_body(limits)
        except Refusal:
            return

    async def linger(self, limits: Limits) -> None:
        """Throw away what the client still sends after its answer, within the limits.

        Closing at once would reset the connection, and the client might lose the answer.
        """
        taken = 0
        try:
            async with asyncio.timeout(limits.linger_seconds):
                while taken <= limits.linger_bytes:
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
    """Read a Content-Length; nonsense, which HTTP servers let nobody send, counts as too long."""
    digits = value.strip()
    if digits.isdigit() and len(digits) <= _LENGTH_DIGITS:
        return int(digits)
    return _ENDLESS


def comparable_path(scope: Scope) -> str | None:
    """Bring the path into the form that routes are compared in.

    The form is percent-encoded: only unreserved characters (RFC 3986 §2.3) stand for themselves, so
    a ``%2F`` inside an id never becomes a separator, and ``%61`` is an ``a``.

    Returns:
        None when the path is not properly percent-encoded UTF-8.
    """
    raw: bytes | None = scope.get("raw_path")
    if raw is None:
        raw = quote(scope["path"], safe="/").encode()
    if b"%" not in raw and raw.isascii():
        return raw.decode()
    if not raw.isascii() or _BAD_PERCENT.search(raw):
        return None
    try:
        segments = [unquote_to_bytes(segment).decode() for segment in raw.split(b"/")]
    except UnicodeDecodeError:
        return None
    return "/".join(quote(segment, safe="") for segment in segments)


def decode_query_part(part: bytes) -> str:
    """Decode a name or a value of a query string strictly.

    Raises:
        Refusal: 400 for a wrong percent-encoding or bytes that are not UTF-8.
    """
    if _BAD_PERCENT.search(part):
        raise Refusal(400, "the query string is not properly percent-encoded")
    try:
        return unquote_to_bytes(part.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise Refusal(400, "the query string is not UTF-8") from None


def header_text(value: bytes) -> str:
    """Decode a header's value; any byte sequence is allowed."""
    return value.decode("latin-1")


def _too_long(limits: Limits) -> Refusal:
    return Refusal(413, f"the body must have at most {limits.body_bytes} bytes")
