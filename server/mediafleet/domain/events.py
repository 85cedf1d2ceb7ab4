"""The events of the cluster, with their names and payloads on the wire.

The store appends each to the ``events`` table, in the transaction of the change it belongs to.
Those of calls and of autoscaling are in ``call_events.py`` and ``autoscaling.py``.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from typing_extensions import override

from mediafleet.domain.formats import to_milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mediafleet.domain.drain import Drain
    from mediafleet.domain.labels import Labels

Payload: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event(ABC):
    """Base of all events.

    Attributes:
        name: As on the wire.
        timestamp: When it happened (aware, UTC).
        id: The Media Node it is about; ``None`` if it is about the cluster.
    """

    name: ClassVar[str]

    timestamp: datetime
    id: str | None

    @abstractmethod
    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""


@dataclass(frozen=True, slots=True)
class NodeEvent(Event):
    """Base of the events of a Media Node."""

    id: str

    @override
    def payload(self, cluster_id: str) -> Payload:
        moment = to_milliseconds(self.timestamp)
        return {"timestamp": moment, **self._members(), "clusterId": cluster_id}

    @abstractmethod
    def _members(self) -> Payload:
        """The members of the payload but those that all these events have."""


@dataclass(frozen=True, slots=True)
class SessionEvent(Event):
    """Base of the events of a session; ``id`` is its Media Node and not part of the payload."""

    id: str
    session_id: str

    @override
    def payload(self, cluster_id: str) -> Payload:
        moment = to_milliseconds(self.timestamp)
        return {"sessionId": self.session_id, "timestamp": moment, **self._members()}

    @abstractmethod
    def _members(self) -> Payload:
        """The members of the payload but those that all these events have."""

    def _end(self, start: datetime, reason: str) -> Payload:
        """The members of something that has ended."""
        seconds = (self.timestamp - start).total_seconds()
        return {
            "startTime": to_milliseconds(start),
            "duration": max(0, int(seconds)),
            "reason": reason,
        }


@dataclass(frozen=True, slots=True)
class _LocatedNodeEvent(NodeEvent):
    """Base of the events that say where the Media Node is."""

    environment_id: str | None
    ip: str | None
    uri: str | None

    def _place(self) -> Payload:
        return {
            "id": self.id,
            "environmentId": self.environment_id,
            "ip": self.ip,
            "uri": self.uri,
        }


@dataclass(frozen=True, slots=True)
class MediaNodeStatusChanged(_LocatedNodeEvent):
    """A Media Node began a status; the first one has no old status.

    Source: OpenVidu Pro 2.15, CDR and webhook event of the same name.
    """

    name: ClassVar[str] = "mediaNodeStatusChanged"

    new_status: str
    old_status: str | None

    def _members(self) -> Payload:
        return {**self._place(), "newStatus": self.new_status, "oldStatus": self.old_status}


@dataclass(frozen=True, slots=True)
class MediaNodeForgotten(NodeEvent):
    """The record of a failed Media Node was removed, on request or an hour after the failure.

    Mediafleet's own: the published life cycle has no transition out of ``failed``, so without this
    event a reader of the table would not see that the node has left.
    """

    name: ClassVar[str] = "mediaNodeForgotten"

    reason: str | None

    def _members(self) -> Payload:
        return {"id": self.id, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class MediaNodeDeduplicated(NodeEvent):
    """A Media Node is removed because another one is the same media server. Mediafleet's own.

    Attributes:
        duplicate_of: Id of the Media Node that stays.
    """

    name: ClassVar[str] = "mediaNodeDeduplicated"

    uri: str | None
    duplicate_of: str

    def _members(self) -> Payload:
        other = self.duplicate_of
        return {
            "id": self.id,
            "uri": self.uri,
            "duplicateOf": other,
            "reason": f"its media server is in the cluster already, as Media Node {other}",
        }


@dataclass(frozen=True, slots=True)
class NodeCrashed(_LocatedNodeEvent):
    """A Media Node was disconnected for longer than the crash timeout.

    Source: OpenVidu Pro 2.22. Its sessions may go on, if only the connection was lost.
    """

    name: ClassVar[str] = "nodeCrashed"

    time_of_disconnection: datetime
    session_ids: tuple[str, ...]

    def _members(self) -> Payload:
        return {
            "timeOfDisconnection": to_milliseconds(self.time_of_disconnection),
            **self._place(),
            "nodeRole": "medianode",
            "sessionIds": list(self.session_ids),
            "recordingIds": [],
        }


@dataclass(frozen=True, slots=True)
class NodeRecovered(_LocatedNodeEvent):
    """A crashed Media Node is connected again.

    Source: OpenVidu Pro 2.22.
    """

    name: ClassVar[str] = "nodeRecovered"

    def _members(self) -> Payload:
        return {**self._place(), "nodeRole": "medianode"}


@dataclass(frozen=True, slots=True)
class SessionDestroyed(SessionEvent):
    """A session ended: one of calls, or one whose Media Node crashed or was removed.

    Source: OpenVidu 2.15, CDR and webhook event of the same name.

    Attributes:
        start_time: When the session was created.
        reason: A value of OpenVidu.
    """

    name: ClassVar[str] = "sessionDestroyed"

    start_time: datetime
    reason: str

    def _members(self) -> Payload:
        return self._end(self.start_time, self.reason)


class DrainChange(StrEnum):
    """How a drain changed; values are those of the wire."""

    LIMITED = "limited"
    """It has a deadline, or another one."""
    UNLIMITED = "unlimited"
    """It has no deadline any more."""
    EXTENDED = "extended"
    """The deadline came and was extended by the same time."""
    ABORTED = "aborted"
    """The deadline came, and the node is running again."""
    FORCED = "forced"
    """The deadline came, or a user removed the node at once: its sessions are ended."""


@dataclass(frozen=True, slots=True)
class MediaNodeDrainChanged(NodeEvent):
    """The deadline of a quarantine was set, or came. Mediafleet's own.

    Attributes:
        change: How the drain changed.
        drain: Its limit; ``None`` if it has none.
        moves_calls: Whether calls are moved to other nodes.
    """

    name: ClassVar[str] = "mediaNodeDrainChanged"

    change: DrainChange
    drain: Drain | None
    moves_calls: bool = False

    def _members(self) -> Payload:
        drain = self.drain
        return {
            "id": self.id,
            "change": str(self.change),
            "deadline": drain.limit.seconds if drain else None,
            "deadlineTime": to_milliseconds(drain.deadline) if drain else None,
            "atDeadline": str(drain.limit.at_deadline) if drain else None,
            "extensions": drain.extensions if drain else 0,
            "move": self.moves_calls,
        }


@dataclass(frozen=True, slots=True)
class MediaNodeLabelsChanged(NodeEvent):
    """A Media Node has other labels. Mediafleet's own.

    Attributes:
        labels: All that it has now.
    """

    name: ClassVar[str] = "mediaNodeLabelsChanged"

    labels: Labels

    def _members(self) -> Payload:
        return {"id": self.id, "labels": dict(sorted(self.labels))}


OPENVIDU_EVENTS = frozenset(
    {
        *("mediaNodeStatusChanged", "nodeCrashed", "nodeRecovered", "autoscaling"),
        *("sessionCreated", "sessionDestroyed", "participantJoined", "participantLeft"),
        *("webrtcConnectionCreated", "webrtcConnectionDestroyed", "filterEventDispatched"),
    }
)
"""The events that OpenVidu has too; the others are additions of ours."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A committed event.

    Attributes:
        sequence: 1 for the first event of the store, then without gaps.
        node_id: The Media Node it is about; ``None`` if it is about the cluster.
        name: As on the wire, such as ``mediaNodeStatusChanged``.
        timestamp: When it happened, in UTC milliseconds.
        payload: As on the wire; times in UTC milliseconds.
        hash: See :func:`event_hash`.
    """

    sequence: int
    node_id: str | None
    name: str
    timestamp: int
    payload: Mapping[str, Any]
    hash: str

    @property
    def unique_id(self) -> str:
        """Identifies the event wherever it is sent, also when it is sent again."""
        return f"{self.sequence}-{self.hash[:16]}"


def event_hash(previous: str, sequence: int, name: str, payload: Mapping[str, Any]) -> str:
    """Return the hash that chains an event to its predecessor.

    It is the SHA-256, in hexadecimal, of the predecessor's hash followed by the JSON array of
    sequence, name and payload, in UTF-8, without spaces and with sorted keys. So nobody can change,
    insert or remove an event without changing the hashes of all later ones.

    Args:
        previous: Hash of the event before it; empty for the first one.
        sequence: Number of the event.
        name: Name of the event.
        payload: As on the wire.
    """
    text = json.dumps(
        [sequence, name, payload], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return sha256(previous.encode() + text.encode()).hexdigest()
