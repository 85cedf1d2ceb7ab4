"""Statements that change the store, and rows to domain values and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from sqlalchemy import BigInteger, Integer, bindparam, delete, exists, insert, select, update

from mediafleet.domain.drain import AtDeadline, Drain, Limit
from mediafleet.domain.errors import StaleMediaNodeError
from mediafleet.domain.formats import from_milliseconds, to_milliseconds
from mediafleet.domain.media_node import MediaNode, MediaNodeStatus
from mediafleet.domain.ports import EventOnly
from mediafleet.store.errors import StoreReplacedError, SupersededError
from mediafleet.store.leadership import Position
from mediafleet.store.tables import events, journal, key_values, media_nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from mediafleet.domain.events import Event, Payload
    from mediafleet.domain.ports import StoreEntry


Values = dict[str, Any]

NODE_COLUMNS = (
    "id",
    "status",
    "environment_id",
    "uri",
    "launching_time",
    "status_since",
    "reason",
    "evicts_sessions",
    "version",
    "crashed_since",
    "drain_seconds",
    "drain_at_deadline",
    "drain_deadline",
    "drain_extensions",
)
EVENT_COLUMNS = ("node_id", "name", "timestamp", "payload")


# Sequence number of an event: the last one of its transaction minus the events that follow. So no
# statement needs the result of an earlier one, which would cost a round trip per commit.
_SEQUENCE = select(journal.c.last_sequence).scalar_subquery() - bindparam("behind", type_=Integer)
STORE_ID = "store_id"
"""Key of the id of the store; a copy has the same."""
_ID = select(key_values.c.value).where(key_values.c.key == STORE_ID)
_CLAIM = (
    update(journal)
    .where(
        journal.c.epoch == bindparam("its_epoch"),
        journal.c.last_sequence == bindparam("known"),
        exists().where(key_values.c.key == STORE_ID, key_values.c.value == bindparam("its_id")),
    )
    .values(last_sequence=journal.c.last_sequence + bindparam("count", type_=BigInteger))
)
_APPEND = insert(events).values(
    {"sequence": _SEQUENCE} | {name: bindparam(name) for name in EVENT_COLUMNS}
)
_JOIN = insert(media_nodes).from_select(
    ["joined_sequence", *NODE_COLUMNS],
    select(
        _SEQUENCE, *(bindparam(name, type_=media_nodes.c[name].type) for name in NODE_COLUMNS)
    ).where(~exists().where(media_nodes.c.id == bindparam("id"))),
)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One row of the ``events`` table.

    Attributes:
        sequence: 1 for the first event of the store, then without gaps.
        node_id: The Media Node it is about.
        name: As on the wire, such as ``mediaNodeStatusChanged``.
        timestamp: When it happened (aware, UTC).
        payload: As on the wire; times in UTC milliseconds.
    """

    sequence: int
    node_id: str
    name: str
    timestamp: datetime
    payload: Payload


@dataclass(frozen=True, slots=True)
class Step:
    """An entry as rows, converted before the transaction begins.

    Attributes:
        node: Columns of ``media_nodes`` except ``joined_sequence``; ``None``: only an event.
        event: Columns of ``events`` except ``sequence``.
        leaves: The node's row is deleted.
    """

    node: Values | None
    event: Values
    leaves: bool


def steps(changes: Sequence[StoreEntry], cluster_id: str) -> tuple[Step, ...]:
    """Convert entries to rows, in order."""
    return tuple(_step(change, cluster_id) for change in changes)


def _step(change: StoreEntry, cluster_id: str) -> Step:
    event = _event_values(change.event, cluster_id)
    if isinstance(change, EventOnly):
        return Step(None, event, leaves=False)
    leaves = change.forget or change.node.status is MediaNodeStatus.TERMINATED
    return Step(_node_values(change.node), event, leaves)


def to_node(row: Row[Any]) -> MediaNode:
    """Convert a row of ``media_nodes`` to a Media Node."""
    return MediaNode(
        id=row.id,
        status=MediaNodeStatus(row.status),
        launching_time=from_milliseconds(row.launching_time),
        status_since=from_milliseconds(row.status_since),
        environment_id=row.environment_id,
        uri=row.uri,
        reason=row.reason,
        evicts_sessions=row.evicts_sessions,
        version=row.version,
        crashed_since=None if row.crashed_since is None else from_milliseconds(row.crashed_since),
        drain=_to_drain(row),
    )


def _to_drain(row: Row[Any]) -> Drain | None:
    if row.drain_deadline is None:
        return None
    return Drain(
        limit=Limit(row.drain_seconds, AtDeadline(row.drain_at_deadline)),
        deadline=from_milliseconds(row.drain_deadline),
        extensions=row.drain_extensions,
    )


def to_event(row: Row[Any]) -> StoredEvent:
    """Convert a row of ``events``."""
    return StoredEvent(
        sequence=row.sequence,
        node_id=row.node_id,
        name=row.name,
        timestamp=from_milliseconds(row.timestamp),
        payload=orjson.loads(row.payload),
    )


def to_ended_session(row: Row[Any]) -> tuple[str, datetime]:
    """Return id and start of the session of a ``sessionDestroyed`` row."""
    payload = orjson.loads(row.payload)
    return payload["sessionId"], from_milliseconds(payload["startTime"])


def _node_values(node: MediaNode) -> Values:
    return {
        "id": node.id,
        "status": str(node.status),
        "environment_id": node.environment_id,
        "uri": node.uri,
        "launching_time": to_milliseconds(node.launching_time),
        "status_since": to_milliseconds(node.status_since),
        "reason": node.reason,
        "evicts_sessions": node.evicts_sessions,
        "version": node.version,
        "crashed_since": _milliseconds(node.crashed_since),
        **_drain_values(node.drain),
    }


def _drain_values(drain: Drain | None) -> Values:
    return {
        "drain_seconds": drain and drain.limit.seconds,
        "drain_at_deadline": drain and str(drain.limit.at_deadline),
        "drain_deadline": drain and to_milliseconds(drain.deadline),
        "drain_extensions": drain and drain.extensions,
    }


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else to_milliseconds(moment)


def _event_values(event: Event, cluster_id: str) -> Values:
    return {
        "node_id": event.id,
        "name": event.name,
        "timestamp": to_milliseconds(event.timestamp),
        "payload": orjson.dumps(event.payload(cluster_id)).decode(),
    }


async def begin_epoch(connection: AsyncConnection) -> Position:
    """Begin a new epoch, in which only this server can write; return the position."""
    await connection.execute(update(journal).values(epoch=journal.c.epoch + 1))
    store_id = await get_or_set(connection, STORE_ID, lambda: uuid4().hex)
    row = (await connection.execute(select(journal.c.epoch, journal.c.last_sequence))).one()
    return Position(store_id, int(row.epoch), int(row.last_sequence))


async def append_steps(connection: AsyncConnection, steps: Sequence[Step]) -> None:
    """Save the nodes and append the events, in order, with claimed sequence numbers.

    Raises:
        StaleMediaNodeError: A stored node is not one version behind.
    """
    for behind, step in zip(reversed(range(len(steps))), steps, strict=True):
        if step.node is not None:
            await _save_node(connection, step.node, behind, leaves=step.leaves)
        await connection.execute(_APPEND, {"behind": behind, **step.event})


async def claim(connection: AsyncConnection, position: Position, count: int) -> None:
    """Claim the next sequence numbers; the last one becomes ``journal.last_sequence``.

    Every transaction that writes begins with this, even without events: the update fails if another
    server has opened the store, or if it is another store or an older copy of this one.

    Raises:
        SupersededError: Another server has opened the store.
        StoreReplacedError: It is not the store as this server left it.
    """
    claimed = await connection.execute(
        _CLAIM,
        {
            "its_id": position.store_id,
            "its_epoch": position.epoch,
            "known": position.last_sequence,
            "count": count,
        },
    )
    if claimed.rowcount != 0:
        return
    found = await connection.scalar(_ID)
    row = (await connection.execute(select(journal.c.epoch, journal.c.last_sequence))).one_or_none()
    if found == position.store_id and row is not None and row.epoch > position.epoch:
        raise SupersededError
    if found != position.store_id or row is None:
        raise StoreReplacedError("it is another store than the one that this server opened")
    raise StoreReplacedError(
        f"it is another copy of the store: its last event has number {row.last_sequence}, and "
        f"this server knows of {position.last_sequence}"
    )


async def get_or_set(connection: AsyncConnection, key: str, make: Callable[[], str]) -> str:
    """Return the value of a key; create it if there is none."""
    known = await connection.scalar(select(key_values.c.value).where(key_values.c.key == key))
    if known is not None:
        return str(known)
    value = make()
    await connection.execute(insert(key_values), {"key": key, "value": value})
    return value


async def set_value(connection: AsyncConnection, key: str, value: str) -> str:
    """Set the value of a key, and return it."""
    changed = await connection.execute(
        update(key_values).where(key_values.c.key == key).values(value=value)
    )
    if changed.rowcount == 0:
        await connection.execute(insert(key_values), {"key": key, "value": value})
    return value


async def _save_node(
    connection: AsyncConnection, node: Values, behind: int, *, leaves: bool
) -> None:
    if node["version"] == 1:
        saved = await connection.execute(_JOIN, {"behind": behind, **node})
    else:
        before = (media_nodes.c.id == node["id"]) & (media_nodes.c.version == node["version"] - 1)
        saved = await connection.execute(
            delete(media_nodes).where(before)
            if leaves
            else update(media_nodes).where(before).values(node)
        )
    if saved.rowcount == 0:
        raise StaleMediaNodeError(node["id"])
