"""WebSocket framing of a Media Node: the library's protocol, with the real server's last words."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from typing_extensions import override
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

_REASONS: Mapping[tuple[int, str], str] = MappingProxyType(
    {(CloseCode.PROTOCOL_ERROR, "incorrect masking"): "Clients may not send unmasked frames"}
)
_REASONS_BY_CODE: Mapping[int, str] = MappingProxyType(
    {
        CloseCode.INVALID_DATA: "Invalid UTF8 encoding",
        CloseCode.MESSAGE_TOO_BIG: "A message was too large",
    }
)
_NORMAL_CLOSURE = CloseCode.NORMAL_CLOSURE.to_bytes(2, "big")


class _KurentoProtocol(Protocol):
    """Says the reasons for closing in the real server's words."""

    @override
    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        reason = _REASONS.get((code, reason), reason)
        super().fail(code, _REASONS_BY_CODE.get(code, reason))

    @override
    def send_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE and not frame.data:
            frame = Frame(Opcode.CLOSE, _NORMAL_CLOSURE)
        super().send_frame(frame)


class Framing:
    """Bytes in, whole messages out; text in, bytes out."""

    __slots__ = ("_is_text", "_parts", "_protocol")

    def __init__(self, max_message_bytes: int) -> None:
        self._protocol = _KurentoProtocol(SERVER, state=OPEN, max_size=max_message_bytes)
        self._parts: list[bytes] = []
        self._is_text = True

    def receive(self, data: bytes) -> list[str]:
        """Take bytes of the client; pings and Close frames are answered by the way.

        Returns:
            The messages completed by them. Binary ones count as text.
        """
        if self._protocol.state is not OPEN:
            return []
        self._protocol.receive_data(data)
        messages = []
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in {
                Opcode.TEXT,
                Opcode.BINARY,
                Opcode.CONT,
            }:
                messages.extend(self._message(event))
        return messages

    def _message(self, frame: Frame) -> list[str]:
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return []
        content, self._parts = b"".join(self._parts), []
        try:
            return [content.decode("utf-8", "strict" if self._is_text else "replace")]
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA)
            return []

    @property
    def closing(self) -> bool:
        """Whether a Close frame was received or sent."""
        return self._protocol.state is not OPEN

    def send(self, text: str) -> None:
        """Queue a text message; nothing is sent after a Close frame."""
        if self._protocol.state is OPEN:
            self._protocol.send_text(text.encode("utf-8", "surrogatepass"))

    def fail(self, code: int, reason: str) -> None:
        """Queue a Close frame and the end of the connection."""
        self._protocol.fail(code, reason)

    def take_bytes(self) -> tuple[bytes, bool]:
        """What is to be written now, and whether the connection is to be closed after it."""
        writes = self._protocol.data_to_send()
        return b"".join(writes), b"" in writes
