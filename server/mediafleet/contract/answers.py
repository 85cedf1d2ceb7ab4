"""What goes back to the client: success bodies, error bodies, their headers; nothing about when."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

import orjson
from starlette.types import Send

from mediafleet.texts import one_line

MAX_MESSAGE_CHARACTERS = 8192
MAX_PATH_CHARACTERS = 1000

_PHRASES = {
    # Python 3.13 renamed these; the wire must not depend on the interpreter. Source: RFC 9110.
    413: "Content Too Large",
    414: "URI Too Long",
    422: "Unprocessable Content",
}
_JSON = (b"content-type", b"application/json")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_BODILESS = frozenset({204, 304})

JsonValue: TypeAlias = Any
"""Whatever JSON can hold; a schema says more."""

Headers: TypeAlias = list[tuple[bytes, bytes]]
Answer: TypeAlias = tuple[int, Headers, bytes]
"""Status, headers with names in lower case, body."""

AnswerAtOnce: TypeAlias = Callable[[Send, int, Headers, bytes], bool]
"""Sends a whole answer in one call: ``send`` as the application got it, status, headers, body.

False when that is not possible and nothing was sent; the answer then goes through ``send``.
"""

AT_ONCE = "mediafleet.answer_at_once"
"""The ASGI extension that is an :data:`AnswerAtOnce`, where the HTTP server has it."""

AUTHENTICATED = "mediafleet.authenticated"
"""The ASGI extension to call when a request has good credentials: its connection is kept longer."""

Reply: TypeAlias = Any
"""What a handler returns: a body, ``(body, status)`` or ``(body, status, headers)``; 200 when
left out. A body of None (or ``connexion.NoContent``) means no body."""

Handler: TypeAlias = Callable[..., Awaitable[Reply]]
"""A coroutine function: takes the operation's parameters by their pythonic names, and ``body``."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error answer.

    Attributes:
        status: HTTP status, 400 or above; the operation's contract must document it.
        message: One sentence for the client. It is put on one line and bounded before it is sent.
        headers: Extra response headers as name and value, e.g. ``("Retry-After", "5")``.
    """

    status: int
    message: str
    headers: tuple[tuple[str, str], ...] = ()


class EncodedJson(bytes):
    """A JSON document that was validated against the contract when it was made; sent as it is."""

    __slots__ = ()


def reason_phrase(status: int) -> str:
    """Name *status* as the ``error`` field of an error body does."""
    phrase = _PHRASES.get(status)
    if phrase is not None:
        return phrase
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def error_body(status: int, message: str, *, path: str, now_ms: int) -> dict[str, Any]:
    """Build the one error form of the API.

    Args:
        status: HTTP status.
        message: Cleaned and bounded here; empty becomes the reason phrase.
        path: Request path without its query string; cleaned and bounded here.
        now_ms: Milliseconds since the epoch, UTC.

    Source: OpenVidu answers errors in this form (that of Spring Boot).
    """
    phrase = reason_phrase(status)
    return {
        "timestamp": now_ms,
        "status": status,
        "error": phrase,
        "message": one_line(message, MAX_MESSAGE_CHARACTERS) or phrase,
        "path": one_line(path, MAX_PATH_CHARACTERS),
    }


def json_answer(status: int, body: bytes, headers: Headers) -> Answer:
    """Complete the headers of an answer whose body is a JSON document."""
    return status, [(b"content-length", b"%d" % len(body)), _JSON, *headers], body


def text_answer(status: int, body: bytes, headers: Headers) -> Answer:
    """Complete the headers of an answer whose body is text; its type may have been given."""
    length = (b"content-length", b"%d" % len(body))
    is_typed = any(name == b"content-type" for name, _ in headers)
    return status, [length, *([] if is_typed else [_TEXT]), *headers], body


def empty_answer(status: int, headers: Headers) -> Answer:
    """Complete the headers of an answer without a body."""
    if status in _BODILESS:
        return status, headers, b""
    return status, [(b"content-length", b"0"), *headers], b""


def error_answer(body: dict[str, Any], headers: Headers) -> Answer:
    """Encode an error body of :func:`error_body`."""
    return json_answer(body["status"], orjson.dumps(body), headers)


def header_bytes(name: str, value: str) -> tuple[bytes, bytes]:
    """Make a header fit for the wire: one line, Latin-1."""
    return name.lower().encode("ascii"), one_line(value, MAX_MESSAGE_CHARACTERS).encode(
        "latin-1", "replace"
    )
