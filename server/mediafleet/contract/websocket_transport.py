"""The WebSocket protocol under the application: it bounds what a client may cost."""

import time
from collections.abc import Callable
from typing import Any, Final

from typing_extensions import override
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

_PIECE_BYTES: Final = 2_048

METHODS: Final = {
    "data_received": ["self", "data"],
    "handle_text": ["self", "event"],
    "handle_bytes": ["self", "event"],
    "handle_cont": ["self", "event"],
    "handle_ping": ["self"],
    "handle_pong": ["self", "event"],
    "handle_parser_exception": ["self"],
    "send_receive_event_to_app": ["self"],
}
ATTRIBUTES: Final = frozenset(("close_sent", "conn", "curr_msg_data_type", "frames", "transport"))
"""What is used of uvicorn's class, to be compared with the installed one."""


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, with a limit on how many frames a client sends.

    The smallest frame has six bytes, and one read of a socket holds 40,000 of them: half a second
    of work, for control frames too, which the application never sees. So frames are parsed in small
    pieces, and a client that sends too many is disconnected with 1008 and the reason.

    Hand the class to ``uvicorn.Config(ws=...)``.

    Attributes:
        frames_per_second: How many frames a client may send in the long run, of any kind.
        burst: How many it may send at once.
        first_frames: How many it may send until it has authenticated.
    """

    frames_per_second = 200.0
    burst = 2_000
    first_frames = 50

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **options)
        self._most = self._left = float(self.first_frames)
        self._counted_at = time.monotonic()

    def extend(self, extensions: dict[str, Callable[[], None]]) -> None:
        """Hand extensions to the application in the ASGI scope, before it runs."""
        if self.handshake_initiated and not self.handshake_complete:
            self.scope["extensions"].update(extensions)  # type: ignore[arg-type]

    def note_authenticated(self) -> None:
        """Let the client send as much as one that has authenticated."""
        self._most = self._left = float(self.burst)

    @override
    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), _PIECE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + _PIECE_BYTES])

    @override
    def handle_text(self, event: Frame) -> None:
        if self._may_send():
            super().handle_text(event)

    @override
    def handle_bytes(self, event: Frame) -> None:
        if self._may_send():
            super().handle_bytes(event)

    @override
    def handle_cont(self, event: Frame) -> None:
        if self._may_send():
            super().handle_cont(event)

    @override
    def handle_ping(self) -> None:
        if self._may_send():
            super().handle_ping()

    @override
    def handle_pong(self, event: Frame) -> None:
        if self._may_send():
            super().handle_pong(event)

    @override
    def send_receive_event_to_app(self) -> None:
        message = b"".join(self.frames)
        if self.curr_msg_data_type == "text" and not _is_utf8(message):
            self.frames = []  # the base class would log it as an error, with a traceback
            self._fail(CloseCode.INVALID_DATA, "a text must be UTF-8")
            return
        self.frames = [message]
        super().send_receive_event_to_app()

    def _may_send(self) -> bool:
        """Count a frame; False if there were too many, or if the client is disconnected already."""
        if self.transport.is_closing():
            return False
        now = time.monotonic()
        earned = (now - self._counted_at) * self.frames_per_second
        self._left = min(self._most, self._left + earned) - 1
        self._counted_at = now
        if self._left >= 0:
            return True
        self._fail(CloseCode.POLICY_VIOLATION, "too many messages")
        return False

    def _fail(self, code: CloseCode, reason: str) -> None:
        if self.close_sent:
            self.transport.close()
            return
        self.conn.fail(code, reason)
        self.handle_parser_exception()


def _is_utf8(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True
