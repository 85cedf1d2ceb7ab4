"""The HTTP protocol under the application: bounds for what comes before it, a short way after."""

import asyncio
import math
from itertools import chain
from typing import Any, Final

from starlette.types import Send
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mediafleet.contract.answers import AT_ONCE, Headers

_NEVER: Final = math.inf


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which would wait for ever for a request's head, and take one of any size.

    Hand the class to ``uvicorn.Config(http=...)``. A client over a bound is answered 400 in plain
    text, as uvicorn does with what is not HTTP, or just cut off where that cannot be told: in the
    middle of another answer, in the trailers of a chunked body, or as one connection too many.

    Unless uvicorn is told to log answers, the application may send one in one call, by the
    extension :data:`~mediafleet.contract.answers.AT_ONCE`.

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
        self._size = 0
        self._deadline = _NEVER
        self._awaits_head = False
        self._timer: asyncio.TimerHandle | None = None
        self._extensions: dict[str, Any] = {} if self.config.access_log else {AT_ONCE: self._answer}

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.close()
        else:
            self._allow_head()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timer()
        self._extensions.clear()  # this object refers to it, and it to this object
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and not self._in_head:
            self._deadline = _NEVER
            self._awaits_head = False
            if not cycle.more_body:
                return
        elif self.transport.get_protocol() is self:
            self._allow_head()
        else:  # it is a WebSocket's now
            self._cancel_timer()
            return
        if self._size > self.head_bytes:
            self._refuse(f"The request's head must have at most {self.head_bytes} bytes.")

    @override
    def on_message_begin(self) -> None:
        self._size = 0
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def on_chunk_header(self) -> None:
        """Called by the parser, which finds it by its name."""
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

    @override
    def on_response_complete(self) -> None:
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        # As there, but without a timer for each answer, which would cost 4 % of a short one.
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        if not self._awaits_head:
            self._allow(self.timeout_keep_alive)

    def _answer(self, send: Send, status: int, headers: Headers, body: bytes) -> bool:
        """Answer the latest request, unless that is out of the ordinary; the headers are clean."""
        cycle: RequestResponseCycle = self.cycle
        if (
            getattr(send, "__self__", None) is not cycle  # of a request before it, or wrapped
            or cycle.response_started
            or cycle.disconnected
            or not cycle.keep_alive
            or self.flow.write_paused
        ):
            return False
        head = [STATUS_LINE[status]]
        for name, value in chain(self.server_state.default_headers, headers):
            head += (name, b": ", value, b"\r\n")
        head.append(b"\r\n")
        self.transport.write(b"".join(head))
        self.transport.write(body)
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        self.on_response_complete()
        return True

    @property
    def _in_head(self) -> bool:
        """A head has begun and is not complete: only then its path is made out."""
        scope: Any = self.scope  # None until a message has begun
        return scope is not None and "path" not in scope

    def _allow_head(self) -> None:
        """Give a head its time, unless that runs already."""
        if not self._awaits_head and not self.transport.is_closing():
            self._awaits_head = True
            self._allow(self.head_seconds)

    def _allow(self, seconds: float) -> None:
        """Set the deadline; a timer that rings before it stays, and is set anew when it rings."""
        self._deadline = self.loop.time() + seconds
        if self._timer is None or self._timer.when() > self._deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        self._cancel_timer()
        self._timer = self.loop.call_at(self._deadline, self._ring)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        if self._deadline == _NEVER:
            return
        if self.loop.time() < self._deadline:
            self._set_timer()
        elif self._awaits_head:
            self._refuse("The request's head did not arrive in time.")
        else:
            self.transport.close()

    def _refuse(self, message: str) -> None:
        self._deadline = _NEVER
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if self._in_head and (cycle is None or cycle.response_complete):
            self.send_400_response(message)
        else:
            self.transport.close()
