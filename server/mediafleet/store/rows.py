"""Domain values to rows and back; no statement is run here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from mediafleet.domain.drain import AtDeadline, Drain, Limit
from mediafleet.domain.media_node import MediaNode, MediaNodeStatus
from mediafleet.domain.ports import EventOnly
from mediafleet.domain.timestamps import from_milliseconds, to_milliseconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

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
    """A change as rows, so that nothing is left to go wrong inside the transaction.

    Attributes:
        node: Columns of ``media_nodes`` but for the order of joining; ``None``: nothing changes.
        event: Columns of ``events`` but for the sequence.
        leaves: The node's row is to be deleted.
    """

    node: Values | None
    event: Values
    leaves: bool


def steps(changes: Sequence[StoreEntry], cluster_id: str) -> tuple[Step, ...]:
    """The changes as rows, in order."""
    return tuple(_step(change, cluster_id) for change in changes)


def _step(change: StoreEntry, cluster_id: str) -> Step:
    event = _event_values(change.event, cluster_id)
    if isinstance(change, EventOnly):
        return Step(None, event, leaves=False)
    leaves = change.forget or change.node.status is MediaNodeStatus.TERMINATED
    return Step(_node_values(change.node), event, leaves)


def to_node(row: Row[Any]) -> MediaNode:
    """The member that a row of ``media_nodes`` tells of."""
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
    """The event that a row of ``events`` tells of."""
    return StoredEvent(
        sequence=row.sequence,
        node_id=row.node_id,
        name=row.name,
        timestamp=from_milliseconds(row.timestamp),
        payload=orjson.loads(row.payload),
    )


def to_ended_session(row: Row[Any]) -> tuple[str, datetime]:
    """Id and beginning of the session that a ``sessionDestroyed`` in ``events`` tells of."""
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
