"""A small contract, its handlers and a server thread, for tests of the contract layer alone."""

import hmac
import socket
import threading
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from copy import deepcopy
from typing import Any

import anyio
import uvicorn
from connexion import NoContent
from starlette.types import ASGIApp

from mediafleet.contract import (
    BoundedHttpProtocol,
    EncodedJson,
    Handshake,
    Limits,
    Options,
    Problem,
    TlsListener,
    create_app,
)

USER = "OPENVIDUAPP"
SECRET = "öpen:sesame"
NOW_MS = 1_600_678_236_916

_ERROR_CONTENT = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": dict(schema)}}


def _errors(*statuses: int) -> dict[str, Any]:
    """What the layer itself answers to whatever is asked, and the statuses given."""
    every = sorted({400, 500, *statuses})
    return {str(s): {"description": "an error", "content": _ERROR_CONTENT} for s in every}


def _flag(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "boolean", "default": False}}


def _query(name: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema}


_JAR_ID = {
    "name": "JAR_ID",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "maxLength": 20, "pattern": "^[A-Za-z0-9_-]+$"},
}
_BASIC: list[dict[str, list[str]]] = [{"basicAuth": []}]
_JAR = {"$ref": "#/components/schemas/Jar"}

CONTRACT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Jars", "version": "1"},
    "paths": {
        "/pro/jars": {
            "get": {
                "operationId": "list_jars",
                "security": _BASIC,
                "parameters": [
                    _flag("open"),
                    _flag("extra-info"),
                    _query("kind", {"type": "string", "enum": ["jam", "honey"]}),
                    _query("limit", {"type": "integer", "format": "int32", "minimum": 1}),
                    _query("ratio", {"type": "number", "maximum": 10}),
                    _query("label", {"type": "string", "maxLength": 20}),
                ],
                "responses": {
                    "200": {"description": "d", "content": _json({"type": "array", "items": _JAR})},
                    **_errors(401),
                },
            },
            "post": {
                "operationId": "add_jar",
                "security": _BASIC,
                "x-waits-when": "wait",
                "parameters": [_flag("wait")],
                "requestBody": {"content": _json({"$ref": "#/components/schemas/NewJar"})},
                "responses": {
                    "200": {"description": "d", "content": _json(_JAR)},
                    **_errors(401, 403, 409, 413, 415),
                },
            },
        },
        "/pro/jars/{JAR_ID}": {
            "get": {
                "operationId": "get_jar",
                "security": _BASIC,
                "parameters": [_JAR_ID],
                "responses": {
                    "200": {"description": "d", "content": _json(_JAR)},
                    **_errors(401, 404),
                },
            },
            "patch": {
                "operationId": "modify_jar",
                "security": _BASIC,
                "parameters": [_JAR_ID],
                "requestBody": {
                    "required": True,
                    "content": _json({"$ref": "#/components/schemas/JarPatch"}),
                },
                "responses": {
                    "200": {"description": "d", "content": _json(_JAR)},
                    "204": {"description": "unchanged"},
                    **_errors(401, 403, 404, 413, 415),
                },
            },
            "delete": {
                "operationId": "remove_jar",
                "security": _BASIC,
                "x-waits-when": "wait",
                "parameters": [_JAR_ID, _flag("wait")],
                "responses": {
                    "202": {"description": "later"},
                    "204": {"description": "gone"},
                    **_errors(401, 403, 404),
                },
            },
        },
        "/pro/echo": {
            "post": {
                "operationId": "echo",
                "security": _BASIC,
                "requestBody": {"required": True, "content": _json({"maxProperties": 1000})},
                "responses": {
                    "200": {"description": "d", "content": _json({})},
                    **_errors(401, 403, 413, 415),
                },
            }
        },
        "/pro/settings": {
            "put": {
                "operationId": "set_settings",
                "security": _BASIC,
                "requestBody": {
                    "required": True,
                    "content": _json({"$ref": "#/components/schemas/Settings"}),
                },
                "responses": {"204": {"description": "done"}, **_errors(401, 403, 413, 415)},
            }
        },
        "/pro/names/{NAME}": {
            "get": {
                "operationId": "get_name",
                "security": _BASIC,
                "x-ignores-unknown-parameters": True,
                "parameters": [
                    {"name": "NAME", "in": "path", "required": True, "schema": {"type": "string"}},
                    _query("q", {"type": "string"}),
                ],
                "responses": {
                    "200": {"description": "d", "content": _json({"type": "object"})},
                    **_errors(401),
                },
            }
        },
        "/pro/odd": {
            "get": {
                "operationId": "odd",
                "security": _BASIC,
                "parameters": [_query("how", {"type": "string"}, required=True)],
                "responses": {
                    "200": {"description": "d", "content": _json(_JAR)},
                    "201": {
                        "description": "d",
                        "headers": {
                            "X-Place": {
                                "required": True,
                                "schema": {"type": "string", "maxLength": 40},
                            },
                            "X-Row": {"schema": {"type": "integer", "format": "int32"}},
                        },
                        "content": _json(_JAR),
                    },
                    "204": {"description": "nothing"},
                    "406": {"description": "an error that says nothing more"},
                    "503": {
                        "description": "busy",
                        "headers": {
                            "Retry-After": {"required": True, "schema": {"type": "string"}}
                        },
                        "content": _ERROR_CONTENT,
                    },
                    **_errors(401, 409),
                },
            }
        },
        "/pro/ticks": {
            "get": {
                "operationId": "stream_ticks",
                "security": _BASIC,
                "parameters": [
                    _query("how", {"type": "string"}, required=True),
                    {
                        "name": "Last-Event-ID",
                        "in": "header",
                        "schema": {"type": "string", "pattern": "^[0-9]{1,9}$"},
                    },
                ],
                "responses": {
                    "200": {
                        "description": "d",
                        "headers": {"X-Row": {"schema": {"type": "integer", "format": "int32"}}},
                        "content": {"text/event-stream": {"schema": {"type": "string"}}},
                    },
                    "204": {"description": "nothing"},
                    **_errors(401, 409),
                },
            }
        },
        "/open": {
            "get": {
                "operationId": "open_door",
                "responses": {
                    "200": {"description": "d", "content": _json({"type": "object"})},
                    **_errors(),
                },
            }
        },
    },
    "components": {
        "securitySchemes": {"basicAuth": {"type": "http", "scheme": "basic"}},
        "schemas": {
            "Jar": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "grams"],
                "properties": {
                    "id": {"type": "string"},
                    "grams": {"type": "integer", "format": "int64", "minimum": 0},
                    "label": {"type": "string", "nullable": True},
                },
            },
            "NewJar": {
                "type": "object",
                "default": {},
                "properties": {
                    "grams": {"type": "integer", "format": "int64", "minimum": 0},
                    "share": {"type": "number", "minimum": 0, "maximum": 100},
                    "label": {"type": "string", "maxLength": 10, "pattern": "^[a-z]*$"},
                    "tags": {"type": "array", "items": {"type": "string", "maxLength": 5}},
                },
            },
            "JarPatch": {
                "type": "object",
                "additionalProperties": False,
                "required": ["grams"],
                "properties": {
                    "grams": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647}
                },
            },
            "Settings": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "secret": {
                        "type": "string",
                        "format": "password",
                        "writeOnly": True,
                        "x-secret": True,
                        "minLength": 8,
                        "maxLength": 12,
                        "pattern": "^[a-z]+$",
                    },
                    "mode": {"type": "string", "enum": ["on", "off"]},
                    "since": {"type": "string", "format": "date-time"},
                },
            },
            "ErrorBody": {
                "type": "object",
                "additionalProperties": False,
                "required": ["timestamp", "status", "error", "message", "path"],
                "properties": {
                    "timestamp": {"type": "integer", "format": "int64"},
                    "status": {"type": "integer", "minimum": 400, "maximum": 599},
                    "error": {"type": "string", "maxLength": 64},
                    "message": {"type": "string", "maxLength": 8192},
                    "path": {"type": "string", "maxLength": 1000},
                    "errors": {
                        "type": "array",
                        "maxItems": 100,
                        "items": {
                            "type": "object",
                            "required": ["message"],
                            "properties": {
                                "message": {"type": "string", "maxLength": 8192},
                                "field": {"type": "string", "maxLength": 512},
                            },
                        },
                    },
                },
            },
        },
    },
}


class JarError(Exception):
    """A domain error that carries its answer."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


class Crash(Exception):  # noqa: N818 - it stands for a bug
    """An exception nobody foresaw."""


class Jars:
    """Handlers that note what reaches them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.waiting = threading.Event()
        self.cancelled = threading.Event()
        self.go_on = threading.Event()
        self.closed = threading.Event()

    def handlers(self) -> dict[str, Any]:
        """Name the handlers by operationId."""
        ids = [o["operationId"] for item in CONTRACT["paths"].values() for o in item.values()]
        return {operation_id: getattr(self, operation_id) for operation_id in ids}

    async def list_jars(self, *, open_: bool, extra_info: bool, **rest: Any) -> Any:
        self.calls.append(("list_jars", {"open": open_, "extra_info": extra_info, **rest}))
        return [{"id": "a", "grams": 1}]

    async def add_jar(self, *, wait: bool, body: Any) -> Any:
        self.calls.append(("add_jar", {"wait": wait, "body": body}))
        if wait:
            await self._wait()
        return {"id": "new", "grams": body.get("grams", 0)}, 200

    async def get_jar(self, jar_id: str) -> Any:
        self.calls.append(("get_jar", {"jar_id": jar_id}))
        if jar_id == "none":
            raise JarError(Problem(404, "no such jar: none"))
        return {"id": jar_id, "grams": 7, "label": None}

    async def modify_jar(self, jar_id: str, body: Any) -> Any:
        self.calls.append(("modify_jar", {"jar_id": jar_id, "body": body}))
        if body["grams"] == 0:
            return NoContent, 204
        return {"id": jar_id, "grams": body["grams"]}

    async def remove_jar(self, jar_id: str, *, wait: bool) -> Any:
        self.calls.append(("remove_jar", {"jar_id": jar_id, "wait": wait}))
        if wait:
            await self._wait()
        if jar_id == "missing":
            raise JarError(Problem(404, "no such jar: missing"))
        return None, 202

    async def echo(self, body: Any) -> Any:
        self.calls.append(("echo", {"body": body}))
        return {"value": body}

    async def set_settings(self, body: Any) -> Any:
        self.calls.append(("set_settings", {"body": body}))
        return None, 204

    async def get_name(self, name: str, q: str | None = None) -> Any:
        self.calls.append(("get_name", {"name": name, "q": q}))
        return {"name": name, "q": q}

    async def odd(self, how: str) -> Any:
        answer = self._ticks("three") if how == "stream" else ODD[how]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def stream_ticks(self, how: str, last_event_id: str | None = None) -> Any:
        self.calls.append(("stream_ticks", {"how": how, "last_event_id": last_event_id}))
        match how:
            case "wrong header":
                return self._ticks(how), 200, {"X-Row": "one"}
            case "undocumented status":
                return self._ticks(how), 299
            case "no body documented":
                return self._ticks(how), 204
            case "own type":
                return self._ticks("three"), 200, {"Content-Type": "text/event-stream"}
        return self._ticks(how)

    async def _ticks(self, how: str) -> AsyncGenerator[bytes, None]:
        try:
            for number in range(3):
                yield b"tick %d\n" % number
            if how == "endless":
                await self._wait()
            elif how == "crash":
                raise Crash("CANARY-CRASH")
            while how == "flood":
                yield b"x" * 65_536
        finally:
            self.closed.set()

    async def open_door(self) -> Any:
        self.calls.append(("open_door", {}))
        return {"open": True}

    async def _wait(self) -> None:
        self.waiting.set()
        try:
            while not self.go_on.is_set():
                await anyio.sleep(0.01)
        except anyio.get_cancelled_exc_class():
            self.cancelled.set()
            raise


_DEEP: list[Any] = []
for _ in range(2000):
    _DEEP = [_DEEP]

ODD: dict[str, Any] = {
    "good": {"id": "a", "grams": 1},
    "encoded": EncodedJson(b'{"id":"e","grams":2}'),
    "wrong body": {"id": "CANARY-BODY", "grams": "heavy"},
    "no body": None,
    "empty but documented": (None, 200),
    "undocumented status": ({"id": "a", "grams": 1}, 299),
    "body where none is documented": ({"id": "a", "grams": 1}, 204),
    "header missing": ({"id": "a", "grams": 1}, 201),
    "header given": ({"id": "a", "grams": 1}, 201, {"X-Place": "shelf\r\nX-Evil: 1"}),
    "header too long": ({"id": "a", "grams": 1}, 201, {"X-Place": "x" * 41}),
    "header of another type": (
        {"id": "a", "grams": 1},
        201,
        {"X-Place": "shelf", "X-Row": "CANARY-HEADER"},
    ),
    "not json": ({"id": "a", "grams": 1, "label": object()}, 200),
    "surrogate": {"id": "\ud800", "grams": 1},
    "deep": {"id": "a", "grams": 1, "label": _DEEP},
    "crash": Crash("CANARY-CRASH"),
    "group": ExceptionGroup("many", [Crash("CANARY-CRASH")]),
    "problem": JarError(Problem(409, "already\r\nthere\x1b[31m")),
    "long problem": JarError(Problem(409, "x" * 9000)),
    "problem without a body": JarError(Problem(406, "nobody reads this")),
    "problem with header": JarError(Problem(503, "busy", (("Retry-After", "5"),))),
    "problem without header": JarError(Problem(503, "busy")),
    "undocumented problem": JarError(Problem(418, "teapot")),
}


def describe_error(error: Exception) -> Problem | None:
    """Know the jars' own errors."""
    return error.problem if isinstance(error, JarError) else None


def authenticate(user: str, secret: str) -> bool:
    """Compare with the one pair of credentials."""
    same_user = hmac.compare_digest(user.encode(), USER.encode())
    return same_user & hmac.compare_digest(secret.encode(), SECRET.encode())


def contract() -> dict[str, Any]:
    """Copy the contract, to be changed."""
    return deepcopy(CONTRACT)


def make_app(jars: Jars, specification: Mapping[str, Any] = CONTRACT, **options: Any) -> ASGIApp:
    """Make the application of the small contract; *options* override its defaults."""
    settings: dict[str, Any] = {
        "authenticate": authenticate,
        "describe_error": describe_error,
        "now_ms": lambda: NOW_MS,
        "limits": Limits(body_bytes=10_000, body_seconds=0.5, linger_seconds=0.5),
    }
    lifespan = options.pop("lifespan", None)
    return create_app(specification, Options(jars.handlers(), **(settings | options)), lifespan)


class _TlsServer(uvicorn.Server):
    """Listens as the product does when it has a certificate."""

    def __init__(self, config: uvicorn.Config, http: type[BoundedHttpProtocol], tls: Any) -> None:
        super().__init__(config)
        self._http = http
        self._context = tls

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets=[])

        def make_protocol(handshake: Handshake) -> BoundedHttpProtocol:
            made = self._http(config=self.config, server_state=self.server_state, app_state={})
            made.replaces = handshake
            return made

        listener = TlsListener(
            sockets,
            self._context,
            make_protocol,
            table=self._http.table(self.server_state),
            handshake_seconds=self._http.head_seconds,
            backlog=100,
        )
        self.servers.append(listener)  # type: ignore[arg-type]


@contextmanager
def serving(
    app: Any, *, http: Any = BoundedHttpProtocol, tls: Any = None, last_answers_s: int = 2
) -> Iterator[tuple[str, int]]:
    """Serve *app* on a free loopback port in a thread of its own; gives the address.

    Args:
        app: The application.
        http: uvicorn's option.
        tls: What to encrypt with.
        last_answers_s: What requests get to end when the server stops.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=http,
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=last_answers_s,
    )
    server = uvicorn.Server(config) if tls is None else _TlsServer(config, http, tls)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            assert thread.is_alive(), "the server died while starting"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.01)
        host, port = listener.getsockname()[:2]
        yield host, port
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        assert not thread.is_alive(), "the server did not stop"


@asynccontextmanager
async def noting_lifespan(notes: list[str]) -> Any:
    """Note when the application starts and stops."""
    notes.append("started")
    yield
    notes.append("stopped")
