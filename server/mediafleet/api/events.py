"""Handlers of the operations tagged ``events``: pages, the stream, and call detail records."""

from __future__ import annotations

import logging
import math
from contextlib import aclosing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

import anyio

from mediafleet.api import wire
from mediafleet.contract import EncodedJson
from mediafleet.domain.errors import (
    MediafleetError,
    NotFoundError,
    NotReadyError,
    UnavailableError,
    UnknownPositionError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

    from mediafleet.api.wire import HandlerResult
    from mediafleet.contract import SchemaValidator
    from mediafleet.domain.events import StoredEvent
    from mediafleet.services.event_log import EventLog

log = logging.getLogger(__name__)

MAX_STREAMS: Final = 100
KEEP_ALIVE_S: Final = 15.0
BATCH: Final = 100
"""Events that a stream reads at once."""
MAX_ENCODED_BYTES: Final = 4 << 20
"""Of encoded events that are kept for further readers."""
PIECE_BYTES: Final = 65_536
MAX_CDR_FILES: Final = 10_000

_COMMENT: Final = b": keep-alive\n\n"
# The second is for nginx, which would hold the events back until it has many.
_STREAM_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(eq=False)
class TooManyStreamsError(UnavailableError):
    """No further stream of events is served now."""

    most: int
    text = (
        "{most} streams of events are served already, which is the most; try again later, or read "
        "GET /fleet/events"
    )


class EncodedEvents:
    """Keeps the newest events as JSON, so that each is encoded once for all readers.

    Args:
        schema: Of the stored event.
    """

    def __init__(self, schema: SchemaValidator) -> None:
        self._schema = schema
        self._encoded: dict[int, EncodedJson] = {}
        self._bytes = 0

    def encode(self, event: StoredEvent) -> EncodedJson:
        """Return an event as JSON.

        Raises:
            ResponseViolationError: It breaks the contract.
        """
        encoded = self._encoded.get(event.sequence)
        if encoded is None:
            encoded = self._schema.encode(wire.event(event))
            self._encoded[event.sequence] = encoded
            self._bytes += len(encoded)
            while self._bytes > MAX_ENCODED_BYTES:
                self._bytes -= len(self._encoded.pop(next(iter(self._encoded))))
        return encoded


class EventHandlers:
    """One method for each operation, named after it; arguments were checked by the contract.

    A stream has no queue: it keeps its position and reads the log as fast as its client reads.

    Args:
        event_log: The events.
        schema: Of the stored event.
        keep_alive: Seconds after which a stream without events gets a comment.

    Attributes:
        streams: How many are served.
    """

    def __init__(
        self, event_log: EventLog, schema: SchemaValidator, *, keep_alive: float = KEEP_ALIVE_S
    ) -> None:
        self._events = event_log
        self._encoded = EncodedEvents(schema)
        self._keep_alive = keep_alive
        self._waits: set[anyio.CancelScope] = set()
        self._is_stopping = False
        self.streams = 0

    def begin_stop(self) -> None:
        """End all streams, since the server begins to stop."""
        self._is_stopping = True
        for scope in tuple(self._waits):
            scope.cancel()

    async def list_events(self, *, limit: int, after: int | None = None) -> HandlerResult:
        position = self._existing(after, self._events.oldest - 1)
        events = await self._events.read(position, limit)
        body = b'{"numberOfElements":%d,"content":[%b],"next":%d,"oldest":%d,"newest":%d}' % (
            len(events),
            b",".join(map(self._encoded.encode, events)),
            events[-1].sequence if events else position,
            self._events.oldest,
            self._events.newest,
        )
        return EncodedJson(body), HTTPStatus.OK

    async def stream_events(
        self,
        *,
        after: int | None = None,
        last_event_id: int | None = None,
        limit: int | None = None,
        duration: int | None = None,
    ) -> HandlerResult:
        known = after if last_event_id is None else last_event_id
        position = self._existing(known, self._events.newest)
        seconds = math.inf if duration is None else duration
        pieces = self._pieces(position, limit or math.inf, seconds)
        await anext(pieces)  # it is counted and has read, or it raises what is an error response
        return pieces, HTTPStatus.OK, _STREAM_HEADERS

    def _existing(self, position: int | None, default: int) -> int:
        """Return a position in the log.

        Raises:
            UnknownPositionError: It is beyond the newest event.
        """
        if position is None:
            return default
        if position > self._events.newest:
            raise UnknownPositionError(position, self._events.newest)
        return position

    async def _pieces(
        self, position: int, limit: float, seconds: float
    ) -> AsyncGenerator[bytes, None]:
        """Yield nothing first, once events can be read, and then the events after a position.

        Raises:
            EventsExpiredError: Only before the first piece, as the next ones.
            UnavailableError: There are too many streams, or the events cannot be read.
        """
        if self._is_stopping:
            raise NotReadyError
        if self.streams >= MAX_STREAMS:
            raise TooManyStreamsError(MAX_STREAMS)
        self.streams += 1
        try:
            await self._events.read(position, 1)
            yield b""
            yield _COMMENT  # so that the client sees that it is connected, and proxies too
            batches = self._batches(position, limit, anyio.current_time() + seconds)
            with suppress(MediafleetError):  # the client asks again, and gets an error response
                async with aclosing(batches):
                    async for events in batches:
                        for piece in self._frames(events):
                            yield piece
        finally:
            self.streams -= 1

    async def _batches(
        self, position: int, limit: float, end: float
    ) -> AsyncGenerator[Sequence[StoredEvent], None]:
        """Yield the events after a position as they happen, and no events now and then."""
        while not self._is_stopping:
            events = await self._events.read(position, int(min(limit, BATCH)))
            if events:
                yield events
                position, limit = events[-1].sequence, limit - len(events)
            left = end - anyio.current_time()
            if limit <= 0 or (left <= 0 and not events):
                return
            if position >= self._events.newest and left > 0:
                await self._wait_beyond(position, min(left, self._keep_alive))
                if position >= self._events.newest:
                    yield ()

    async def _wait_beyond(self, position: int, seconds: float) -> None:
        """Wait for an event; return after some seconds and when the server begins to stop, too."""
        with anyio.move_on_after(seconds) as scope:
            self._waits.add(scope)
            try:
                await self._events.wait_beyond(position)
            finally:
                self._waits.discard(scope)

    def _frames(self, events: Sequence[StoredEvent]) -> list[bytes]:
        """Return events as Server-Sent Events, in few pieces; a comment if there are none."""
        if not events:
            return [_COMMENT]
        pieces, piece = [], bytearray()
        for event in events:
            piece += b"id: %d\nevent: %b\ndata: %b\n\n" % (
                event.sequence,
                event.name.encode(),
                self._encoded.encode(event),
            )
            if len(piece) >= PIECE_BYTES:
                pieces.append(bytes(piece))
                piece.clear()
        return [*pieces, bytes(piece)] if piece else pieces


class CdrDirectory(Protocol):
    """The files of call detail records. Methods may block."""

    def names(self) -> list[str]:
        """Return their names, the oldest first."""

    def path(self, name: str) -> Path | None:
        """Return the path of a file by its name; ``None`` if there is none of that name."""


@dataclass(eq=False)
class NoSuchCdrFileError(NotFoundError):
    """No file of call detail records has that name."""

    name: str
    text = "No file of call detail records is named {name}"


@dataclass(eq=False)
class CdrUnreadableError(UnavailableError):
    """The operating system does not let the call detail records be read."""

    reason: str
    text = "The call detail records cannot be read: {reason}"


class CdrHandlers:
    """One method for each operation, named after it; arguments were checked by the contract.

    Args:
        directory: Returns the one that is configured now.
    """

    def __init__(self, directory: Callable[[], CdrDirectory]) -> None:
        self._directory = directory

    async def list_cdr_files(self) -> HandlerResult:
        try:
            names = await anyio.to_thread.run_sync(self._directory().names)
        except OSError as error:
            raise CdrUnreadableError(error.strerror or type(error).__name__) from error
        return names[-MAX_CDR_FILES:], HTTPStatus.OK

    async def get_cdr_file(self, file: str) -> HandlerResult:
        try:
            path = await anyio.to_thread.run_sync(self._directory().path, file)
            if path is None:
                raise NoSuchCdrFileError(file)
            pieces = _contents(path)
            await anext(pieces)  # it is open
        except FileNotFoundError:
            raise NoSuchCdrFileError(file) from None
        except OSError as error:
            raise CdrUnreadableError(error.strerror or type(error).__name__) from error
        return pieces, HTTPStatus.OK, {"Cache-Control": "no-store"}


async def _contents(path: Path) -> AsyncGenerator[bytes, None]:
    """Yield nothing first, and then a file as long as it is now, as lines are appended to it."""
    async with await anyio.open_file(path, "rb") as file:
        left = await file.seek(0, 2)
        await file.seek(0)
        yield b""
        while left > 0 and (piece := await file.read(min(PIECE_BYTES, left))):
            left -= len(piece)
            yield piece
