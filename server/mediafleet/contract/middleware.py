"""The one middleware that serves the contract: routing, credentials, dispatch, error answers."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

from connexion.middleware.abstract import AbstractRoutingAPI, SpecMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from mediafleet.contract.answers import (
    AT_ONCE,
    Answer,
    AnswerAtOnce,
    Problem,
    empty_answer,
    error_answer,
    error_body,
    header_bytes,
)
from mediafleet.contract.authentication import FailedLogins, Gate
from mediafleet.contract.errors import (
    ClientGoneError,
    Refusal,
    ResponseViolationError,
    UnfitHandlerError,
)
from mediafleet.contract.limits import Limits
from mediafleet.contract.members import BodyRules
from mediafleet.contract.memory import Memory, Understood
from mediafleet.contract.operations import CompiledOperation
from mediafleet.contract.requests import Request, comparable_path
from mediafleet.contract.routing import Router, is_below, parameter_names
from mediafleet.contract.texts import pointer
from mediafleet.contract.waiting import Waits
from mediafleet.texts import one_line

COMPILE = "mediafleet.compile"
"""A scope type of our own: Connexion builds its middlewares on the first scope of any type."""

Untyped: TypeAlias = Any
"""An object of Connexion, which ships no types."""

_log = logging.getLogger(__name__)
_MAX_LOGGED_PATH = 200
_CRASH = "The server failed to answer this request; its log tells more"
_CLOSE = (b"connection", b"close")
_CUT_OFF = (
    "The server is stopping and has given this request up; whether it was carried out is not "
    "known, so look before you repeat it"
)
_LATER = (b"retry-after", b"5")


@dataclass(frozen=True, slots=True)
class Serving:
    """What the layer is told by the program around it.

    Attributes:
        authenticate: Compares a user name and a password in constant time.
        describe_error: Turns a handler's exception into an error answer; None for a crash.
        limits: Bounds of a request.
        protected_prefixes: No path at or below them tells anything without credentials.
        now_ms: Milliseconds since the epoch, UTC.
        cors_origins: Origins whose web pages may call the API.
        body_rules: By operationId, asked about a body that breaks its schema.
        failed_logins: Is told of wrong credentials.
    """

    authenticate: Callable[[str, str], bool]
    describe_error: Callable[[Exception], Problem | None]
    limits: Limits
    protected_prefixes: tuple[str, ...]
    now_ms: Callable[[], int]
    cors_origins: tuple[str, ...]
    body_rules: Mapping[str, BodyRules]
    failed_logins: FailedLogins


class ContractApi(AbstractRoutingAPI):
    """Lets Connexion resolve the operations of one contract, and compiles each.

    Attributes:
        operations: Path template with base path, method in upper case, compiled operation.
    """

    def __init__(self, specification: Untyped, *, serving: Serving, **options: Untyped) -> None:
        self.operations: list[tuple[str, str, CompiledOperation]] = []
        self._serving = serving
        self._waits = Waits(serving.limits.waiting)
        super().__init__(specification, **options)

    def make_operation(self, operation: Untyped) -> CompiledOperation:
        """Compile what Connexion has loaded, resolved and found a handler for."""
        return CompiledOperation(
            self.specification.get_operation(operation.path, operation.method),
            handler=operation.function,
            segments=parameter_names(operation.path),
            secured=bool(operation.security),
            place=pointer("paths", operation.path, operation.method),
            limits=self._serving.limits,
            waits=self._waits,
            body_rules=self._serving.body_rules.get(operation.operation_id),
        )

    @staticmethod
    def _framework_path_and_name(operation: Untyped, path: str) -> tuple[str, str]:
        return path, operation.operation_id

    def _add_operation_internal(
        self, method: str, path: str, operation: CompiledOperation, name: str | None = None
    ) -> None:
        del name
        self.operations.append((self.base_path + path, method.upper(), operation))


class ContractMiddleware(SpecMiddleware):
    """Answers every HTTP request itself; other scopes go to the application behind it."""

    def __init__(self, app: ASGIApp, *, serving: Serving) -> None:
        self._app = app
        self._serving = serving
        self._limits = serving.limits
        self._gate = Gate(serving.authenticate, serving.limits, serving.cors_origins)
        self._router = Router()
        self._memory = Memory()

    def add_api(self, specification: Untyped, **options: Untyped) -> ContractApi:
        """Compile the contract; Connexion calls this while it builds its stack of middlewares."""
        api = ContractApi(specification, serving=self._serving, **options)
        for stray in self._serving.body_rules.keys() - {
            operation.operation_id for _, _, operation in api.operations
        }:
            raise UnfitHandlerError(stray, "has rules for a body, but is not in the contract")
        self._router = Router.build(
            api.operations, protected_prefixes=self._serving.protected_prefixes
        )
        self._memory = Memory()
        return api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http":
            if scope["type"] != COMPILE:
                await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            answer = await self._serve(request)
        except Refusal as refusal:
            await self._refuse(request, refusal, send)
            return
        except ClientGoneError:
            _log.debug("client hung up", extra=_facts(request))
            return
        except asyncio.CancelledError:
            # The HTTP server cancels what has not ended some seconds after its stop began, and
            # would answer 500 in plain text. This task ends here, so nothing is left to cancel.
            _log.warning("request given up, the server is stopping", extra=_facts(request))
            answer = self._error(request, 503, _CUT_OFF, (_LATER,))
            await self._send(request, answer, send, last=True)
            return
        except ResponseViolationError as violation:
            answer = self._violation(request, violation)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, its client gets an answer
            answer = self._describe(request, error)
        await self._deliver(request, answer, send)

    async def _refuse(self, request: Request, refusal: Refusal, send: Send) -> None:
        answer = self._error(request, refusal.status, refusal.message, refusal.headers)
        is_guess = refusal.status == HTTPStatus.UNAUTHORIZED and request.authorizations
        if is_guess and not await self._serving.failed_logins.note(request.scope):
            await self._send(request, answer, send, last=True)
        else:
            await self._deliver(request, answer, send)

    async def _serve(self, request: Request) -> Answer:
        known = self._memory.recall(request)
        if known is None:
            return await self._serve_unknown(request)
        operation, arguments, protected = known
        if protected:
            self._gate.check(request)
        request.operation = operation
        return await operation.run(request, arguments)

    async def _serve_unknown(self, request: Request) -> Answer:
        path = comparable_path(request.scope)
        route, segments = self._router.match(path) if path is not None else (None, ())
        if route is None:
            raise self._unknown(request, well_formed=path is not None)
        if request.method == "OPTIONS":
            return empty_answer(204, [(b"allow", route.allow)])
        if route.protected:
            self._gate.check(request)
        operation = route.operations.get(request.method)
        if operation is None:
            message = f"{one_line(request.method, 20)} is not allowed here"
            raise Refusal(
                405, f"{message}; allowed: {route.allow.decode()}", ((b"allow", route.allow),)
            )
        request.operation = operation
        arguments = await operation.understand(request, segments)
        self._memory.remember(request, Understood(operation, arguments, route.protected))
        return await operation.run(request, arguments)

    def _unknown(self, request: Request, *, well_formed: bool) -> Refusal:
        if is_below(request.path, self._serving.protected_prefixes):
            self._gate.check(request)
        if well_formed:
            return Refusal(404, "no such resource")
        return Refusal(400, "the path is not properly percent-encoded UTF-8")

    def _describe(self, request: Request, error: Exception) -> Answer:
        problem = self._serving.describe_error(error)
        if problem is None or request.operation is None:
            _log.error("request failed", exc_info=error, extra=_facts(request))
            return self._error(request, 500, _CRASH)
        headers = [header_bytes(name, value) for name, value in problem.headers]
        try:
            request.operation.responses.require_documented(problem.status, headers)
        except ResponseViolationError as violation:
            return self._violation(request, violation, cause=error)
        return self._error(request, problem.status, problem.message, headers)

    def _violation(
        self, request: Request, violation: ResponseViolationError, cause: Exception | None = None
    ) -> Answer:
        facts = _facts(request) | {"schema_path": violation.place, "reason": violation.reason}
        _log.error("response violates the contract", exc_info=cause, extra=facts)
        return self._error(request, 500, _CRASH)

    def _error(
        self,
        request: Request,
        status: int,
        message: str,
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> Answer:
        now_ms = self._serving.now_ms()
        body = error_body(status, message, path=request.path, now_ms=now_ms)
        return error_answer(body, list(headers))

    @staticmethod
    async def _send(request: Request, answer: Answer, send: Send, *, last: bool = False) -> None:
        """Send an answer; the last one of a connection closes it, whatever was not read."""
        status, headers, body = answer
        headers = [*headers, _CLOSE] if last else headers
        await send({"type": "http.response.start", "status": status, "headers": headers})
        body = b"" if request.method == "HEAD" else body
        await send({"type": "http.response.body", "body": body})

    async def _deliver(self, request: Request, answer: Answer, send: Send) -> None:
        status, headers, body = answer
        if request.method == "HEAD":
            body = b""
        if request.received or not request.announced:
            at_once: AnswerAtOnce | None = request.scope.get("extensions", {}).get(AT_ONCE)
            if at_once is None or not at_once(send, status, headers, body):
                await self._send(request, answer, send)
            return
        headers = [*headers, _CLOSE]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await request.linger(self._limits)
        await send({"type": "http.response.body", "body": b""})


def _facts(request: Request) -> dict[str, Any]:
    operation: CompiledOperation | None = request.operation
    return {
        "operation_id": operation.operation_id if operation else None,
        "method": one_line(request.method, 20),
        "path": one_line(request.path, _MAX_LOGGED_PATH),
    }
