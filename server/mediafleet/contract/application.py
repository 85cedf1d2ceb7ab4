"""The Connexion application made from a contract, its handlers and a few callables."""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, NoReturn

import connexion
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.resolver import Resolver
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from mediafleet.contract.errors import ContractError
from mediafleet.contract.middleware import BUILD, ContractMiddleware, Options

_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_CORS_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


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
    options: Options,
    lifespan: Callable[[Any], AbstractAsyncContextManager[Any]] | None = None,
) -> ASGIApp:
    """Make an ASGI application that serves the contract, all of it, or fail.

    Args:
        specification: OpenAPI 3.0 document as loaded from YAML or JSON.
        options: What else the application is made of.
        lifespan: Entered before the first request, left after the last one.

    Raises:
        ContractError: The contract and the program do not fit; says where.
        connexion.exceptions.InvalidSpecification: The document is not OpenAPI 3.0.
    """
    for origin in options.cors_origins:
        if _ORIGIN.fullmatch(origin) is None:
            raise UnfitOriginError(origin)
    middlewares: list[Any] = [partial(ContractMiddleware, options=options), LifespanMiddleware]
    if options.cors_origins:
        cors = partial(
            CORSMiddleware,
            allow_origins=list(options.cors_origins),
            allow_methods=_CORS_METHODS,
            allow_headers=("Authorization", "Content-Type", "Last-Event-ID", "X-Request-Id"),
            expose_headers=("X-Request-Id",),
        )
        middlewares.insert(0, cors)
    app = connexion.AsyncApp(__name__, middlewares=middlewares, lifespan=lifespan)
    # A dict, not a file: Connexion would run a file through a template engine first.
    app.add_api(dict(specification), resolver=Resolver(options.handlers.get))
    _build(app)
    return app  # type: ignore[no-any-return]


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
