"""Databases for the store's contract suite, and nodes to put into them."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg  # type: ignore[import-untyped]

from mediafleet.domain import drain as drains
from mediafleet.domain.calls import CallConnection, CallMedia, CallSession
from mediafleet.domain.cluster import Connection, Member, Session
from mediafleet.domain.drain import AtDeadline, Limit
from mediafleet.domain.entries import CallRecord, EventOnly, Mutation
from mediafleet.domain.events import DrainChange, SessionDestroyed
from mediafleet.domain.lifecycle import Step
from mediafleet.domain.media_node import (
    MediaNodeStatus,
    forget,
    limit_quarantine,
    new_media_node,
    transition,
)
from mediafleet.domain.outcomes import entries_of_crash
from mediafleet.store import StoreLimits, open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from anyio.abc import TaskGroup

    from mediafleet.domain.media_node import MediaNode
    from mediafleet.store import SqlStore
    from support.postgresql_server import PostgresqlServer

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
CLUSTER_ID = "cluster-1"
# On a busy machine an answer takes 0.2 s; without one, leadership is suspended.
QUICK = StoreLimits(answer=0.5, commit=1.0, close=5.0, takeover=0.5, heartbeat=0.2)


class StoreCase(ABC):
    """One database, new for each test."""

    name: str
    url: str

    @abstractmethod
    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement from outside, past the store."""

    @abstractmethod
    def locked(self) -> AbstractAsyncContextManager[None]:
        """Hold a lock that no writer gets past."""

    def opened(self, tasks: TaskGroup, **options: Any) -> AbstractAsyncContextManager[SqlStore]:
        """The store on this database."""
        options = {"make_cluster_id": lambda: CLUSTER_ID, **options}
        return open_store(self.url, tasks=tasks, **options)


class SqliteCase(StoreCase):
    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.file = folder / "data" / "mediafleet.db"
        self.url = f"sqlite:///{self.file}"

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        with self._locked():
            yield

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            try:
                yield
            finally:
                connection.execute("ROLLBACK")


class PostgresqlCase(StoreCase):
    name = "postgresql"

    def __init__(self, server: PostgresqlServer) -> None:
        self.server = server
        self.database = server.new_database()
        self.url = server.url(self.database)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        return self.server.execute(statement, self.database)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        connection = await asyncpg.connect(self.url)
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE journal, media_nodes IN EXCLUSIVE MODE")
                yield
        finally:
            await connection.close()


def added(node_id: str, **fields: Any) -> Mutation:
    """A Media Node that joins."""
    return Mutation(*new_media_node(node_id, at=AT, **fields))


def moved(node: MediaNode, to: MediaNodeStatus, **fields: Any) -> Mutation:
    """The next step of a Media Node, one second after the one before."""
    at = node.status_since + timedelta(seconds=1)
    return Mutation(*transition(node, to, at=at, **fields))


def drained(node: MediaNode, seconds: int, at_deadline: AtDeadline) -> tuple[Mutation, Mutation]:
    """A running Media Node that is quarantined with a deadline, and the same a deadline later."""
    drain = drains.begin(Limit(seconds, at_deadline), at=AT)
    quarantined = moved(node, MediaNodeStatus.WAITING_IDLE_TO_TERMINATE, drain=drain)
    later = AT + timedelta(seconds=seconds)
    extended = drains.extend(drain, at=later)
    limited = limit_quarantine(quarantined.node, extended, DrainChange.EXTENDED, at=later)
    return quarantined, Mutation(*limited)


def noted(node: MediaNode, session_id: str = "room") -> EventOnly:
    """The end of a session on a Media Node."""
    return EventOnly(
        SessionDestroyed(
            timestamp=AT + timedelta(seconds=7.9),
            id=node.id,
            session_id=session_id,
            start_time=AT,
            reason="nodeCrashed",
        )
    )


def crashed(node: MediaNode, *sessions: str) -> Mutation:
    """A running Media Node that is disconnected, with the sessions it hosted."""
    connection = Connection(
        disconnection_time=AT,
        sessions=tuple(Session(name, f"{name}_kurento.MediaPipeline", AT) for name in sessions),
    )
    (entry,) = entries_of_crash(
        Step.REPORT_CRASH, Member(node, connection), at=AT + timedelta(seconds=3)
    )
    assert isinstance(entry, Mutation)
    return entry


def connection_of(connection_id: str, *, seconds: float = 0, **fields: Any) -> CallConnection:
    """A connection of a session of calls, created some seconds after the session."""
    at = AT + timedelta(seconds=seconds)
    return CallConnection(connection_id, at, f"tok_{connection_id}", **fields)


def session_of(session_id: str, node_id: str | None = None, **fields: Any) -> CallSession:
    """A session of calls, placed on a Media Node or not."""
    media = None if node_id is None else CallMedia(node_id, "server-1", "s-1", f"{session_id}_p")
    return CallSession(session_id, AT, media=media, **fields)


def kept(session_id: str, value: CallSession | CallConnection | None, of: str = "") -> CallRecord:
    """The record of a session, or of one of its connections."""
    connection = value.id if isinstance(value, CallConnection) else of
    return CallRecord(session_id, value, connection)


def forgotten(node: MediaNode) -> Mutation:
    """A failed Media Node that is removed."""
    at = node.status_since + timedelta(hours=1)
    return Mutation(*forget(node, at=at), forget=True)
