"""The ``Store`` port over a SQL database."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from sqlalchemy import delete, func, select
from typing_extensions import override

from mediafleet.domain.events import SessionDestroyed
from mediafleet.domain.ports import DeadLetter, Store
from mediafleet.store.errors import translated
from mediafleet.store.leadership import Leadership
from mediafleet.store.statements import (
    add_dead_letter,
    get_or_set,
    set_reader_position,
    set_value,
    steps,
    to_calls,
    to_ended_session,
    to_event,
    to_node,
)
from mediafleet.store.tables import (
    call_records,
    dead_letters,
    event_readers,
    events,
    journal,
    key_values,
    media_nodes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Delete, Row, Select, Table

    from mediafleet.domain.calls import Call
    from mediafleet.domain.entries import StoreEntry
    from mediafleet.domain.events import StoredEvent
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.store.leadership import Lease, StoreLimits
    from mediafleet.store.writer import Database, Writer

MAX_EVENTS = 1000
"""Events in one page."""
MAX_DEAD_LETTERS = 10_000
"""Undeliverable events that are kept; new ones replace the oldest."""


class SqlStore(Store):
    """Members, calls, events and key-value pairs; created by :func:`mediafleet.store.open_store`.

    Each commit is a transaction of its own. A node that leaves the cluster (``terminated`` or
    ``forget``) must be one version ahead of the stored one, as in every mutation; its row is then
    deleted, and its events stay.

    Attributes:
        cluster_id: Part of every event.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        lease: Lease,
        *,
        cluster_id: str,
        limits: StoreLimits,
    ) -> None:
        self.cluster_id = cluster_id
        self._database = database
        self._writer = writer
        self._lease = lease
        self._limits = limits
        self._reading = anyio.Lock()

    @property
    def leadership(self) -> Leadership:
        """Whether this server may write now."""
        return self._lease.leadership

    @property
    @override
    def may_write(self) -> bool:
        return self.leadership is Leadership.LEADER

    @property
    @override
    def problem(self) -> str | None:
        if not self.may_write:
            return f"the lock of the store is {self.leadership}: {self._lease.why}"
        return self._writer.problem

    @property
    def refused_changes(self) -> int:
        """Number of commits that failed since the store was opened."""
        return self._writer.refused

    @override
    async def load(self) -> tuple[MediaNode, ...]:
        rows = await self._read(select(media_nodes).order_by(media_nodes.c.joined_sequence))
        return tuple(to_node(row) for row in rows)

    @override
    async def load_calls(self) -> tuple[Call, ...]:
        return to_calls(await self._read(select(call_records)))

    @override
    async def commit(self, changes: Sequence[StoreEntry]) -> tuple[StoredEvent, ...]:
        if not changes:
            return ()
        return await self._writer.append(steps(changes, self.cluster_id))

    @override
    async def has_left(self, node_id: str) -> bool:
        is_member = select(media_nodes.c.id).where(media_nodes.c.id == node_id).exists()
        is_in_events = select(events.c.node_id).where(events.c.node_id == node_id, ~is_member)
        return bool(await self._read(is_in_events.limit(1)))

    @override
    async def ended_sessions(self, node_id: str) -> frozenset[tuple[str, datetime]]:
        statement = select(events).where(
            events.c.node_id == node_id, events.c.name == SessionDestroyed.name
        )
        return frozenset(to_ended_session(row) for row in await self._read(statement))

    @override
    async def get_or_set(self, key: str, make: Callable[[], str]) -> str:
        return await self._writer.write(partial(get_or_set, key=key, make=make))

    @override
    async def get_value(self, key: str) -> str | None:
        rows = await self._read(select(key_values.c.value).where(key_values.c.key == key))
        return str(rows[0][0]) if rows else None

    @override
    async def set_value(self, key: str, value: str) -> None:
        await self._writer.write(partial(set_value, key=key, value=value))

    @property
    @override
    def newest_event(self) -> int:
        return self._writer.last_sequence

    @override
    async def oldest_event(self) -> int:
        rows = await self._read(select(events.c.sequence).order_by(events.c.sequence).limit(1))
        return int(rows[0][0]) if rows else self.newest_event + 1

    @override
    async def events(self, after: int = 0, limit: int = MAX_EVENTS) -> tuple[StoredEvent, ...]:
        return tuple(to_event(row) for row in await self._page(events, after, limit))

    @override
    async def delete_events(self, through: int) -> None:
        await self._execute(
            delete(events).where(
                events.c.sequence <= through,
                events.c.sequence < select(journal.c.last_sequence).scalar_subquery(),
            )
        )

    @override
    async def reader_position(self, reader: str) -> int | None:
        rows = await self._read(
            select(event_readers.c.position).where(event_readers.c.name == reader)
        )
        return int(rows[0][0]) if rows else None

    @override
    async def set_reader_position(self, reader: str, position: int | None) -> None:
        await self._writer.write(partial(set_reader_position, reader=reader, position=position))

    @override
    async def add_dead_letter(self, reader: str, letter: DeadLetter) -> None:
        def work(connection: Connection) -> None:
            add_dead_letter(connection, letter, most=MAX_DEAD_LETTERS)
            set_reader_position(connection, reader=reader, position=letter.event.sequence)

        await self._writer.write(work)

    @override
    async def dead_letters(self, after: int = 0, limit: int = MAX_EVENTS) -> tuple[DeadLetter, ...]:
        return tuple(
            DeadLetter(to_event(row), row.reason, row.given_up)
            for row in await self._page(dead_letters, after, limit)
        )

    @override
    async def count_dead_letters(self) -> int:
        ((count,),) = await self._read(select(func.count()).select_from(dead_letters))
        return int(count)

    @override
    async def delete_dead_letter(self, sequence: int) -> None:
        await self._execute(delete(dead_letters).where(dead_letters.c.sequence == sequence))

    async def _execute(self, statement: Delete) -> None:
        def work(connection: Connection) -> None:
            connection.execute(statement)

        await self._writer.write(work)

    async def _page(self, table: Table, after: int, limit: int) -> Sequence[Row[Any]]:
        return await self._read(
            select(table)
            .where(table.c.sequence > after)
            .order_by(table.c.sequence)
            .limit(min(limit, MAX_EVENTS))
        )

    async def _read(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with translated():
            with anyio.fail_after(self._limits.commit):
                await self._reading.acquire()
            # One read at a time: a connection of the pool stays free for the writer.
            try:
                # A read that is cut short costs its connection: a cancelled caller waits for it.
                with anyio.fail_after(self._limits.commit, shield=True):
                    async with self._database.connect() as connection:
                        return await connection.run_sync(
                            lambda transaction: transaction.execute(statement).all()
                        )
            finally:
                self._reading.release()
