"""The HTTP protocol under the application, with bounds for the part of a request before ASGI."""

import asyncio
from typing import Any

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which would wait for ever for a request's head, and take one of any size.

    Hand the class to ``uvicorn.Config(http=...)``. A client over a bound is answered 400 in plain
    text, as uvicorn does with what is not HTTP, or just cut off where that cannot be told: in the
    middle of another answer, in the trailers of a chunked body, or as one connection too many.

    Attributes:
        head_bytes: Longest request line with all headers, and longest trailers; up to one read of
            the socket more passes.
        head_seconds: Time for a head to arrive: from the connection, or from the first byte after
            an answer when the connection is kept alive. Empty lines before a head do not renew it.
        most_connections: How many clients may be connected at a time.
    """

    head_bytes = 65_536
    head_seconds = 10.0
    most_connections = 2_000

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **options)
        self._in_head = False
        self._size = 0
        self._head_timer: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.close()
        else:
            self._start_timer()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        if not self._in_head and cycle is not None and not cycle.response_complete:
            if self._head_timer is not None:
                self._stop_timer()
            if not cycle.more_body:
                return
        elif self.transport.get_protocol() is self:  # and not that of a WebSocket
            self._start_timer()
        if self._size > self.head_bytes:
            self._refuse(f"The request's head must have at most {self.head_bytes} bytes.")

    @override
    def on_message_begin(self) -> None:
        self._in_head = True
        self._size = 0
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
        if not self.parser.should_upgrade():
            # Trailers would be added to the headers, and bring credentials or a type of the body.
            self.headers = []

    @override
    def on_body(self, body: bytes) -> None:
        self._size = 0
        super().on_body(body)

    @override
    def _unsupported_upgrade_warning(self) -> None:
        # A server may ignore an upgrade (RFC 9110, 7.8), and then answers as if none was asked for.
        pass

    def _refuse_slow_head(self) -> None:
        self._head_timer = None
        self._refuse("The request's head did not arrive in time.")

    def _refuse(self, message: str) -> None:
        self._stop_timer()
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if self._in_head and (cycle is None or cycle.response_complete):
            self.send_400_response(message)
        else:
            self.transport.close()

    def _start_timer(self) -> None:
        if self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self.head_seconds, self._refuse_slow_head)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
