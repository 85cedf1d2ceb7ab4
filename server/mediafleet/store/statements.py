"""Statements that change the store, and rows to domain values and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

import msgspec
import orjson
from sqlalchemy import BigInteger, bindparam, delete, exists, insert, select, text, update

from mediafleet.domain.calls import Call, CallConnection, CallSession
from mediafleet.domain.drain import AtDeadline, Drain, Limit
from mediafleet.domain.entries import CallRecord, EventOnly
from mediafleet.domain.errors import StaleMediaNodeError
from mediafleet.domain.events import StoredEvent, event_hash
from mediafleet.domain.formats import from_milliseconds, to_milliseconds
from mediafleet.domain.media_node import MediaNode, MediaNodeStatus
from mediafleet.store.errors import StoreReplacedError, SupersededError
from mediafleet.store.leadership import Position
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
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from mediafleet.domain.entries import StoreEntry
    from mediafleet.domain.events import Event, Payload
    from mediafleet.domain.ports import DeadLetter


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
    "moves_calls",
    "labels",
)
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
_JOIN = insert(media_nodes).from_select(
    ["joined_sequence", *NODE_COLUMNS],
    select(
        *(
            bindparam(name, type_=media_nodes.c[name].type)
            for name in ("joined_sequence", *NODE_COLUMNS)
        )
    ).where(~exists().where(media_nodes.c.id == bindparam("id"))),
)
_SAVE_CALL_RECORD = text(  # both databases have this form of INSERT
    "INSERT INTO call_records (session_id, connection_id, document) "
    "VALUES (:session_id, :connection_id, :document) "
    "ON CONFLICT (session_id, connection_id) DO UPDATE SET document = excluded.document"
)


@dataclass(frozen=True, slots=True)
class EventStep:
    """A node with its event, or an event, as rows, converted before the transaction begins.

    Attributes:
        node: Columns of ``media_nodes`` except ``joined_sequence``; ``None``: only an event.
        event: The event.
        payload: Of the event.
        leaves: The node's row is deleted.
    """

    node: Values | None
    event: Event
    payload: Payload
    leaves: bool


@dataclass(frozen=True, slots=True)
class CallStep:
    """A row of ``call_records``.

    Attributes:
        session_id: Id of the session.
        connection_id: Id of the connection; empty for the session itself.
        document: JSON text; ``None``: the row is deleted, with a session those of its connections.
    """

    session_id: str
    connection_id: str
    document: str | None


Step: TypeAlias = EventStep | CallStep


def steps(changes: Sequence[StoreEntry], cluster_id: str) -> tuple[Step, ...]:
    """Convert entries to rows, in order."""
    return tuple(_step(change, cluster_id) for change in changes)


def _step(change: StoreEntry, cluster_id: str) -> Step:
    if isinstance(change, CallRecord):
        value = change.value
        document = None if value is None else msgspec.json.encode(value, enc_hook=dict).decode()
        return CallStep(change.session_id, change.connection_id, document)
    event, payload = change.event, change.event.payload(cluster_id)
    if isinstance(change, EventOnly):
        return EventStep(None, event, payload, leaves=False)
    leaves = change.forget or change.node.status is MediaNodeStatus.TERMINATED
    return EventStep(_node_values(change.node), event, payload, leaves)


def numbered(steps: Sequence[Step], position: Position) -> tuple[StoredEvent, ...]:
    """Give the events of steps the sequence numbers and hashes that follow a position."""
    stored: list[StoredEvent] = []
    last_hash = position.last_hash
    with_events = (step for step in steps if isinstance(step, EventStep))
    for sequence, step in enumerate(with_events, start=position.last_sequence + 1):
        name = step.event.name
        last_hash = event_hash(last_hash, sequence, name, step.payload)
        at = to_milliseconds(step.event.timestamp)
        stored.append(StoredEvent(sequence, step.event.id, name, at, step.payload, last_hash))
    return tuple(stored)


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
        moves_calls=row.moves_calls,
        labels=frozenset(orjson.loads(row.labels or b"{}").items()),
    )


def _to_drain(row: Row[Any]) -> Drain | None:
    if row.drain_deadline is None:
        return None
    return Drain(
        limit=Limit(row.drain_seconds, AtDeadline(row.drain_at_deadline)),
        deadline=from_milliseconds(row.drain_deadline),
        extensions=row.drain_extensions,
    )


def to_calls(rows: Iterable[Row[Any]]) -> tuple[Call, ...]:
    """Convert all rows of ``call_records``."""
    sessions: list[CallSession] = []
    connections: dict[str, list[CallConnection]] = {}
    for row in rows:
        if row.connection_id:
            connection = msgspec.json.decode(row.document, type=CallConnection)
            connections.setdefault(row.session_id, []).append(connection)
        else:
            sessions.append(msgspec.json.decode(row.document, type=CallSession))
    return tuple(
        Call(
            session,
            {
                connection.id: connection
                for connection in sorted(connections.get(session.id, ()), key=_creation)
            },
        )
        for session in sorted(sessions, key=_creation)
    )


def _creation(value: CallSession | CallConnection) -> tuple[datetime, str]:
    return value.created_at, value.id


def to_event(row: Row[Any]) -> StoredEvent:
    """Convert a row of ``events``."""
    return StoredEvent(
        sequence=row.sequence,
        node_id=row.node_id,
        name=row.name,
        timestamp=row.timestamp,
        payload=orjson.loads(row.payload),
        hash=row.hash,
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
        "moves_calls": node.moves_calls,
        "labels": orjson.dumps(dict(sorted(node.labels))).decode() if node.labels else None,
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


def _event_values(event: StoredEvent) -> Values:
    return {
        "sequence": event.sequence,
        "node_id": event.node_id,
        "name": event.name,
        "timestamp": event.timestamp,
        "payload": orjson.dumps(event.payload).decode(),
        "hash": event.hash,
    }


def begin_epoch(connection: Connection) -> Position:
    """Begin a new epoch, in which only this server can write; return the position."""
    connection.execute(update(journal).values(epoch=journal.c.epoch + 1))
    store_id = get_or_set(connection, STORE_ID, lambda: uuid4().hex)
    row = connection.execute(select(journal.c.epoch, journal.c.last_sequence)).one()
    newest = select(events.c.hash).where(events.c.sequence == row.last_sequence)
    last_hash = connection.scalar(newest) or ""
    return Position(store_id, int(row.epoch), int(row.last_sequence), last_hash)


def append_steps(
    connection: Connection, steps: Sequence[Step], stored: Sequence[StoredEvent]
) -> None:
    """Save the nodes and calls and append the events, in order, with claimed sequence numbers.

    Raises:
        StaleMediaNodeError: A stored node is not one version behind.
    """
    following = iter(stored)
    for step in steps:
        if isinstance(step, CallStep):
            _save_call_record(connection, step)
            continue
        event = next(following)
        if step.node is not None:
            _save_node(connection, step.node, event.sequence, leaves=step.leaves)
        connection.execute(insert(events), _event_values(event))


def _save_call_record(connection: Connection, step: CallStep) -> None:
    if step.document is not None:
        values = {
            "session_id": step.session_id,
            "connection_id": step.connection_id,
            "document": step.document,
        }
        connection.execute(_SAVE_CALL_RECORD, values)
        return
    deletion = delete(call_records).where(call_records.c.session_id == step.session_id)
    if step.connection_id:
        deletion = deletion.where(call_records.c.connection_id == step.connection_id)
    connection.execute(deletion)


def claim(connection: Connection, position: Position, count: int) -> None:
    """Claim the next sequence numbers; the last one becomes ``journal.last_sequence``.

    Every transaction that writes begins with this, even without events: the update fails if another
    server has opened the store, or if it is another store or an older copy of this one.

    Raises:
        SupersededError: Another server has opened the store.
        StoreReplacedError: It is not the store as this server left it.
    """
    claimed = connection.execute(
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
    found = connection.scalar(_ID)
    row = connection.execute(select(journal.c.epoch, journal.c.last_sequence)).one_or_none()
    if found == position.store_id and row is not None and row.epoch > position.epoch:
        raise SupersededError
    if found != position.store_id or row is None:
        raise StoreReplacedError("it is another store than the one that this server opened")
    raise StoreReplacedError(
        f"it is another copy of the store: its last event has number {row.last_sequence}, and "
        f"this server knows of {position.last_sequence}"
    )


def get_or_set(connection: Connection, key: str, make: Callable[[], str]) -> str:
    """Return the value of a key; create it if there is none."""
    known = connection.scalar(select(key_values.c.value).where(key_values.c.key == key))
    if known is not None:
        return str(known)
    value = make()
    connection.execute(insert(key_values), {"key": key, "value": value})
    return value


def set_value(connection: Connection, key: str, value: str) -> str:
    """Set the value of a key, and return it."""
    changed = connection.execute(
        update(key_values).where(key_values.c.key == key).values(value=value)
    )
    if changed.rowcount == 0:
        connection.execute(insert(key_values), {"key": key, "value": value})
    return value


def set_reader_position(connection: Connection, *, reader: str, position: int | None) -> None:
    """Set the position of a reader of the events; ``None`` deletes it."""
    its = event_readers.c.name == reader
    if position is None:
        connection.execute(delete(event_readers).where(its))
        return
    moved = connection.execute(update(event_readers).where(its).values(position=position))
    if moved.rowcount == 0:
        connection.execute(insert(event_readers), {"name": reader, "position": position})


def add_dead_letter(connection: Connection, letter: DeadLetter, *, most: int) -> None:
    """Keep an undeliverable event, and of all of them only the newest."""
    values = _event_values(letter.event)
    connection.execute(delete(dead_letters).where(dead_letters.c.sequence == letter.event.sequence))
    connection.execute(
        insert(dead_letters), {**values, "reason": letter.reason, "given_up": letter.timestamp}
    )
    oldest_kept = (
        select(dead_letters.c.sequence)
        .order_by(dead_letters.c.sequence.desc())
        .offset(most - 1)
        .limit(1)
        .scalar_subquery()
    )
    connection.execute(delete(dead_letters).where(dead_letters.c.sequence < oldest_kept))


def _save_node(connection: Connection, node: Values, sequence: int, *, leaves: bool) -> None:
    if node["version"] == 1:
        saved = connection.execute(_JOIN, {"joined_sequence": sequence, **node})
    else:
        before = (media_nodes.c.id == node["id"]) & (media_nodes.c.version == node["version"] - 1)
        saved = connection.execute(
            delete(media_nodes).where(before)
            if leaves
            else update(media_nodes).where(before).values(node)
        )
    if saved.rowcount == 0:
        raise StaleMediaNodeError(node["id"])
