"""The layer and the Connexion application as delivered give handlers the same arguments.

Both serve openapi.yaml over handlers that only record. Connexion validates with another library
(jsonschema, not jsonschema-rs) and binds parameters by its own code, so this compares two
independent readings of the contract. What requests look like on the wire, and which answers the
layer gives to bad ones, is tested beside this file.
"""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import connexion
import pytest
import requests
import schemathesis
from connexion.lifecycle import ConnexionResponse
from connexion.resolver import Resolver
from connexion.security import BasicSecurityHandler
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import seed as seeded

from mediafleet.app.contract_file import load_contract
from mediafleet.contract import Options, Problem, create_app

SPECIFICATION: dict[str, Any] = dict(load_contract())
OPERATIONS = {
    operation.ok().definition.raw["operationId"]: operation.ok()
    for operation in schemathesis.openapi.from_dict(SPECIFICATION).get_all_operations()
}
EXAMPLES = 15
CREDENTIALS = ("OPENVIDUAPP", "secret")


class Called(Exception):  # noqa: N818 - it ends the request, and is no error
    """A handler was called, with these arguments."""


async def record(**arguments: Any) -> None:
    for name in ("user", "token_info"):  # Connexion adds them
        arguments.pop(name, None)
    raise Called({name: value for name, value in arguments.items() if value is not None})


class Basic(BasicSecurityHandler):  # type: ignore[misc]
    def _resolve_func(self, _: object) -> Any:
        return lambda username, _password: {"sub": username}


class Application:
    """An ASGI application, and what its last handler was called with."""

    arguments: dict[str, Any] | None

    def describe_error(self, error: Exception) -> Problem | None:
        if isinstance(error, Called):
            self.arguments = error.args[0]
            return Problem(400, "called")
        return None

    def ours(self) -> Any:
        return create_app(
            SPECIFICATION,
            Options(
                dict.fromkeys(OPERATIONS, record),
                authenticate=lambda *_: True,
                describe_error=self.describe_error,
                now_ms=lambda: 1,
            ),
        )

    def delivered(self) -> Any:
        app = connexion.AsyncApp(
            __name__,
            strict_validation=True,
            pythonic_params=True,
            security_map={"basic": Basic},
            resolver=Resolver(lambda _: record),
        )
        app.add_api(dict(SPECIFICATION))

        async def answer(_: Any, error: Exception) -> ConnexionResponse:
            self.describe_error(error)
            return ConnexionResponse(status_code=400, body="")

        app.add_error_handler(Called, answer)
        return app

    async def call(self, app: Any, request: requests.PreparedRequest) -> dict[str, Any] | None:
        """Have a request served; what the handler was called with, None if it was not called."""
        self.arguments = None
        path, _, query = request.path_url.partition("?")
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": requests.utils.unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (
                    name.lower().encode(),
                    value.encode("latin-1") if isinstance(value, str) else value,
                )
                for name, value in request.headers.items()
            ],
        }

        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, Any]:
            return next(messages, {"type": "http.disconnect"})

        async def send(_: Any) -> None:
            return

        await app(scope, receive, send)
        return self.arguments


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def applications() -> tuple[tuple[Application, Any], tuple[Application, Any]]:
    ours, delivered = Application(), Application()
    return (ours, ours.ours()), (delivered, delivered.delivered())


@pytest.mark.parametrize("operation_id", OPERATIONS)
@pytest.mark.usefixtures("logged_errors")  # Connexion logs some of its own failures
def test_handlers_get_the_same_arguments_of_a_valid_request(
    loop, applications, caplog, operation_id
) -> None:
    caplog.set_level(logging.WARNING, "connexion")
    (ours, our_app), (delivered, delivered_app) = applications

    @seeded(101)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[operation_id].as_strategy())
    def compare(case: Any) -> None:
        arguments = case.as_transport_kwargs(base_url="http://localhost")
        for name in ("cookies", "timeout", "verify", "cert", "proxies", "allow_redirects"):
            arguments.pop(name, None)
        request = requests.Request(**arguments, auth=CREDENTIALS).prepare()
        assume("%0A" not in request.path_url)  # Connexion's routes match no line break
        # Without it Connexion hands the handler bytes, even where the schema has a default.
        request.headers.setdefault("Content-Type", "application/json")
        # Connexion neither converts a header parameter nor gives it to the handler.
        request.headers.pop("Last-Event-ID", None)
        got = loop.run(ours.call(our_app, request))
        assert got is not None
        assert loop.run(delivered.call(delivered_app, request)) == got

    compare()
