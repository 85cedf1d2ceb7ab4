"""A store with an event log over it, to which a test commits events."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain.entries import EventOnly
from mediafleet.domain.media_node import MediaNodeStatus
from mediafleet.services.event_log import EventLog
from support.store_cases import SqliteCase, added, forgotten, moved, noted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mediafleet.domain.events import StoredEvent
    from mediafleet.store import SqlStore


class EventSource:
    """Commits events and publishes them, as the cluster does.

    Attributes:
        store: Is open.
        log: Over that store.
    """

    def __init__(self, store: SqlStore, log: EventLog) -> None:
        self.store = store
        self.log = log
        self._made = store.newest_event

    async def emit(self, count: int = 1) -> tuple[StoredEvent, ...]:
        """Commit so many ``mediaNodeStatusChanged``, one after the other."""
        events: tuple[StoredEvent, ...] = ()
        for _ in range(count):
            self._made += 1
            committed = await self.store.commit([added(f"kms_{self._made}")])
            self.log.append(committed)
            events += committed
        return events

    async def emit_session_end(self, session_id: str = "room") -> StoredEvent:
        """Commit a ``sessionDestroyed``."""
        (event,) = await self.store.commit([noted(added("kms_x").node, session_id)])
        self.log.append([event])
        return event

    async def emit_of_our_own(self) -> StoredEvent:
        """Commit a ``mediaNodeForgotten``, which OpenVidu does not have."""
        node = moved(added("kms_x").node, MediaNodeStatus.FAILED).node
        (event,) = await self.store.commit([EventOnly(forgotten(node).event)])
        self.log.append([event])
        return event


@asynccontextmanager
async def event_source(folder: Path, *, retention: int = 100_000) -> AsyncIterator[EventSource]:
    """Open the store of a folder; a second time it goes on where the first ended."""
    async with anyio.create_task_group() as tasks:
        log = EventLog(lambda: retention)
        async with SqliteCase(folder).opened(tasks) as store, log.kept_in(store):
            yield EventSource(store, log)
