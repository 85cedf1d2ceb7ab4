"""Request bodies: declared as JSON, being JSON, keeping a schema; reading the bytes is not here."""

from collections.abc import Mapping
from typing import Any

import orjson

from mediafleet.contract.answers import JsonValue
from mediafleet.contract.errors import Refusal
from mediafleet.contract.members import EVERY_PROBLEM_BYTES, BodyRules, Members
from mediafleet.contract.requests import Request, header_text
from mediafleet.contract.schemas import Direction, SchemaValidator
from mediafleet.contract.texts import pointer

_HOW = "send the header Content-Type: application/json"


class Body:
    """The JSON body of one operation, compiled."""

    __slots__ = ("_default", "_members", "_required", "_validator")

    def __init__(
        self, request_body: Mapping[str, Any], place: str, rules: BodyRules | None
    ) -> None:
        schema = request_body["content"]["application/json"]["schema"]
        self._required: bool = request_body.get("required", False)
        # Kept encoded: a handler that changes its body must not change the default.
        self._default = orjson.dumps(schema["default"]) if "default" in schema else None
        self._validator = SchemaValidator(
            schema, Direction.REQUEST, place + pointer("content", "application/json", "schema")
        )
        self._members = Members(self._validator, rules)

    async def parse(self, raw: bytes, request: Request) -> JsonValue:
        """Turn the bytes of a body into a value that keeps the schema.

        Without bytes the headers do not matter: old clients declare a type for nothing.

        Returns:
            The schema's default, or None, when there is no body and none is required.

        Raises:
            Refusal: 415 when it is not declared as JSON in UTF-8 (so no form of a foreign web page
                ever gets through), else 400.
        """
        if not raw:
            if self._required:
                raise Refusal(400, f"a JSON body is required; {_HOW}")
            return None if self._default is None else orjson.loads(self._default)
        _require_json(request)
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            place = f"line {error.lineno} column {error.colno}"
            raise Refusal(400, f"the body is not JSON: {error.msg} ({place})") from None
        if not self._validator.is_valid(value):
            every = len(raw) <= EVERY_PROBLEM_BYTES
            if isinstance(value, dict):
                raise Refusal(400, await self._members.explain(value, every=every))
            raise Refusal(400, self._validator.explain(value, "body", every=every))
        return value


def _require_json(request: Request) -> None:
    if len(request.content_types) > 1:
        raise Refusal(400, "there must be only one Content-Type header")
    if not request.content_types:
        raise Refusal(415, f"the type of the body is not declared; {_HOW}")
    media_type, *parameters = header_text(request.content_types[0]).split(";")
    if media_type.strip().lower() != "application/json":
        raise Refusal(415, f"the body must be JSON; {_HOW}")
    if not all(map(_harmless, parameters)):
        raise Refusal(415, f"the charset of the body must be utf-8; {_HOW}")
    if any(coding.strip().lower() != b"identity" for coding in request.content_encodings):
        raise Refusal(415, "the body must not be compressed; send it without Content-Encoding")


def _harmless(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip().lower() != "charset" or value.strip().strip('"').lower() == "utf-8"
