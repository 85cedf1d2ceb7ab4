"""What the layer uses of Connexion and uvicorn is there in the versions installed."""

import contextlib
import inspect

import connexion
import pytest
from connexion.decorators.parameter import pythonic
from connexion.middleware.abstract import SpecMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.spec import Specification
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from mediafleet.contract.transport import unsupported_internals
from support.contract_app import contract


def test_connexion_builds_the_middlewares_it_is_given_and_hands_them_the_contract() -> None:
    given = []

    class Middleware(SpecMiddleware):
        def __init__(self, app: object) -> None:
            self.app = app

        def add_api(self, specification: Specification, **_: object) -> None:
            given.append(specification)

        async def __call__(self, *_: object) -> None:
            return

    async def handle(**_: object) -> None:
        return

    app = connexion.AsyncApp(__name__, middlewares=[Middleware, LifespanMiddleware])
    resolver = connexion.resolver.Resolver(lambda _: handle)
    app.add_api(contract() | {"servers": [{"url": "https://x/base"}]}, resolver=resolver)
    with contextlib.suppress(StopIteration):
        app({"type": "any"}, None, None).send(None)
    (specification,) = given
    assert specification.base_path == "/base"
    assert specification.get("security", []) == []
    operation = specification["paths"]["/pro/jars"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body["type"] == "object"  # references are resolved


def test_connexion_names_arguments_as_the_contract_needs_it() -> None:
    names = ["extra-info", "MEDIA_NODE_ID", "deletion-strategy", "open"]
    assert [pythonic(name) for name in names] == [
        "extra_info",
        "media_node_id",
        "deletion_strategy",
        "open_",
    ]
    assert list(inspect.signature(pythonic).parameters) == ["name"]


def test_the_internals_of_uvicorn_that_are_used_are_there() -> None:
    assert unsupported_internals() == []


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (HttpToolsProtocol, "on_body", lambda self, body, more: None),
        (HttpToolsProtocol, "_should_upgrade", None),
        (RequestResponseCycle, "__init__", lambda self: None),
        (WebSocketsSansIOProtocol, "handle_ping", lambda self, frame: None),
    ],
)
def test_other_internals_are_found_by_name(monkeypatch, owner, name, value) -> None:
    monkeypatch.setattr(owner, name, value)

    assert unsupported_internals()[0].startswith(owner.__name__)
