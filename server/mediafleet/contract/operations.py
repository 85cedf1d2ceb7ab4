"""One operation of the contract, compiled: from a routed request to a checked answer."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from mediafleet.contract.answers import Answer, Handler
from mediafleet.contract.bodies import Body
from mediafleet.contract.errors import UnfitHandlerError
from mediafleet.contract.limits import Limits
from mediafleet.contract.members import BodyRules
from mediafleet.contract.parameters import Parameter, Query, argument_name
from mediafleet.contract.requests import Request
from mediafleet.contract.responses import Responses
from mediafleet.contract.texts import pointer
from mediafleet.contract.waiting import Waits, until_hang_up


class CompiledOperation:
    """Everything about one operation that does not depend on the request.

    Attributes:
        operation_id: As in the contract.
        secured: The contract asks for credentials.
        responses: What it may answer.
    """

    __slots__ = (
        "_body",
        "_handler",
        "_limits",
        "_query",
        "_segments",
        "_waits",
        "_waits_when",
        "operation_id",
        "responses",
        "secured",
    )

    def __init__(
        self,
        operation: Mapping[str, Any],
        *,
        handler: Handler,
        segments: Sequence[str],
        secured: bool,
        place: str,
        limits: Limits,
        waits: Waits,
        body_rules: BodyRules | None = None,
    ) -> None:
        """Compile one operation.

        Args:
            operation: The operation object, its references resolved.
            handler: Called with pythonic keyword arguments.
            segments: Names of the path's parameters, in the order of the path.
            secured: The contract asks for credentials.
            place: JSON pointer of the operation.
            limits: Bounds for queries and bodies.
            waits: Counts requests that wait, of all operations.
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
        self._segments = [in_path[name] for name in segments]
        self._query = Query([known for kind, known in parameters if kind == "query"], limits)
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

    async def understand(self, request: Request, segments: Sequence[str]) -> dict[str, Any]:
        """Hold a request against the contract.

        Args:
            request: Routed here, its credentials checked.
            segments: The path's parameters in their comparable (percent-encoded) form.

        Returns:
            Arguments for the handler.

        Raises:
            Refusal: The request does not keep the contract.
            ClientGoneError: Nobody is left to answer.
        """
        raw = b""
        if self._body is not None:
            # Read first: an error found in the parameters can then leave the connection open.
            raw = await request.read_body(self._limits)
        elif request.announced:
            await request.discard_body(self._limits)
        arguments = self._query.parse(request.scope["query_string"])
        for parameter, segment in zip(self._segments, segments, strict=True):
            text = unquote(segment) if "%" in segment else segment
            arguments[parameter.argument] = parameter.parse(text)
        if self._body is not None:
            arguments["body"] = await self._body.parse(raw, request)
        return arguments

    async def run(self, request: Request, arguments: Mapping[str, Any]) -> Answer:
        """Serve one request.

        Args:
            request: Its credentials checked.
            arguments: As they were understood, of this request or one with the same line.

        Raises:
            ResponseViolationError: The answer does not keep the contract.
            ClientGoneError: Nobody is left to answer.
            Exception: Whatever the handler raises.
        """
        if self._waits_when is not None and arguments.get(self._waits_when):
            with self._waits.one_more():
                reply = await until_hang_up(self._handler(**arguments), request.receive)
        else:
            reply = await self._handler(**arguments)
        return self.responses.answer(reply)


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
