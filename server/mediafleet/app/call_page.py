"""A page with a small call, for demos: only a browser on this machine may use it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from mediafleet.domain.call_errors import SessionExistsError
from mediafleet.domain.calls import ConnectionProperties
from mediafleet.domain.errors import MediafleetError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mediafleet.services.calls import Calls

PREFIX = "/call/"
_DIRECTORY = Path(__file__).parent / "call_page"
_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_BODY = 1024
_HEADERS = [
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
]


class CallPageMiddleware:
    """ASGI middleware that serves the page, and passes all other requests to the application.

    Every browser that opens the page gets tokens without the secret. So the name of the host must
    be that of this machine, and a token is given to pages of the same origin only: no other site
    can have one.

    Args:
        app: Serves everything else.
        calls: Makes sessions and tokens.
    """

    def __init__(self, app: ASGIApp, calls: Calls) -> None:
        self._app = app
        self._calls = calls
        self._page = Starlette(
            routes=[
                Route("/call/token", self._create_token, methods=["POST"]),
                Mount("/call", StaticFiles(directory=_DIRECTORY, html=True)),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        if re.sub(r":\d+$", "", host) not in _HOSTS:
            response = Response("The page is for browsers on this machine.", 403)
            await response(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await send(message)

        await self._page(scope, receive, send_with_headers)

    async def _create_token(self, request: Request) -> Response:
        origin = f"{request.url.scheme}://{request.headers.get('host')}"
        if request.headers.get("origin") != origin:
            return JSONResponse({"message": "Only this page may ask for a token."}, 403)
        session_id = _session_id(await _body(request))
        if session_id is None:
            return JSONResponse({"message": "A session has a name of A-Z, a-z, 0-9, _ and -."}, 400)
        try:
            with suppress(SessionExistsError):
                defaults = self._calls.session_defaults
                await self._calls.create_session(replace(defaults, custom_session_id=session_id))
            connection = await self._calls.create_connection(session_id, ConnectionProperties())
        except MediafleetError as error:
            return JSONResponse({"message": str(error)}, 503)
        token = f"ws://{request.headers['host']}?sessionId={session_id}&token={connection.token}"
        return JSONResponse({"token": token})


async def _body(request: Request) -> bytes:
    """Read the body of a request, or as much of it as shows that it is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BODY:
            break
    return body


def _session_id(body: bytes) -> str | None:
    """Return the session that a body names; ``None`` if it names none."""
    try:
        given = orjson.loads(body)["session"] if len(body) <= _MAX_BODY else None
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    return given if isinstance(given, str) and _SESSION_ID.fullmatch(given) else None
