"""One operation of the contract, compiled: from a routed request to a checked response."""

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias
from urllib.parse import unquote

import orjson

from mediafleet.contract.errors import (
    ErrorDetail,
    HttpError,
    UnfitHandlerError,
    bounded,
    pointer,
)
from mediafleet.contract.parameters import Parameter, Query, RequestHeaders, argument_name
from mediafleet.contract.requests import ConcurrentWaits, Limits, Request, until_hang_up
from mediafleet.contract.responses import MAX_MESSAGE_CHARACTERS, Handler, Response, Responses
from mediafleet.contract.schemas import (
    Direction,
    JsonValue,
    SchemaValidator,
    listed,
    place_in,
    unexpected,
)
from mediafleet.texts import join_sentences

BodyRules: TypeAlias = Callable[
    [Mapping[str, JsonValue], Collection[str]], Awaitable[Sequence[ErrorDetail]]
]
"""Checks the valid properties of a body that breaks its schema.

A coroutine function: takes the properties that match their own schemas and the names of all others;
returns what else is wrong, each message a sentence with its full stop."""

EVERY_PROBLEM_BYTES = 16384
"""Of a larger value only the first error is reported: to find all takes seconds for a megabyte."""


class CompiledOperation:
    """Everything about one operation that does not depend on the request.

    Attributes:
        operation_id: As in the contract.
        secured: It needs credentials.
        responses: Those that it documents.
    """

    def __init__(
        self,
        operation: Mapping[str, Any],
        *,
        handler: Handler,
        path_parameters: Sequence[str],
        secured: bool,
        place: str,
        limits: Limits,
        waits: ConcurrentWaits,
        body_rules: BodyRules | None = None,
    ) -> None:
        """Compile one operation.

        Args:
            operation: The operation object, its references resolved.
            handler: Called with pythonic keyword arguments.
            path_parameters: Their names, in the order of the path.
            secured: It needs credentials.
            place: JSON pointer of the operation.
            limits: Bounds for bodies.
            waits: Counts the requests that wait, of all operations.
            body_rules: Asked about a body that breaks its schema.
        """
        self.operation_id: str = operation["operationId"]
        self.secured = secured
        self.responses = Responses(operation["responses"], place + "/responses")
        parameters = [
            (specification["in"], Parameter(specification, place + pointer("parameters", index)))
            for index, specification in enumerate(operation.get("parameters", ()))
        ]
        in_path = {parameter.name: parameter for kind, parameter in parameters if kind == "path"}
        self._segments = [in_path[name] for name in path_parameters]
        self._query = Query(
            [known for kind, known in parameters if kind == "query"],
            ignores_unknown=operation.get("x-ignores-unknown-parameters", False),
        )
        self._headers = RequestHeaders([known for kind, known in parameters if kind == "header"])
        request_body = operation.get("requestBody")
        self._body = (
            Body(request_body, place + "/requestBody", body_rules) if request_body else None
        )
        if body_rules is not None:
            _require_rules_fit(body_rules, self.operation_id, has_body=self._body is not None)
        waits_when = operation.get("x-waits-when")
        self._waits_when = argument_name(waits_when) if waits_when else None
        self._waits = waits
        self._limits = limits
        self._handler = handler
        _require_fit(
            handler,
            self.operation_id,
            required=[known.argument for _, known in parameters if known.required or known.defaults]
            + (["body"] if self._body else []),
            optional=[known.argument for _, known in parameters],
        )

    async def serve(self, request: Request, segments: Sequence[str]) -> Response:
        """Validate a request, call the handler and validate what it returns.

        Args:
            request: Routed here, its credentials checked.
            segments: The path's parameters in their comparable (percent-encoded) form.

        Raises:
            HttpError: The request does not match the contract.
            ResponseViolationError: The response does not match the contract.
            ClientGoneError: The client hung up.
            Exception: Whatever the handler raises.
        """
        arguments = await self._parse(request, segments)
        if self._waits_when is not None and arguments.get(self._waits_when):
            with self._waits.counted():
                result = await until_hang_up(self._handler(**arguments), request.receive)
        else:
            result = await self._handler(**arguments)
        return self.responses.encode(result)

    async def _parse(self, request: Request, segments: Sequence[str]) -> dict[str, Any]:
        raw = b""
        if self._body is not None:
            # Read first: an error found in the parameters can then leave the connection open.
            raw = await request.read_body(self._limits)
        elif request.announced:
            await request.discard_body(self._limits)
        arguments = self._query.parse(request.scope["query_string"])
        arguments |= self._headers.parse(request.scope["headers"])
        for parameter, segment in zip(self._segments, segments, strict=True):
            text = unquote(segment) if "%" in segment else segment
            arguments[parameter.argument] = parameter.parse(text)
        if self._body is not None:
            arguments["body"] = await self._body.parse(raw, request)
        return arguments


def _require_fit(
    handler: Handler, operation_id: str, *, required: Sequence[str], optional: Sequence[str]
) -> None:
    """Find at start-up what would otherwise be a TypeError in the first request."""
    if not inspect.iscoroutinefunction(handler):
        raise UnfitHandlerError(operation_id, "is not a coroutine function")
    signature = inspect.signature(handler)
    for names in (required, [*required, *optional]):
        try:
            signature.bind(**dict.fromkeys(names))
        except TypeError as error:
            raise UnfitHandlerError(operation_id, f"does not fit: {error}") from error


def _require_rules_fit(rules: BodyRules, operation_id: str, *, has_body: bool) -> None:
    if not has_body:
        raise UnfitHandlerError(operation_id, "has rules for a body, but it takes none")
    if not inspect.iscoroutinefunction(rules):
        raise UnfitHandlerError(operation_id, "has rules for a body that are no coroutine function")


_HOW = "send the header Content-Type: application/json"


class Body:
    """The JSON body of one operation, compiled."""

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
        self._properties = BodyProperties(self._validator, rules)

    async def parse(self, raw: bytes, request: Request) -> JsonValue:
        """Turn the bytes of a body into a value that keeps the schema.

        Without bytes the headers do not matter: old clients declare a type for nothing.

        Returns:
            The schema's default, or None, when there is no body and none is required.

        Raises:
            HttpError: 415 when it is not declared as JSON in UTF-8 (so no form of a foreign web
                page ever gets through), else 400.
        """
        if not raw:
            if self._required:
                raise HttpError(400, f"a JSON body is required; {_HOW}")
            return None if self._default is None else orjson.loads(self._default)
        _require_json(request)
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            place = f"line {error.lineno} column {error.colno}"
            raise HttpError(400, f"the body is not JSON: {error.msg} ({place})") from None
        if not self._validator.is_valid(value):
            every = len(raw) <= EVERY_PROBLEM_BYTES
            if isinstance(value, dict):
                raise await self._properties.error(value, every=every)
            found = self._validator.problems(value, "body", every=every)
            message = listed((each.message for each in found), len(found))
            raise HttpError(400, message, errors=bounded(found, len(found)))
        return value


def _require_json(request: Request) -> None:
    if len(request.content_types) > 1:
        raise HttpError(400, "there must be only one Content-Type header")
    if not request.content_types:
        raise HttpError(415, f"the type of the body is not declared; {_HOW}")
    media_type, *parameters = request.content_types[0].decode("latin-1").split(";")
    if media_type.strip().lower() != "application/json":
        raise HttpError(415, f"the body must be JSON; {_HOW}")
    if not all(map(_harmless, parameters)):
        raise HttpError(415, f"the charset of the body must be utf-8; {_HOW}")
    if any(coding.strip().lower() != b"identity" for coding in request.content_encodings):
        raise HttpError(415, "the body must not be compressed; send it without Content-Encoding")


def _harmless(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip().lower() != "charset" or value.strip().strip('"').lower() == "utf-8"


class BodyProperties:
    """The properties that a body's schema describes, each with a validator of its own."""

    def __init__(self, whole: SchemaValidator, rules: BodyRules | None) -> None:
        self._rest, self._described = whole.apart()
        self._is_closed = whole.is_closed
        self._rules = rules

    async def error(self, body: Mapping[str, JsonValue], *, every: bool) -> HttpError:
        """List all problems: of each described property, of the rest of the schema, of the rules.

        Args:
            body: Breaks the whole schema.
            every: It is small. Of a large body, a large property is reported by its first error.
        """
        valid = {
            name: body[name]
            for name, validator in self._described.items()
            if name in body and validator.is_valid(body[name])
        }
        unknown = [name for name in body if name not in self._described] if self._is_closed else []
        found = self._problems(body, valid, every=every)
        sentences = [f"body: {unexpected(unknown)}"] if unknown else []
        sentences += [each.message for each in found]
        message = listed(sentences, len(sentences))
        if self._rules is not None:
            further = await self._rules(valid, body.keys() - valid.keys())
            limit = MAX_MESSAGE_CHARACTERS - len(message) - len(". ")
            rest = join_sentences([each.message for each in further], limit)
            message += f". {rest}" if rest else ""
            found += further
        # One by one, and only as many as are sent: there may be a hundred thousand.
        not_taken = (ErrorDetail(f"body: {unexpected([name])}", name) for name in unknown)
        errors = bounded(chain(not_taken, found), len(unknown) + len(found))
        return HttpError(400, message, errors=errors)

    def _problems(
        self, body: Mapping[str, JsonValue], valid: Collection[str], *, every: bool
    ) -> list[ErrorDetail]:
        found: list[ErrorDetail] = []
        if not self._rest.is_valid(body):
            found += self._rest.problems(body, "body", every=every)
        ranked: list[tuple[int, ErrorDetail]] = []
        for name, validator in self._described.items():
            if name in body and name not in valid:
                whole = every or _is_small(body[name])
                problems = validator.problems(body[name], place_in("body", [name]), every=whole)
                ranked.extend(enumerate(problems))
        # Stable: no property goes unreported because another one has a hundred errors.
        return found + [problem for _, problem in sorted(ranked, key=lambda each: each[0])]


def _is_small(value: JsonValue) -> bool:
    try:
        return len(orjson.dumps(value)) <= EVERY_PROBLEM_BYTES
    except orjson.JSONEncodeError:  # nested deeper than it writes
        return False
