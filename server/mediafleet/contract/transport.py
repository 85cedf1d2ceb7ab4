"""The HTTP protocol under the application, with bounds for the part of a request before ASGI."""

import asyncio
from typing import Any

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which would wait for ever for a request's head, and take one of any size.

    Hand the class to ``uvicorn.Config(http=...)``. A client over a bound is answered 400 in plain
    text, as uvicorn does with what is not HTTP, or just cut off in the middle of another answer.

    Attributes:
        head_bytes: Longest request line with all headers; up to one read of the socket more passes.
        head_seconds: Time for them to arrive: from the connection, or from their first byte when
            the connection is kept alive.
    """

    head_bytes = 65_536
    head_seconds = 10.0

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **options)
        self._in_head = False
        self._head_size = 0
        self._head_timer: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(self.head_seconds, self._refuse_slow_head)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._watch_head(len(data))
        elif self._head_timer is not None:
            self._stop_timer()

    @override
    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_size = 0
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def _watch_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > self.head_bytes:
            self._refuse(f"The request's head must have at most {self.head_bytes} bytes.")
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self._refuse_slow_head)

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

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
