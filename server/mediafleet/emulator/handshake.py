"""The HTTP side of a Media Node: which bytes answer a request for a WebSocket; no I/O."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

END_OF_HEAD = b"\r\n\r\n"
MAX_HEAD_BYTES = 16_000
"""Longest request head taken; a longer one is a bad request."""

_SERVER = "Server: WebSocket++/0.8.2"
_REQUEST_LINE = re.compile(r"([!-~]+) ([!-~]+) HTTP/(\d)\.(\d)")
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSIONS = frozenset({"7", "8", "13"})


@dataclass(frozen=True, slots=True)
class HandshakeAnswer:
    """What to send to an HTTP request.

    Attributes:
        head: The bytes of the answer; it has no body.
        path: The requested path without its query, if the connection is now a WebSocket; None
            if it is to be closed.
    """

    head: bytes
    path: str | None = None


def answer_request(head: bytes) -> HandshakeAnswer:
    """Answer a request as the real server does: no subprotocol, no extension, no origin check.

    Args:
        head: The request up to its empty line.
    """
    lines = head.decode("latin-1").split("\r\n")
    request_line = _REQUEST_LINE.fullmatch(lines[0])
    if request_line is None or request_line.group(3, 4) == ("1", "0"):
        return _refusal(400, "")
    headers = _headers(lines[1:])
    if not _wants_websocket(headers):
        return _refusal(426, "Upgrade Required")
    key = headers.get("sec-websocket-key", "")
    version = headers.get("sec-websocket-version", "")
    if not key or not version:
        return _refusal(500, "Internal Server Error")
    if version not in _VERSIONS or request_line.group(1) != "GET":
        return _refusal(400, "Bad Request")
    return HandshakeAnswer(_switching(key), request_line.group(2).partition("?")[0])


def _headers(lines: list[str]) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _wants_websocket(headers: Mapping[str, str]) -> bool:
    upgrade = headers.get("upgrade", "").lower()
    return "websocket" in upgrade and "upgrade" in headers.get("connection", "").lower()


def _refusal(status: int, reason: str) -> HandshakeAnswer:
    return HandshakeAnswer(f"HTTP/1.1 {status} {reason}\r\n{_SERVER}\r\n\r\n".encode("latin-1"))


def _switching(key: str) -> bytes:
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
