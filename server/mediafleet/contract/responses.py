"""Answers held against the contract before they are sent; a wrong one becomes a 500 elsewhere."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from connexion import NoContent

from mediafleet.contract.answers import (
    Answer,
    EncodedJson,
    Headers,
    Reply,
    empty_answer,
    header_bytes,
    json_answer,
    text_answer,
)
from mediafleet.contract.errors import (
    Refusal,
    ResponseViolationError,
)
from mediafleet.contract.parameters import Parameter
from mediafleet.contract.requests import header_text
from mediafleet.contract.schemas import Direction, SchemaValidator
from mediafleet.contract.texts import pointer

_TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    place: str
    body: SchemaValidator | None
    is_text: bool
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
                    known.parse(header_text(value))
                except Refusal as refusal:
                    place = self.place + pointer("headers", known.name)
                    raise ResponseViolationError(place, refusal.message) from None

    def encode(self, body: Any, headers: Headers) -> Answer:  # noqa: ANN401 - what the schema allows
        """Make the answer of a body that keeps the schema."""
        if self.is_text:
            return text_answer(self.status, body.encode(), headers)
        return json_answer(self.status, orjson.dumps(body), headers)

    @property
    def required_headers(self) -> frozenset[bytes]:
        """Those without which the answer is wrong."""
        return frozenset(name for name, header in self.headers.items() if header.required)


class Responses:
    """All answers that the contract documents for one operation, compiled."""

    __slots__ = ("_by_status", "_place")

    def __init__(self, responses: Mapping[str, Any], place: str) -> None:
        self._place = place
        self._by_status: dict[int, _Response] = {}
        for status, response in responses.items():
            if status.startswith("x-"):
                continue
            compiled = _compile(int(status), response, place + pointer(status))
            self._by_status[compiled.status] = compiled

    def answer(self, reply: Reply) -> Answer:
        """Check and encode what a handler returned.

        Raises:
            ResponseViolationError: Undocumented status, wrong body, required header missing, a
                documented one wrong.
        """
        body, status = reply, 200
        wire_headers: Headers = []
        if type(reply) is tuple:
            body, status, *headers = reply
            if headers:
                wire_headers = _wire_headers(headers[0])
        response = self._by_status.get(status) or self._documented(status)
        if response.headers:
            response.check_headers(wire_headers)
        if body is None or body is NoContent:
            if response.body is not None:
                raise ResponseViolationError(response.place, "the documented body is missing")
            return empty_answer(response.status, wire_headers)
        if response.body is None:
            raise ResponseViolationError(response.place, "a body where none is documented")
        if type(body) is EncodedJson:
            return json_answer(response.status, body, wire_headers)
        response.body.check(body)
        return response.encode(body, wire_headers)

    def require_documented(self, status: int, headers: Headers) -> None:
        """Hold an error answer against the contract; its body has the layer's own form.

        Raises:
            ResponseViolationError: Undocumented status, a required header missing, or one wrong.
        """
        self._documented(status).check_headers(headers)

    def body_validator(self, status: int) -> SchemaValidator | None:
        """Give the schema of one documented body, None when the answer has none.

        Raises:
            ResponseViolationError: Undocumented status.
        """
        return self._documented(status).body

    def _documented(self, status: int) -> _Response:
        try:
            return self._by_status[status]
        except KeyError:
            reason = f"status {int(status)} is not documented"
            raise ResponseViolationError(self._place, reason) from None


def _compile(status: int, response: Mapping[str, Any], place: str) -> _Response:
    ((media_type, media),) = response.get("content", {}).items() or (("", None),)
    schema_place = place + pointer("content", media_type, "schema")
    return _Response(
        status=status,
        place=place,
        body=SchemaValidator(media["schema"], Direction.RESPONSE, schema_place) if media else None,
        is_text=media_type == _TEXT,
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
