"""The middleware that serves the contract: routing, authentication, dispatch, errors."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import KW_ONLY, dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias

from connexion.middleware.abstract import SpecMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from mediafleet.contract.authentication import BasicAuth, FailedLogins
from mediafleet.contract.errors import (
    ClientGoneError,
    ErrorDetail,
    HttpError,
    MissingHandlerError,
    ResponseViolationError,
    UnfitHandlerError,
    bounded,
    pointer,
)
from mediafleet.contract.operations import BodyRules, CompiledOperation
from mediafleet.contract.requests import (
    REQUEST_ID,
    ConcurrentWaits,
    Limits,
    Request,
    until_hang_up,
)
from mediafleet.contract.responses import (
    ABORT,
    Handler,
    Headers,
    Problem,
    Response,
    StreamedBody,
    empty_response,
    error_body,
    error_response,
    header_bytes,
)
from mediafleet.contract.routing import Router, comparable_path, is_below, parameter_names
from mediafleet.logs import CURRENT_REQUEST, RequestContext
from mediafleet.texts import one_line

BUILD = "mediafleet.build"
"""A scope type of our own: Connexion builds its middlewares on the first scope of any type."""

Untyped: TypeAlias = Any
"""An object of Connexion, which ships no types."""

_METHODS = ("get", "put", "post", "delete", "patch")
_MAX_LOGGED_PATH = 200
_CRASH = "The server failed to answer this request; its log has the details"
_CLOSE = (b"connection", b"close")
_CUT_OFF = (
    "The server is stopping and has given this request up; whether it was carried out is not "
    "known, so look before you repeat it"
)
_RETRY_AFTER = (b"retry-after", b"5")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What an application is made of besides its contract.

    Attributes:
        handlers: Coroutine functions by operationId. They take the parameters by their pythonic
            names (``extra-info`` is ``extra_info``) and ``body``, and return a body,
            ``(body, status)`` or ``(body, status, headers)``. An operation with
            ``x-waits-when: <boolean query parameter>`` is cancelled when that parameter is true and
            its client hangs up; one with ``x-ignores-unknown-parameters`` passes over query
            parameters that it does not list.
        authenticate: Compares a user name and a password, in constant time. Asked on every request.
        describe_error: The table of errors: asked for every exception a handler raises. None means
            a crash, which is logged and answered 500 without details. Must not raise.
        now_ms: Milliseconds since the epoch, UTC; for the ``timestamp`` of error bodies.
        limits: Bounds of a request.
        protected_prefixes: At and below these paths every response needs credentials.
        cors_origins: Origins whose web pages may call the API, compared exactly; none by default.
        body_rules: Coroutine functions by operationId, for operations whose bodies keep more rules
            than a schema can say. They also see the valid properties of a body that breaks its
            schema, so that its 400 reports all errors at once. What they raise is handled like
            what a handler raises.
        failed_logins: Counts wrong credentials, and delays the answers to a peer that sends many.
        observe: Called with each request and its status when its response begins; must not raise.
    """

    handlers: Mapping[str, Handler]
    _: KW_ONLY
    authenticate: Callable[[str, str], bool]
    describe_error: Callable[[Exception], Problem | None]
    now_ms: Callable[[], int]
    limits: Limits = field(default_factory=Limits)
    protected_prefixes: Sequence[str] = ("/pro", "/api", "/openvidu/api", "/fleet")
    cors_origins: Collection[str] = ()
    body_rules: Mapping[str, BodyRules] = field(default_factory=dict)
    failed_logins: FailedLogins = field(default_factory=FailedLogins)
    observe: Callable[[Request, int], None] = lambda *_: None


class ContractMiddleware(SpecMiddleware):
    """Answers every HTTP request itself; other scopes go to the application behind it."""

    def __init__(self, app: ASGIApp, *, options: Options) -> None:
        self._app = app
        self._options = options
        self._limits = options.limits
        self._auth = BasicAuth(options.authenticate, options.cors_origins)
        self._router = Router()

    def add_api(self, specification: Untyped, **_: Untyped) -> None:
        """Compile the contract; Connexion calls this while it builds its stack of middlewares."""
        operations = list(self._compile(specification))
        known = {operation.operation_id for _, _, operation in operations}
        for unknown in self._options.body_rules.keys() - known:
            raise UnfitHandlerError(unknown, "has rules for a body, but is not in the contract")
        self._router = Router.build(operations, protected_prefixes=self._options.protected_prefixes)

    def _compile(self, specification: Untyped) -> Iterable[tuple[str, str, CompiledOperation]]:
        """Compile each operation of a document whose references Connexion has resolved.

        Yields:
            Path template with base path, method in upper case, compiled operation.
        """
        waits = ConcurrentWaits(self._limits.waiting)
        for path, item in specification["paths"].items():
            for method in (method for method in _METHODS if method in item):
                operation = item[method]
                operation_id = operation["operationId"]
                handler = self._options.handlers.get(operation_id)
                if handler is None:
                    raise MissingHandlerError(operation_id)
                security = operation.get("security", specification.get("security", []))
                compiled = CompiledOperation(
                    operation,
                    handler=handler,
                    path_parameters=parameter_names(path),
                    secured=bool(security),
                    place=pointer("paths", path, method),
                    limits=self._limits,
                    waits=waits,
                    body_rules=self._options.body_rules.get(operation_id),
                )
                yield specification.base_path + path, method.upper(), compiled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http":
            if scope["type"] != BUILD:
                await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        context = RequestContext(request.id.decode())
        CURRENT_REQUEST.set(context)
        try:
            await self._respond(request, send)
        finally:
            context.request_id = None

    async def _respond(self, request: Request, send: Send) -> None:
        try:
            response = await self._serve(request)
        except HttpError as error:
            await self._send_http_error(request, error, send)
            return
        except ClientGoneError:
            _log.debug("client hung up", extra=_log_fields(request))
            return
        except asyncio.CancelledError:
            # The HTTP server cancels what has not ended some seconds after its stop began, and
            # would answer 500 in plain text. This task ends here, so nothing is left to cancel.
            _log.warning("request given up, the server is stopping", extra=_log_fields(request))
            response = self._error(request, 503, _CUT_OFF, (_RETRY_AFTER,))
            await self._send(request, response, send, close=True)
            return
        except ResponseViolationError as violation:
            response = self._violation(request, violation)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, its client gets an answer
            response = self._describe(request, error)
        await self._send_and_linger(request, response, send)

    async def _serve(self, request: Request) -> Response:
        path = comparable_path(request.scope)
        route, segments = self._router.match(path) if path is not None else (None, ())
        if route is None:
            raise self._not_found(request, well_formed=path is not None)
        if request.method == "OPTIONS":
            return empty_response(204, [(b"allow", route.allow)])
        if route.protected:
            self._auth.check(request)
        operation = route.operations.get(request.method)
        if operation is None:
            message = f"{one_line(request.method, 20)} is not allowed here"
            raise HttpError(
                405, f"{message}; allowed: {route.allow.decode()}", ((b"allow", route.allow),)
            )
        request.operation_id = operation.operation_id
        request.responses = operation.responses
        return await operation.serve(request, segments)

    def _not_found(self, request: Request, *, well_formed: bool) -> HttpError:
        if is_below(request.path, self._options.protected_prefixes):
            self._auth.check(request)
        if well_formed:
            return HttpError(404, "no such resource")
        return HttpError(400, "the path is not properly percent-encoded UTF-8")

    async def _send_http_error(self, request: Request, error: HttpError, send: Send) -> None:
        response = self._error(request, error.status, error.message, error.headers, error.errors)
        is_guess = error.status == HTTPStatus.UNAUTHORIZED and request.authorizations
        if is_guess and not await self._options.failed_logins.note(request.scope):
            await self._send(request, response, send, close=True)
        else:
            await self._send_and_linger(request, response, send)

    def _describe(self, request: Request, error: Exception) -> Response:
        problem = self._options.describe_error(error)
        if problem is None or request.responses is None:
            _log.error("request failed", exc_info=error, extra=_log_fields(request))
            return self._error(request, 500, _CRASH)
        headers = [header_bytes(name, value) for name, value in problem.headers]
        try:
            has_body = request.responses.require_documented(problem.status, headers)
        except ResponseViolationError as violation:
            return self._violation(request, violation, cause=error)
        if not has_body:
            return empty_response(problem.status, headers)
        errors = bounded(problem.errors, len(problem.errors))
        return self._error(request, problem.status, problem.message, headers, errors)

    def _violation(
        self, request: Request, violation: ResponseViolationError, cause: Exception | None = None
    ) -> Response:
        fields = {"schema_path": violation.place, "reason": violation.reason}
        _log.error(
            "response violates the contract", exc_info=cause, extra=_log_fields(request) | fields
        )
        return self._error(request, 500, _CRASH)

    def _error(
        self,
        request: Request,
        status: int,
        message: str,
        headers: Iterable[tuple[bytes, bytes]] = (),
        errors: Sequence[ErrorDetail] = (),
    ) -> Response:
        now_ms = self._options.now_ms()
        body = error_body(status, message, path=request.path, now_ms=now_ms, errors=errors)
        return error_response(body, list(headers))

    async def _send_and_linger(self, request: Request, response: Response, send: Send) -> None:
        """Send a response; if the request's body was not read, read some of it and close."""
        status, headers, body = response
        if not isinstance(body, bytes):
            await self._send_stream(request, status, headers, body, send)
            return
        if request.received or not request.announced:
            await self._send(request, response, send)
            return
        await self._send(request, response, send, close=True, more_body=True)
        await request.linger(self._limits)
        await send({"type": "http.response.body", "body": b""})

    async def _send_stream(
        self, request: Request, status: int, headers: Headers, body: StreamedBody, send: Send
    ) -> None:
        """Send a streamed response until it ends, fails, or its client hangs up."""
        if request.announced and not request.received:
            headers = [*headers, _CLOSE]
        async with aclosing(body):
            await self._begin(request, status, headers, send)
            try:
                if request.method != "HEAD":
                    await until_hang_up(_send_pieces(body, send), request.receive)
            except ClientGoneError:
                _log.debug("client hung up", extra=_log_fields(request))
                return
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - it is logged
                self._abort(request, error)
                return
            await send({"type": "http.response.body", "body": b""})

    def _abort(self, request: Request, error: BaseException) -> None:
        """Cut off a streamed response, so that its client sees that it is incomplete."""
        if isinstance(error, asyncio.CancelledError):
            _log.warning("response cut off, the server is stopping", extra=_log_fields(request))
        else:
            _log.error("response cut off", exc_info=error, extra=_log_fields(request))
        if (abort := request.scope.get("extensions", {}).get(ABORT)) is None:
            raise error
        abort()

    async def _send(
        self,
        request: Request,
        response: Response,
        send: Send,
        *,
        close: bool = False,
        more_body: bool = False,
    ) -> None:
        status, headers, body = response
        headers = [*headers, _CLOSE] if close else headers
        body = b"" if request.method == "HEAD" else body
        await self._begin(request, status, headers, send)
        await send({"type": "http.response.body", "body": body, "more_body": more_body})

    async def _begin(self, request: Request, status: int, headers: Headers, send: Send) -> None:
        """Send the head of a response."""
        self._options.observe(request, status)
        headers = [*headers, (REQUEST_ID, request.id)]
        await send({"type": "http.response.start", "status": status, "headers": headers})


async def _send_pieces(body: StreamedBody, send: Send) -> None:
    async for piece in body:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        # A body that never waits must not keep the event loop, nor outlast its connection.
        await asyncio.sleep(0)


def _log_fields(request: Request) -> dict[str, Any]:
    return {
        "operation_id": request.operation_id,
        "method": one_line(request.method, 20),
        "path": one_line(request.path, _MAX_LOGGED_PATH),
    }
