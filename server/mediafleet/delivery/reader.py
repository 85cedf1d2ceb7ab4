"""What all readers of the events share: on or off by the configuration, a durable position."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import anyio

from mediafleet.supervise import TICK_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediafleet.domain.ports import Store
    from mediafleet.services.event_log import EventLog

log = logging.getLogger(__name__)


class Reader(ABC):
    """Passes the events on while it is on; what happens while it is off is never passed on.

    Args:
        event_log: The events.

    Attributes:
        NAME: The name under which the position is stored.
        lost: Events that were deleted from the store before they were passed on.
    """

    NAME: ClassVar[str]

    def __init__(self, event_log: EventLog) -> None:
        self._events = event_log
        self._scope: anyio.CancelScope | None = None
        self._start: int | None = None
        self._position: int | None = None
        self.lost = 0

    @property
    @abstractmethod
    def is_on(self) -> bool:
        """Whether the configuration in force wants events to be passed on."""

    @abstractmethod
    async def _read(self, store: Store, beat: Callable[[], None]) -> None:
        """Pass events on until cancelled."""

    @property
    def lag(self) -> int:
        """How many events are not handled yet; 0 while it is off."""
        return 0 if self._position is None else self._events.newest - self._position

    def configure(self) -> None:
        """Go on with the configuration that is in force now."""
        if self._start is None and self.is_on:
            self._start = self._events.newest
        if self._scope is not None:
            self._scope.cancel()

    async def begin(self, store: Store) -> None:
        """Store where to begin, before there are events of this server.

        Raises:
            StoreUnavailableError: The store does not respond.
        """
        if self.is_on:
            self._start, self._position = self._events.newest, None
            self._position = await self._started(store)

    async def run(self, store: Store, beat: Callable[[], None]) -> None:
        """Pass events on until cancelled.

        Raises:
            StoreUnavailableError: The store does not respond; the next run goes on.
            Exception: What the reader writes or sends to failed; see its class.
        """
        while True:
            with anyio.CancelScope() as self._scope:
                if self.is_on:
                    await self._read(store, beat)
                else:
                    await self._rest(store, beat)

    async def _rest(self, store: Store, beat: Callable[[], None]) -> None:
        self._start = self._position = None
        await self._forget(store)
        while True:
            beat()
            await anyio.sleep(TICK_S)

    async def _started(self, store: Store) -> int:
        """Return the stored position, or store where to begin.

        If the store takes no position any more, that of the run before is newer.
        """
        if self._position is not None:
            return self._position
        stored = await store.reader_position(self.NAME)
        if stored is None or stored > self._events.newest:
            stored = self._events.newest if self._start is None else self._start
            await store.set_reader_position(self.NAME, stored)
        return stored

    def _skip_deleted(self, position: int) -> int:
        """Count the events after a position that are deleted; return the position after them."""
        missing = self._events.deleted_after(position)
        if missing:
            self.lost += missing
            extra = {"reader": self.NAME, "events": missing}
            log.error("events were deleted before they were passed on", extra=extra)
        return position + missing

    async def _forget(self, store: Store) -> None:
        """Delete the stored position."""
        if await store.reader_position(self.NAME) is not None:
            await store.set_reader_position(self.NAME, None)
