"""Responses: error bodies, headers, and the check of what a handler returns."""

from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

import orjson
from connexion import NoContent

from mediafleet.contract.errors import ErrorDetail, HttpError, ResponseViolationError, pointer
from mediafleet.contract.parameters import Parameter
from mediafleet.contract.schemas import Direction, EncodedJson, SchemaValidator
from mediafleet.texts import one_line

MAX_MESSAGE_CHARACTERS = 8192
MAX_PATH_CHARACTERS = 1000
MAX_FIELD_CHARACTERS = 512

_PHRASES = {
    # Python 3.13 renamed these; the wire must not depend on the interpreter. Source: RFC 9110.
    413: "Content Too Large",
    414: "URI Too Long",
    422: "Unprocessable Content",
}
_JSON = (b"content-type", b"application/json")
_BODILESS = frozenset({204, 304})

Headers: TypeAlias = list[tuple[bytes, bytes]]
StreamedBody: TypeAlias = AsyncGenerator[bytes, None]
"""A body that is sent piece by piece as it is made. The layer closes the generator in any case, as
soon as the client hangs up; if it raises, the connection is cut off, so that the client sees that
the body is incomplete. The server's stop waits some seconds for the generator to end by itself."""

Response: TypeAlias = tuple[int, Headers, bytes | StreamedBody]
"""Status, headers with names in lower case, body."""

ABORT = "mediafleet.abort"
"""The ASGI extension to call to close a connection in the middle of a response."""

AUTHENTICATED = "mediafleet.authenticated"
"""The ASGI extension to call when a request has good credentials: its connection is kept longer."""

HandlerResult: TypeAlias = Any
"""What a handler returns: a body, ``(body, status)`` or ``(body, status, headers)``; 200 when
left out. A body of None (or ``connexion.NoContent``) means no body. Where the contract documents
text, the body may be a :data:`StreamedBody`."""

Handler: TypeAlias = Callable[..., Awaitable[HandlerResult]]
"""A coroutine function: takes the operation's parameters by their pythonic names, and ``body``."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error response.

    Attributes:
        status: HTTP status, 400 or above; the operation's contract must document it.
        message: One sentence for the client. It is put on one line and bounded before it is sent;
            not sent at all where the contract documents the status without a body.
        headers: Extra response headers as name and value, e.g. ``("Retry-After", "5")``.
        errors: The problems one by one, where there can be several. Bounded before they are sent.
    """

    status: int
    message: str
    headers: tuple[tuple[str, str], ...] = ()
    errors: tuple[ErrorDetail, ...] = ()


def reason_phrase(status: int) -> str:
    """Name *status* as the ``error`` field of an error body does."""
    phrase = _PHRASES.get(status)
    if phrase is not None:
        return phrase
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def error_body(
    status: int, message: str, *, path: str, now_ms: int, errors: Sequence[ErrorDetail] = ()
) -> dict[str, Any]:
    """Build the one error form of the API.

    Args:
        status: HTTP status.
        message: Cleaned and bounded here; empty becomes the reason phrase.
        path: Request path without its query string; cleaned and bounded here.
        now_ms: Milliseconds since the epoch, UTC.
        errors: Bounded in number; cleaned here.

    Source: OpenVidu answers errors in this form (that of Spring Boot, which also lists ``errors``).
    """
    phrase = reason_phrase(status)
    body = {
        "timestamp": now_ms,
        "status": status,
        "error": phrase,
        "message": one_line(message, MAX_MESSAGE_CHARACTERS) or phrase,
        "path": one_line(path, MAX_PATH_CHARACTERS),
    }
    if errors:
        body["errors"] = [_error_item(each) for each in errors]
    return body


def _error_item(detail: ErrorDetail) -> dict[str, str]:
    item = {"message": one_line(detail.message, MAX_MESSAGE_CHARACTERS)}
    if detail.field is not None:
        item["field"] = one_line(detail.field, MAX_FIELD_CHARACTERS)
    return item


def json_response(status: int, body: bytes, headers: Headers) -> Response:
    """Complete the headers of a response whose body is a JSON document."""
    return status, [(b"content-length", b"%d" % len(body)), _JSON, *headers], body


def empty_response(status: int, headers: Headers) -> Response:
    """Complete the headers of a response without a body."""
    if status in _BODILESS:
        return status, headers, b""
    return status, [(b"content-length", b"0"), *headers], b""


def error_response(body: dict[str, Any], headers: Headers) -> Response:
    """Encode an error body of :func:`error_body`."""
    return json_response(body["status"], orjson.dumps(body), headers)


def header_bytes(name: str, value: str) -> tuple[bytes, bytes]:
    """Make a header fit for the wire: one line, Latin-1."""
    return name.lower().encode("ascii"), one_line(value, MAX_MESSAGE_CHARACTERS).encode(
        "latin-1", "replace"
    )


@dataclass(frozen=True, slots=True)
class _Documented:
    status: int
    place: str
    body: SchemaValidator | None
    text_type: bytes
    headers: dict[bytes, Parameter]

    def check_headers(self, headers: Headers) -> None:
        """Raise for a required header that is missing, and a documented one of another form."""
        missing = self.required_headers.difference(name for name, _ in headers)
        if missing:
            reason = f"the required header {_names(missing)} is missing"
            raise ResponseViolationError(self.place + "/headers", reason)
        for name, value in headers:
            if (known := self.headers.get(name)) is not None:
                try:
                    known.parse(value.decode("latin-1"))
                except HttpError as error:
                    place = self.place + pointer("headers", known.name)
                    raise ResponseViolationError(place, error.message) from None

    def encode(self, body: Any, headers: Headers) -> Response:  # noqa: ANN401 - what the schema allows
        """Check and encode a body."""
        if self.body is None:
            raise ResponseViolationError(self.place, "a body where none is documented")
        if type(body) is EncodedJson:
            return json_response(self.status, body, headers)
        if isinstance(body, AsyncGenerator):
            if self.text_type:
                return self._text(body, headers)
            raise ResponseViolationError(self.place, "a streamed body where no text is documented")
        self.body.check(body)
        if self.text_type:
            return self._text(body.encode(), headers)
        return json_response(self.status, orjson.dumps(body), headers)

    def _text(self, body: bytes | StreamedBody, headers: Headers) -> Response:
        """Complete the headers of a response whose body is text; its type may have been given."""
        own = [(b"content-length", b"%d" % len(body))] if isinstance(body, bytes) else []
        if not any(name == b"content-type" for name, _ in headers):
            own.append((b"content-type", self.text_type))
        return self.status, [*own, *headers], body

    @property
    def required_headers(self) -> frozenset[bytes]:
        """Those without which the response is wrong."""
        return frozenset(name for name, header in self.headers.items() if header.required)


class Responses:
    """All responses that the contract documents for one operation, compiled."""

    def __init__(self, responses: Mapping[str, Any], place: str) -> None:
        self._place = place
        self._by_status: dict[int, _Documented] = {}
        for status, response in responses.items():
            if status.startswith("x-"):
                continue
            compiled = _compile(int(status), response, place + pointer(status))
            self._by_status[compiled.status] = compiled

    def encode(self, result: HandlerResult) -> Response:
        """Check and encode what a handler returned.

        Raises:
            ResponseViolationError: Undocumented status, wrong body, required header missing, a
                documented one wrong.
        """
        body, status = result, 200
        wire_headers: Headers = []
        if type(result) is tuple:
            body, status, *headers = result
            if headers:
                wire_headers = _wire_headers(headers[0])
        response = self._by_status.get(status) or self._documented(status)
        if response.headers:
            response.check_headers(wire_headers)
        if body is None or body is NoContent:
            if response.body is not None:
                raise ResponseViolationError(response.place, "the documented body is missing")
            return empty_response(response.status, wire_headers)
        return response.encode(body, wire_headers)

    def require_documented(self, status: int, headers: Headers) -> bool:
        """Check an error response against the contract; its body has the layer's own form.

        Returns:
            Whether the response has a body.

        Raises:
            ResponseViolationError: Undocumented status, a required header missing, or one wrong.
        """
        documented = self._documented(status)
        documented.check_headers(headers)
        return documented.body is not None

    def _documented(self, status: int) -> _Documented:
        try:
            return self._by_status[status]
        except KeyError:
            reason = f"status {int(status)} is not documented"
            raise ResponseViolationError(self._place, reason) from None


def _compile(status: int, response: Mapping[str, Any], place: str) -> _Documented:
    ((media_type, media),) = response.get("content", {}).items() or (("", None),)
    is_json = media_type in ("", "application/json")
    schema_place = place + pointer("content", media_type, "schema")
    return _Documented(
        status=status,
        place=place,
        body=SchemaValidator(media["schema"], Direction.RESPONSE, schema_place) if media else None,
        text_type=b"" if is_json else f"{media_type}; charset=utf-8".encode(),
        headers={
            name.lower().encode(): Parameter(
                {**header, "in": "header", "name": name}, place + pointer("headers", name)
            )
            for name, header in response.get("headers", {}).items()
            if "schema" in header
        },
    )


def _wire_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [header_bytes(name, value) for name, value in pairs]


def _names(headers: Collection[bytes]) -> str:
    return ", ".join(sorted(name.decode() for name in headers))
