"""The HTTP protocol under the application: it bounds what a client may cost."""

import asyncio
import inspect
import math
import time
from collections.abc import Mapping
from typing import Any, Final

import httptools
from starlette.types import Receive, Scope, Send
from typing_extensions import override
from uvicorn import Config
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets import websockets_sansio_impl
from uvicorn.server import ServerState

from mediafleet.contract import websocket_transport
from mediafleet.contract.connections import (
    ConnectionLimits,
    ConnectionTable,
    Handshake,
    address_key,
    table_of,
)
from mediafleet.contract.requests import REQUEST_ID, Request
from mediafleet.contract.responses import (
    ABORT,
    AUTHENTICATED,
    error_body,
    error_response,
    header_bytes,
)
from mediafleet.contract.routing import is_below
from mediafleet.contract.websocket_transport import BoundedWebSocketProtocol

_NEVER: Final = math.inf
_BLANK_LINE: Final = b"\r\n\r\n"
_WITHOUT_HOST: Final = frozenset({"0.9", "1.0"})
_RETRY_AFTER_S: Final = 5
_TOO_MANY = "The server has as many connections as it may have, all of them busy; try again later"


_METHODS: Final = {
    "connection_made": ["self", "transport"],
    "connection_lost": ["self", "exc"],
    "data_received": ["self", "data"],
    "on_message_begin": ["self"],
    "on_headers_complete": ["self"],
    "on_body": ["self", "body"],
    "on_message_complete": ["self"],
    "on_response_complete": ["self"],
    "pause_writing": ["self"],
    "resume_writing": ["self"],
    "handle_websocket_upgrade": ["self"],
    "send_400_response": ["self", "msg"],
    "_should_upgrade": ["self"],
}
_ATTRIBUTES: Final = frozenset(
    (
        *("app", "client", "config", "cycle", "flow", "headers", "loop", "parser", "scope"),
        *("server_state", "timeout_keep_alive", "transport", "ws_protocol_class"),
    )
)
_CYCLE_ATTRIBUTES: Final = frozenset(
    ("disconnected", "keep_alive", "message_event", "response_complete", "response_started")
)


def unsupported_internals() -> list[str]:
    """Compare the internals of uvicorn that the bounded protocols use with those installed.

    Returns:
        What is missing or different; empty when the classes can be used.
    """
    found = [
        *_differences(httptools_impl.HttpToolsProtocol, _METHODS, _ATTRIBUTES),
        *_differences(
            websockets_sansio_impl.WebSocketsSansIOProtocol,
            websocket_transport.METHODS,
            websocket_transport.ATTRIBUTES,
        ),
    ]
    set_by_cycle = httptools_impl.RequestResponseCycle.__init__.__code__.co_names
    missing = sorted(_CYCLE_ATTRIBUTES.difference(set_by_cycle))
    return found + [f"RequestResponseCycle.{name}" for name in missing]


def _differences(
    protocol: type,
    methods: Mapping[str, list[str]],
    attributes: frozenset[str],
) -> list[str]:
    owner = protocol.__name__
    found = []
    for name, parameters in methods.items():
        method = getattr(protocol, name, None)
        if method is None or list(inspect.signature(method).parameters) != parameters:
            found.append(f"{owner}.{name}")
    config = Config(_no_application, lifespan="off", log_config=None)
    try:
        made = protocol(config=config, server_state=ServerState(), app_state={}, _loop=object())
    except (AttributeError, TypeError):
        return [*found, f"{owner}()"]
    return found + [f"{owner}.{name}" for name in sorted(attributes - vars(made).keys())]


async def _no_application(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nothing is served by a protocol without a connection")


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with bounds on what a client can take without being entitled to anything.

    - The parser is given one request at a time; what comes behind it waits for its answer, and
      reading stops meanwhile if that is much. So a wrong request behind a good one is refused after
      the good one was answered.
    - A request for another protocol than WebSocket, or at another path than those of WebSockets, is
      served as if it asked for none (RFC 9110, 7.8).
    - Every connection is in a :class:`ConnectionTable` and has a deadline, but while the
      application works for it.

    Hand the class to ``uvicorn.Config(http=...)``. A client over a bound is answered 400 in plain
    text, as uvicorn does with what is not HTTP, or just cut off where no response fits: in the
    middle of another answer, or when it does not read. One connection too many is answered 503 in
    the contract's form.

    Attributes:
        limits: How many connections there may be.
        head_bytes: Longest request line with all headers, and longest trailers.
        head_seconds: Time for a head to arrive: from the connection, or from the first byte after
            an answer when the connection is kept alive. Empty lines before a head do not renew it.
            A TLS handshake has the same time, before that.
        unread_seconds: Time for the client to read answers once it has stopped.
        held_bytes: Bytes behind a request under way from which on reading stops; up to one read of
            the socket more is kept.
        websocket_paths: Paths of WebSockets; below one that ends with a slash all are.
        reserved_paths: Served on connections of the reserve too, with what lies below them.
    """

    limits = ConnectionLimits()
    head_bytes = 65_536
    head_seconds = 10.0
    unread_seconds = 20.0
    held_bytes = 16_384
    websocket_paths: tuple[str, ...] = ()
    reserved_paths: tuple[str, ...] = ()

    replaces: Handshake | None = None
    """Set before the connection is made: the TLS handshake that led to it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **options)
        self._table = self.table(self.server_state)
        self.peer = ""
        self._admitted = True
        self._deadline = _NEVER
        self._awaits_head = False
        self._unread_since: float | None = None
        self._held = b""  # received, and not parsed from _position on
        self._position = 0
        self._size = 0  # of a head, or of trailers
        self._begun = False  # a request has begun, and its end was not parsed
        self._in_head = False
        self._remaining: int | None = None  # of a body with a length
        self._fault = ""
        self._websocket: Any = None
        self._authenticated = False
        self._extensions: dict[str, Any] = {
            AUTHENTICATED: self._note_authenticated,
            ABORT: self._abort_response,
        }

    @classmethod
    def table(cls, server: Any) -> ConnectionTable:  # noqa: ANN401 - uvicorn's ServerState
        """Give the table of a server's connections."""
        return table_of(server, cls.limits, min(1.0, cls.head_seconds / 10))

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.peer = address_key(self.client[0]) if self.client else ""
        if self.replaces is not None:
            self._table.remove(self.replaces)
        self._admitted = self._table.add(self)
        if not self._admitted:
            self.app = self._serve_reserve
        self._await_head()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._table.remove(self)
        self._extensions.clear()  # this object refers to it, and it to this object
        self._held = b""
        if self._websocket is not None:
            self._websocket.connection_lost(exc)
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._websocket is not None:
            self._websocket.data_received(data)
            return
        self._held = self._held[self._position :] + data if self._held else data
        self._position = 0
        self._parse()

    def _parse(self) -> None:
        """Parse what was received, up to the end of one request that is not answered yet."""
        while self._held and not self._is_busy and not self.transport.is_closing():
            piece = self._next_piece()
            if not piece:
                break
            self._position += len(piece)
            if self._position == len(self._held):
                self._held, self._position = b"", 0
            self._feed(piece)
        if len(self._held) - self._position > self.held_bytes:
            self.flow.pause_reading()
        if self._websocket is None and not self._is_busy and (self._in_head or not self._begun):
            self._await_head()

    def _next_piece(self) -> bytes:
        """Give the next bytes for the parser, none of which belong to the request after this one.

        A head, and a chunked body with its trailers, end with an empty line. What may be the
        beginning of one waits for the rest.
        """
        held, position = self._held, self._position
        end = len(held)
        if self._begun and not self._in_head and self._remaining is not None:
            end = min(position + self._remaining, end)
            self._remaining -= end - position
        elif (found := held.find(_BLANK_LINE, position)) >= 0:
            end = found + len(_BLANK_LINE)
        else:
            end -= next((n for n in (3, 2, 1) if held.endswith(_BLANK_LINE[:n], position)), 0)
        return held if end - position == len(held) else held[position:end]

    def _feed(self, piece: bytes) -> None:
        in_body = self._begun and not self._in_head
        self._size += len(piece)
        if self._size > self.head_bytes and not in_body:
            self._refuse(f"The request's head must have at most {self.head_bytes} bytes.")
            return
        try:
            try:
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade:
                self._upgrade()
        except httptools.HttpParserError:
            self._refuse(self._fault or "Invalid HTTP request received.")
        if in_body and self._size > self.head_bytes:
            self.transport.close()  # endless trailers

    @property
    def _is_busy(self) -> bool:
        """A request was received completely and is not answered."""
        if self._begun:
            return False
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    @override
    def on_message_begin(self) -> None:
        self._begun = self._in_head = True
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    @override
    def on_headers_complete(self) -> None:
        self._in_head = False
        self._size = 0
        self._remaining = None
        hosts = 0
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
            elif name == b"content-length":
                self._remaining = int(value)
        if hosts > 1 or (not hosts and self.parser.get_http_version() not in _WITHOUT_HOST):
            self._fault = "A request must have one Host header."
            raise ValueError(self._fault)
        is_upgrade = self.parser.should_upgrade()
        if is_upgrade and self.parser.get_method() != b"CONNECT":
            return  # the parser stops here, see _upgrade
        self._awaits_head = False
        self._deadline = _NEVER
        self._table.note_request(self)
        super().on_headers_complete()
        if is_upgrade or not self._admitted:
            self.cycle.keep_alive = False

    def on_chunk_header(self) -> None:
        """Called by the parser, which finds it by its name."""
        # Trailers would be added to the headers, and bring credentials or a type of the body.
        self.headers = []

    @override
    def on_body(self, body: bytes) -> None:
        self._size = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._begun = False
        self._size = 0
        if "path" in self.scope:  # otherwise see _upgrade
            super().on_message_complete()

    @override
    def _should_upgrade(self) -> bool:
        return False  # the base class would drop bodies

    def _upgrade(self) -> None:
        """Become a WebSocket, or go on as if no other protocol was asked for.

        The parser has stopped behind the head, and would take a body for the next request.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            return  # it has no body, and the answer closes the connection
        version = self.parser.get_http_version().encode()
        fields = [(name, value) for name, value in self.headers if name != b"upgrade"]
        if self._admitted and self._wants_websocket(method, version):
            if self._remaining or b"transfer-encoding" in dict(fields):
                self._refuse("A WebSocket handshake must not have a body.")
            elif self._held:
                self._refuse("A client must wait for the answer to a WebSocket handshake.")
            else:
                self._become_websocket()
            return
        head = [b"%b %b HTTP/%b\r\n" % (method, self.url, version)]
        head += [b"%b: %b\r\n" % field for field in fields]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(b"".join([*head, b"\r\n"]))

    def _wants_websocket(self, method: bytes, version: bytes) -> bool:
        upgrades = [value.lower() for name, value in self.headers if name == b"upgrade"]
        path: str = self.url.partition(b"?")[0].decode("latin-1")
        return (
            any(
                path.startswith(each) if each.endswith("/") else path == each
                for each in self.websocket_paths
            )
            and self.ws_protocol_class is not None
            and (method, version, upgrades) == (b"GET", b"1.1", [b"websocket"])
        )

    def _become_websocket(self) -> None:
        self._awaits_head = False
        self._deadline = _NEVER  # the application has one for clients that do not authenticate
        self.scope["method"] = "GET"
        self.handle_websocket_upgrade()
        self._websocket = self.transport.get_protocol()
        if isinstance(self._websocket, BoundedWebSocketProtocol):
            self._websocket.extend({AUTHENTICATED: self._note_authenticated})
        self.transport.set_protocol(self)  # which hands on: the connection stays in the table

    @override
    def on_response_complete(self) -> None:
        # As the base class does, without pipelined requests and a timer for each answer.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self._deadline = self.loop.time() + self.timeout_keep_alive
        if self._authenticated:
            self._table.note_answer(self)
        self.flow.resume_reading()
        if self._held:
            self._parse()

    def _note_authenticated(self) -> None:
        if not self._authenticated:
            self._authenticated = True
            self._table.note_authenticated(self)
        if self._websocket is not None:
            self._websocket.note_authenticated()

    async def _serve_reserve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an application, in place of the real one, on a connection of the reserve."""
        path: str = scope["path"]
        if is_below(path, self.reserved_paths):
            await self.config.loaded_app(scope, receive, send)
            return
        error = error_body(503, _TOO_MANY, path=path, now_ms=int(time.time() * 1000))
        status, headers, body = error_response(
            error,
            [
                header_bytes("retry-after", str(_RETRY_AFTER_S)),
                (REQUEST_ID, Request(scope, receive).id),
            ],
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        if self._websocket is not None:
            self._websocket.pause_writing()

    @override
    def resume_writing(self) -> None:
        self._unread_since = None
        super().resume_writing()
        if self._websocket is not None:
            self._websocket.resume_writing()

    def check(self, now: float) -> None:
        """End the connection if a deadline is over; *now* is the event loop's time."""
        if self.flow.write_paused or self.transport.is_closing():
            if self._unread_since is None:
                self._unread_since = now
            elif now - self._unread_since >= self.unread_seconds:
                self.abort()
        elif now >= self._deadline:
            if self._awaits_head and self._begun:
                self._refuse("The request's head did not arrive in time.")
            else:
                self.transport.close()

    def abort(self) -> None:
        """End the connection at once; what the client did not read is lost."""
        self.transport.abort()

    def _abort_response(self) -> None:
        """End the connection although the application has not completed its response."""
        self.cycle.disconnected = True
        self.abort()

    def _await_head(self) -> None:
        """Give a head its time, unless that runs already."""
        if not self._awaits_head:
            self._awaits_head = True
            self._deadline = self.loop.time() + self.head_seconds

    def _refuse(self, message: str) -> None:
        """Response 400 and close; just close where another answer has begun."""
        self._held = b""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.send_400_response(message)
        elif cycle.response_started:
            self.transport.close()
        else:  # its body is wrong
            cycle.disconnected = True
            cycle.message_event.set()
            self.send_400_response(message)
