"""The committed events, in order: the newest from memory, older ones from the store."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping
from contextlib import asynccontextmanager
from itertools import islice
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.errors import EventsExpiredError, NotReadyError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from mediafleet.domain.events import StoredEvent
    from mediafleet.domain.ports import Store

log = logging.getLogger(__name__)

MAX_IN_MEMORY = 1000
MAX_ITEMS_IN_MEMORY = 100
"""An event whose lists are longer, and all before it, are read from the store."""
MAX_PAGE = 1000
RETENTION_INTERVAL_S = 10.0


class EventLog:
    """Serves the events to any number of readers; each reader keeps its own position.

    Args:
        retention: Returns how many events the store must keep.
    """

    def __init__(self, retention: Callable[[], int]) -> None:
        self._retention = retention
        self._store: Store | None = None
        self._recent: deque[StoredEvent] = deque(maxlen=MAX_IN_MEMORY)
        self._more = anyio.Event()
        self._oldest = 1
        self._newest = 0

    @asynccontextmanager
    async def kept_in(self, store: Store) -> AsyncIterator[None]:
        """Read from a store while this is entered.

        Raises:
            StoreUnavailableError: The store does not respond.
        """
        self._recent.clear()
        self._oldest = await store.oldest_event()
        self._newest = store.newest_event
        self._store = store
        try:
            yield
        finally:
            self._store = None

    @property
    def _opened(self) -> Store:
        if self._store is None:
            raise NotReadyError
        return self._store

    @property
    def newest(self) -> int:
        """Sequence number of the newest event; 0 if there is none."""
        return self._newest

    @property
    def oldest(self) -> int:
        """Sequence number of the oldest event that is kept; one above the newest if none is."""
        return self._oldest

    @property
    def retention(self) -> int:
        """How many events are kept."""
        return self._retention()

    def append(self, events: Sequence[StoredEvent]) -> None:
        """Publish committed events; they must follow the newest."""
        for event in events:
            if _is_large(event.payload):
                self._recent.clear()
            else:
                self._recent.append(event)
        if events:
            # Not the store's own number, which counts a commit before it is published.
            self._newest = events[-1].sequence
            more, self._more = self._more, anyio.Event()
            more.set()

    def deleted_after(self, position: int) -> int:
        """Return how many events after a position were deleted and can be read no more."""
        return max(0, self._oldest - 1 - position)

    async def read(self, after: int, limit: int = MAX_PAGE) -> Sequence[StoredEvent]:
        """Return the events that follow a position, the oldest first; empty if there is none.

        Args:
            after: Sequence number of the last known event; 0 for none.
            limit: Maximum number of events, 1–1000.

        Raises:
            EventsExpiredError: Events between the position and the oldest one were deleted.
            StoreUnavailableError: The store does not respond.
            NotReadyError: No store is open.
        """
        if after >= self._newest:
            return ()
        if self._recent and self._recent[0].sequence <= after + 1:
            begin = after + 1 - self._recent[0].sequence
            return tuple(islice(self._recent, begin, begin + limit))
        events = await self._opened.events(after, limit)
        if not events or events[0].sequence != after + 1:
            raise EventsExpiredError(after, self._oldest)
        return events

    async def wait_beyond(self, position: int) -> None:
        """Return as soon as there is an event with a greater number."""
        while self._newest <= position:
            await self._more.wait()

    async def run(self, beat: Callable[[], None]) -> None:
        """Delete the events beyond the retention until cancelled."""
        while True:
            beat()
            await self.delete_expired()
            await anyio.sleep(RETENTION_INTERVAL_S)

    async def delete_expired(self) -> None:
        """Delete the events beyond the retention.

        Raises:
            StoreUnavailableError: None was deleted.
        """
        expired = self._newest - self._retention()
        if expired >= self._oldest:
            await self._opened.delete_events(expired)
            self._oldest = expired + 1
            while self._recent and self._recent[0].sequence <= expired:
                self._recent.popleft()


def _is_large(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_large, value.values()))
    return isinstance(value, list) and len(value) > MAX_ITEMS_IN_MEMORY
