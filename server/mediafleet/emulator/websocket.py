"""The WebSocket protocol as the real server speaks it, without I/O: handshake and frames."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from typing_extensions import override
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

END_OF_HEAD: Final = b"\r\n\r\n"
MAX_HEAD_BYTES: Final = 16_000
"""Longest request head that is read; a longer one is a bad request."""

_SERVER: Final = "Server: WebSocket++/0.8.2"
_REQUEST_LINE: Final = re.compile(r"([!-~]+) ([!-~]+) HTTP/(\d)\.(\d)")
_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSIONS: Final = frozenset({"7", "8", "13"})

# The reasons of Close frames: those of the library, and those of the real server.
_MASKING_REASONS: Final = ("incorrect masking", "Clients may not send unmasked frames")
_REASONS: Final[Mapping[int, str]] = {
    CloseCode.INVALID_DATA: "Invalid UTF8 encoding",
    CloseCode.MESSAGE_TOO_BIG: "A message was too large",
}
_NORMAL_CLOSURE: Final = CloseCode.NORMAL_CLOSURE.to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class HandshakeResponse:
    """The response to an HTTP request.

    Attributes:
        head: The bytes to send; the response has no body.
        path: The requested path without its query; None if the connection must be closed.
    """

    head: bytes
    path: str | None = None


def respond(head: bytes) -> HandshakeResponse:
    """Respond as the real server does: it ignores subprotocols, extensions and the origin.

    The library's own handshake cannot be used: the real server sends other statuses and headers.

    Args:
        head: The request, without the empty line at its end.
    """
    lines = head.decode("latin-1").split("\r\n")
    request_line = _REQUEST_LINE.fullmatch(lines[0])
    if request_line is None or request_line.group(3, 4) == ("1", "0"):
        return _error(400, "")
    headers = _headers(lines[1:])
    if not _requests_websocket(headers):
        return _error(426, "Upgrade Required")
    key = headers.get("sec-websocket-key", "")
    version = headers.get("sec-websocket-version", "")
    if not key or not version:
        return _error(500, "Internal Server Error")
    if version not in _VERSIONS or request_line.group(1) != "GET":
        return _error(400, "Bad Request")
    return HandshakeResponse(_switching_protocols(key), request_line.group(2).partition("?")[0])


def _headers(lines: list[str]) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _requests_websocket(headers: Mapping[str, str]) -> bool:
    upgrade = headers.get("upgrade", "").lower()
    return "websocket" in upgrade and "upgrade" in headers.get("connection", "").lower()


def _error(status: int, reason: str) -> HandshakeResponse:
    return HandshakeResponse(f"HTTP/1.1 {status} {reason}\r\n{_SERVER}\r\n\r\n".encode("latin-1"))


def _switching_protocols(key: str) -> bytes:
    digest = hashlib.sha1((key + _GUID).encode("latin-1"), usedforsecurity=False).digest()
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode('ascii')}",
        _SERVER,
        "Upgrade: websocket",
        "",
        "",
    )
    return "\r\n".join(lines).encode("latin-1")


class _KurentoProtocol(Protocol):
    """The library's protocol with the Close frames of the real server."""

    @override
    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        library_reason, kurento_reason = _MASKING_REASONS
        reason = kurento_reason if reason == library_reason else reason
        super().fail(code, _REASONS.get(code, reason))

    @override
    def send_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE and not frame.data:
            frame = Frame(Opcode.CLOSE, _NORMAL_CLOSURE)
        super().send_frame(frame)


class Framing:
    """Decodes received bytes into messages and encodes messages into bytes."""

    def __init__(self, max_message_bytes: int) -> None:
        self._protocol = _KurentoProtocol(SERVER, state=OPEN, max_size=max_message_bytes)
        self._parts: list[bytes] = []
        self._is_text = True

    def receive(self, data: bytes) -> list[str]:
        """Decode bytes of the client, and queue the responses to pings and Close frames.

        Returns:
            The completed messages. A binary message is decoded as text.
        """
        if self._protocol.state is not OPEN:
            return []
        self._protocol.receive_data(data)
        messages = []
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in {
                Opcode.TEXT,
                Opcode.BINARY,
                Opcode.CONT,
            }:
                messages.extend(self._message(event))
        return messages

    def _message(self, frame: Frame) -> list[str]:
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return []
        content, self._parts = b"".join(self._parts), []
        try:
            return [content.decode("utf-8", "strict" if self._is_text else "replace")]
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA)
            return []

    @property
    def is_closing(self) -> bool:
        """Whether a Close frame was received or queued."""
        return self._protocol.state is not OPEN

    def send(self, text: str) -> None:
        """Queue a text message; after a Close frame it is discarded."""
        if self._protocol.state is OPEN:
            self._protocol.send_text(text.encode("utf-8", "surrogatepass"))

    def fail(self, code: int, reason: str) -> None:
        """Queue a Close frame and the end of the connection."""
        self._protocol.fail(code, reason)

    def take_bytes(self) -> tuple[bytes, bool]:
        """Remove the queued bytes; the flag means that the connection must be closed after them."""
        writes = self._protocol.data_to_send()
        return b"".join(writes), b"" in writes
