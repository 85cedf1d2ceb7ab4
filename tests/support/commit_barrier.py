"""Holds a store's transactions just before their COMMIT is sent."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
from sqlalchemy import event
from sqlalchemy.util import await_only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mediafleet.store import SqlStore


class Barrier:
    """Holds a real transaction just before its COMMIT is sent."""

    def __init__(self) -> None:
        self.reached = anyio.Event()
        self.opened = anyio.Event()

    def __call__(self, connection: object) -> None:
        self.reached.set()
        await_only(self.opened.wait())


@contextmanager
def barrier_before_commit(store: SqlStore) -> Iterator[Barrier]:
    database: Any = store._database  # the engine is no part of the protocol
    engine = database.engine.sync_engine
    barrier = Barrier()
    event.listen(engine, "commit", barrier)
    try:
        yield barrier
    finally:
        barrier.opened.set()
        event.remove(engine, "commit", barrier)
