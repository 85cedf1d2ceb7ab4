"""The Connexion application made from a contract, its handlers and a few callables."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import MappingProxyType
from typing import Any, NoReturn

import connexion
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.resolver import Resolver
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from mediafleet.contract.authentication import FailedLogins
from mediafleet.contract.errors import ContractError, MissingHandlerError
from mediafleet.contract.middleware import BUILD, ContractMiddleware, Options
from mediafleet.contract.operations import BodyRules
from mediafleet.contract.requests import Limits, Request
from mediafleet.contract.responses import Handler, Problem

_DEFAULT_LIMITS = Limits()
_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_CORS_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_NO_RULES: Mapping[str, BodyRules] = MappingProxyType({})


class UnfitOriginError(ContractError):
    """A configured origin could never match, or would match too much."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        super().__init__(
            f"{origin!r} is not an origin; write scheme://host or scheme://host:port in lower "
            "case, without a path"
        )


def create_app(
    specification: Mapping[str, Any],
    handlers: Mapping[str, Handler],
    *,
    authenticate: Callable[[str, str], bool],
    describe_error: Callable[[Exception], Problem | None],
    lifespan: Callable[[Any], AbstractAsyncContextManager[Any]] | None = None,
    limits: Limits = _DEFAULT_LIMITS,
    cors_origins: Collection[str] = (),
    protected_prefixes: Sequence[str] = ("/pro", "/api", "/openvidu/api", "/fleet"),
    now_ms: Callable[[], int],
    body_rules: Mapping[str, BodyRules] = _NO_RULES,
    failed_logins: FailedLogins | None = None,
    observe: Callable[[Request, int], None] = lambda *_: None,
) -> ASGIApp:
    """Make an ASGI application that serves the contract, all of it, or fail.

    Args:
        specification: OpenAPI 3.0 document as loaded from YAML or JSON.
        handlers: Coroutine functions by operationId. They take the parameters by their pythonic
            names (``extra-info`` is ``extra_info``) and ``body``, and return a body,
            ``(body, status)`` or ``(body, status, headers)``. An operation with
            ``x-waits-when: <boolean query parameter>`` is cancelled when that parameter is true and
            its client hangs up; one with ``x-ignores-unknown-parameters`` passes over query
            parameters that it does not list.
        authenticate: Compares a user name and a password, in constant time. Asked on every request.
        describe_error: The table of errors: asked for every exception a handler raises. None means
            a crash, which is logged and answered 500 without details. Must not raise.
        lifespan: Entered before the first request, left after the last one.
        limits: Bounds of a request.
        cors_origins: Origins whose web pages may call the API, compared exactly; none by default.
        protected_prefixes: At and below these paths every response needs credentials.
        now_ms: Milliseconds since the epoch, UTC; for the ``timestamp`` of error bodies.
        body_rules: Coroutine functions by operationId, for operations whose bodies keep more rules
            than a schema can say. They also see the valid properties of a body that breaks its
            schema, so that its 400 reports all errors at once. What they raise is handled like
            what a handler raises.
        failed_logins: Counts wrong credentials and slows down who sends many.
        observe: Called with each request and its status when its response begins; must not raise.

    Raises:
        ContractError: The contract and the program do not fit; says where.
        connexion.exceptions.InvalidSpecification: The document is not OpenAPI 3.0.
    """
    for origin in cors_origins:
        if _ORIGIN.fullmatch(origin) is None:
            raise UnfitOriginError(origin)
    options = Options(
        handlers,
        authenticate,
        describe_error,
        limits,
        tuple(protected_prefixes),
        now_ms,
        tuple(cors_origins),
        body_rules,
        failed_logins or FailedLogins(),
        observe,
    )
    middlewares: list[Any] = [partial(ContractMiddleware, options=options), LifespanMiddleware]
    if cors_origins:
        cors = partial(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=_CORS_METHODS,
            allow_headers=("Authorization", "Content-Type", "Last-Event-ID", "X-Request-Id"),
            expose_headers=("X-Request-Id",),
        )
        middlewares.insert(0, cors)
    app = connexion.AsyncApp(__name__, middlewares=middlewares, lifespan=lifespan)
    # A dict, not a file: Connexion would run a file through a template engine first.
    app.add_api(dict(specification), resolver=Resolver(partial(_find_handler, handlers)))
    _build(app)
    return app  # type: ignore[no-any-return]


def _find_handler(handlers: Mapping[str, Handler], operation_id: str) -> Handler:
    handler = handlers.get(operation_id)
    if handler is None:
        raise MissingHandlerError(operation_id)
    return handler


def _build(app: connexion.AsyncApp) -> None:
    """Have Connexion build its middlewares now: a bad contract must stop the program.

    Connexion builds them on the first ASGI scope. Served by uvicorn that is the lifespan, whose
    failure uvicorn takes for "no lifespan supported" and goes on.
    """
    building = app({"type": BUILD}, _unused, _unused)
    try:
        building.send(None)
    except StopIteration:
        return
    raise RuntimeError("building the application must not wait for anything")


async def _unused(*_: object) -> NoReturn:
    raise AssertionError("nothing is sent or received while the application is built")
