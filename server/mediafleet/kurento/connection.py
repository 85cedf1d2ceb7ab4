"""One WebSocket to a media server: frames to messages, within bounds; knows no JSON-RPC."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from picows.picows import WSCloseHandshake

CLOSED_FOR_PROTOCOL = "it closed the connection with code 1002"
_PROTOCOL_BROKEN = "it broke the WebSocket protocol"


class Receiver(Protocol):
    """Is told what happens on a WebSocket; called on the event loop, must not block or raise."""

    def opened(self, websocket: WebSocket) -> None:
        """The handshake is done. Says nothing yet: a wrong path is told after it."""

    def received(self, message: bytes | memoryview) -> None:
        """A whole message; a view is void after the call."""

    def lost(self, reason: str) -> None:
        """No message comes any more; told once, after ``opened``."""


class WebSocket(WSListener):
    """Puts messages together from frames and watches that the peer keeps the rules.

    Args:
        receiver: Is told of everything.
        max_message_size: Bytes; a longer message ends the connection.
        max_frames: Frames the peer may send until ``count_anew`` is called.
    """

    __slots__ = (
        "_frames",
        "_is_stalled",
        "_max_frames",
        "_max_message_size",
        "_parts",
        "_receiver",
        "_transport",
        "has_opened",
    )

    def __init__(self, receiver: Receiver, *, max_message_size: int, max_frames: int) -> None:
        self._receiver = receiver
        self._max_message_size = max_message_size
        self._max_frames = max_frames
        self._frames = 0
        self._parts: bytearray | None = None
        self._transport: WSTransport | None = None
        self._is_stalled = False
        self.has_opened = False

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._transport is not None

    def send(self, message: bytes) -> None:
        """Send a text message; nothing happens when the connection is gone."""
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, message)

    def count_anew(self) -> None:
        """Grant the peer its number of frames again."""
        self._frames = 0

    def end(self, reason: str, code: WSCloseCode | None = None) -> None:
        """Drop the connection now, with a Close frame if a code is given."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        if code is not None:
            transport.send_close(code)
        transport.disconnect(graceful=False)
        self._receiver.lost(reason)

    def part(self) -> None:
        """Close the connection as one does when all is well."""
        self.end("it was closed on purpose", WSCloseCode.OK)

    @override
    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self.has_opened = True
        self._receiver.opened(self)

    @override
    def on_ws_disconnected(self, transport: WSTransport) -> None:
        handshake: WSCloseHandshake | None = transport.close_handshake
        sent = None if handshake is None else handshake.sent
        reason = "the connection was cut"
        if sent is not None:
            too_big = sent.code == WSCloseCode.MESSAGE_TOO_BIG
            reason = self._too_big() if too_big else _PROTOCOL_BROKEN
        self.end(reason)

    @override
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self._frames += 1
        if self._transport is None:
            return
        if self._frames > self._max_frames:
            self.end("it floods the connection", WSCloseCode.POLICY_VIOLATION)
        elif frame.rsv1 or frame.rsv2 or frame.rsv3:
            self.end(_PROTOCOL_BROKEN, WSCloseCode.PROTOCOL_ERROR)
        elif frame.msg_type == WSMsgType.PING:
            self._pong(transport, frame)
        elif frame.msg_type == WSMsgType.CLOSE:
            self._on_close(frame)
        elif frame.msg_type != WSMsgType.PONG:
            self._on_data(frame)

    @override
    def pause_writing(self) -> None:
        self._is_stalled = True

    @override
    def resume_writing(self) -> None:
        self._is_stalled = False

    def _pong(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer a ping, unless the peer reads nothing of what we send."""
        if not self._is_stalled:
            transport.send_pong(frame.get_payload_as_bytes())

    def _on_data(self, frame: WSFrame) -> None:
        is_first = frame.msg_type != WSMsgType.CONTINUATION
        if is_first != (self._parts is None):
            self.end(_PROTOCOL_BROKEN, WSCloseCode.PROTOCOL_ERROR)
            return
        if is_first and frame.fin:
            self._receiver.received(frame.get_payload_as_memoryview())
            return
        parts = bytearray() if self._parts is None else self._parts
        if len(parts) + frame.payload_size > self._max_message_size:
            self.end(self._too_big(), WSCloseCode.MESSAGE_TOO_BIG)
            return
        parts += frame.get_payload_as_memoryview()
        self._parts = parts
        if frame.fin:
            self._parts = None
            self._receiver.received(bytes(parts))

    def _on_close(self, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        told = f" with code {int.from_bytes(payload[:2])}" if payload else ""
        self.end(f"it closed the connection{told}", WSCloseCode.OK)

    def _too_big(self) -> str:
        return f"it sent a message of more than {self._max_message_size} bytes"


class LibraryLog(logging.LoggerAdapter[logging.Logger]):
    """The WebSocket library's own words, which repeat ours: for debugging only, one line each."""

    @override
    def isEnabledFor(self, level: int) -> bool:
        return self.logger.isEnabledFor(logging.DEBUG)

    @override
    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        return msg, {}

    @override
    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if self.logger.isEnabledFor(logging.DEBUG):
            self.logger.debug(
                "websocket library", extra={"detail": str(msg) % args if args else str(msg)}
            )
