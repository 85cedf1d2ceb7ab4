"""The stock Connexion application: what the contract layer has to mean."""

import json
from collections.abc import Mapping
from typing import Any

import connexion
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionResponse
from connexion.resolver import Resolver
from connexion.security import BasicSecurityHandler
from starlette.exceptions import HTTPException

from mediafleet.contract import Problem
from mediafleet.contract.responses import error_body


def stock_app(given: Mapping[str, Any]) -> connexion.AsyncApp:
    """Connexion as its documentation has it, with everything that the program gives to our layer.

    Args:
        given: The arguments of :func:`mediafleet.contract.create_app`, by name.
    """
    authenticate, describe_error = given["authenticate"], given["describe_error"]

    class Basic(BasicSecurityHandler):  # type: ignore[misc]
        def _resolve_func(self, _: object) -> Any:
            return lambda username, password: (
                {"sub": username} if authenticate(username, password) else None
            )

    app = connexion.AsyncApp(
        __name__,
        strict_validation=True,
        validate_responses=True,
        pythonic_params=True,
        security_map={"basic": Basic},
        resolver=Resolver(given["handlers"].__getitem__),
    )
    app.add_api(dict(given["specification"]))

    async def answer_error(request: Any, error: Exception) -> ConnexionResponse:
        problem = describe_error(error)
        if problem is None and isinstance(error, HTTPException):
            headers = tuple((error.headers or {}).items())
            problem = Problem(error.status_code, str(error.detail), headers)
        problem = problem or Problem(500, "")
        path = request.scope["path"]
        body = error_body(problem.status, problem.message, path=path, now_ms=given["now_ms"]())
        return ConnexionResponse(
            status_code=problem.status,
            content_type="application/json",
            mimetype="application/json",
            body=json.dumps(body),
            headers=dict(problem.headers),
        )

    for kind in (Exception, HTTPException, ProblemException):
        app.add_error_handler(kind, answer_error)
    return app
