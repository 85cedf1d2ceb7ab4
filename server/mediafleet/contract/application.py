"""The Connexion application made from a contract, its handlers and a few callables."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import MappingProxyType
from typing import Any, NoReturn

import connexion
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.resolver import Resolver
from starlette.types import ASGIApp

from mediafleet.contract.answers import Handler, Problem
from mediafleet.contract.authentication import FailedLogins
from mediafleet.contract.cors import CorsMiddleware
from mediafleet.contract.errors import MissingHandlerError
from mediafleet.contract.limits import Limits
from mediafleet.contract.members import BodyRules
from mediafleet.contract.middleware import COMPILE, ContractMiddleware, Serving

_DEFAULT_LIMITS = Limits()
_NO_RULES: Mapping[str, BodyRules] = MappingProxyType({})


def create_app(
    specification: Mapping[str, Any],
    handlers: Mapping[str, Handler],
    *,
    authenticate: Callable[[str, str], bool],
    describe_error: Callable[[Exception], Problem | None],
    lifespan: Callable[[Any], AbstractAsyncContextManager[Any]] | None = None,
    limits: Limits = _DEFAULT_LIMITS,
    cors_origins: Collection[str] = (),
    protected_prefixes: Sequence[str] = ("/pro", "/openvidu/api", "/fleet"),
    now_ms: Callable[[], int],
    body_rules: Mapping[str, BodyRules] = _NO_RULES,
    failed_logins: FailedLogins | None = None,
) -> ASGIApp:
    """Make an ASGI application that serves the contract, all of it, or fail.

    Args:
        specification: OpenAPI 3.0 document as loaded from YAML or JSON.
        handlers: Coroutine functions by operationId. They take the parameters by their pythonic
            names (``extra-info`` is ``extra_info``) and ``body``, and return a body,
            ``(body, status)`` or ``(body, status, headers)``. An operation with
            ``x-waits-when: <boolean query parameter>`` is cancelled when that parameter is true and
            its client hangs up.
        authenticate: Compares a user name and a password, in constant time. Asked on every request.
        describe_error: The table of errors: asked for every exception a handler raises. None means
            a crash, which is logged and answered 500 without details. Must not raise.
        lifespan: Entered before the first request, left after the last one.
        limits: Bounds of a request.
        cors_origins: Origins whose web pages may call the API, compared exactly; none by default.
        protected_prefixes: At and below these paths nothing is told without credentials.
        now_ms: Milliseconds since the epoch, UTC; for the ``timestamp`` of error bodies.
        body_rules: Coroutine functions by operationId, for operations whose bodies keep more rules
            than a schema can say. A body that breaks its schema is shown to them too, in so far as
            it keeps it, so that its 400 tells everything at once. What they raise is like what a
            handler raises.
        failed_logins: Counts wrong credentials and slows down who sends many.

    Raises:
        ContractError: The contract and the program do not fit; says where.
        connexion.exceptions.InvalidSpecification: The document is not OpenAPI 3.0.
    """
    serving = Serving(
        authenticate,
        describe_error,
        limits,
        tuple(protected_prefixes),
        now_ms,
        tuple(cors_origins),
        body_rules,
        failed_logins or FailedLogins(),
    )
    middlewares: list[Any] = [partial(ContractMiddleware, serving=serving), LifespanMiddleware]
    if cors_origins:
        middlewares.insert(0, partial(CorsMiddleware, origins=tuple(cors_origins)))
    app = connexion.AsyncApp(__name__, middlewares=middlewares, lifespan=lifespan)
    # A dict, not a file: Connexion would run a file through a template engine first.
    app.add_api(dict(specification), resolver=Resolver(partial(_find_handler, handlers)))
    return _built(app)


def _find_handler(handlers: Mapping[str, Handler], operation_id: str) -> Handler:
    handler = handlers.get(operation_id)
    if handler is None:
        raise MissingHandlerError(operation_id)
    return handler


def _built(app: connexion.AsyncApp) -> ASGIApp:
    """Have Connexion build its middlewares now: a bad contract must stop the program.

    It builds them on the first ASGI scope. Served by uvicorn that is the lifespan, whose failure
    uvicorn takes for "no lifespan supported" and goes on.

    Returns:
        The outermost of them, without the two calls of Connexion's around each request that see to
        this: they cost 3 % of a short one.
    """
    building = app({"type": COMPILE}, _unused, _unused)
    try:
        building.send(None)
    except StopIteration:
        outermost: ASGIApp = app.middleware.app
        return outermost
    raise RuntimeError("building the application must not wait for anything")


async def _unused(*_: object) -> NoReturn:
    raise AssertionError("nothing is sent or received while the application is built")
