"""Holds or refuses a store's transactions just before their COMMIT is sent."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mediafleet.store import SqlStore


class Barrier:
    """Holds a real transaction just before its COMMIT is sent."""

    def __init__(self) -> None:
        self.reached = anyio.Event()
        self.opened = anyio.Event()

    def within_a_greenlet(self, _: object) -> None:
        """Hold a connection of asyncpg."""
        self.reached.set()
        await_only(self.opened.wait())

    def within_a_thread(self, _: object) -> None:
        """Hold a connection of SQLite."""
        anyio.from_thread.run_sync(self.reached.set)
        anyio.from_thread.run(self.opened.wait)


@contextmanager
def barrier_before_commit(store: SqlStore) -> Iterator[Barrier]:
    database: Any = store._database  # the engine is no part of the protocol
    barrier = Barrier()
    if isinstance(database.engine, AsyncEngine):
        engine, hold = database.engine.sync_engine, barrier.within_a_greenlet
    else:
        engine, hold = database.engine, barrier.within_a_thread
    event.listen(engine, "commit", hold)
    try:
        yield barrier
    finally:
        barrier.opened.set()
        event.remove(engine, "commit", hold)


@contextmanager
def refused_commits(store: SqlStore) -> Iterator[None]:
    """Let each COMMIT of a store in SQLite fail."""
    database: Any = store._database

    def refuse(_: object) -> None:
        raise OSError("no space is left")

    event.listen(database.engine, "commit", refuse)
    try:
        yield
    finally:
        event.remove(database.engine, "commit", refuse)
