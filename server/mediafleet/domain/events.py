"""The events of the cluster, with their names and payloads on the wire.

The store appends each to the ``events`` table, in the transaction of the change it belongs to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from mediafleet.domain.call_events import (
    FilterEventDispatched,
    ParticipantJoined,
    ParticipantLeft,
    SessionCreated,
    WebrtcConnectionCreated,
    WebrtcConnectionDestroyed,
)
from mediafleet.domain.formats import to_milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mediafleet.domain.autoscaling import Plan
    from mediafleet.domain.cluster import Member
    from mediafleet.domain.drain import Drain
    from mediafleet.domain.ranking import Labels

Payload: TypeAlias = dict[str, Any]

MEDIA_NODE_ROLE = "medianode"


@dataclass(frozen=True, slots=True)
class MediaNodeStatusChanged:
    """A Media Node began a status; the first one has no old status.

    Source: OpenVidu Pro 2.15, CDR and webhook event of the same name.
    """

    name: ClassVar[str] = "mediaNodeStatusChanged"

    timestamp: datetime
    id: str
    environment_id: str | None
    ip: str | None
    uri: str | None
    new_status: str
    old_status: str | None

    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return {
            "timestamp": to_milliseconds(self.timestamp),
            "id": self.id,
            "environmentId": self.environment_id,
            "ip": self.ip,
            "uri": self.uri,
            "newStatus": self.new_status,
            "oldStatus": self.old_status,
            "clusterId": cluster_id,
        }


@dataclass(frozen=True, slots=True)
class MediaNodeForgotten:
    """The record of a failed Media Node was removed, on request or an hour after the failure.

    Mediafleet's own: the published life cycle has no transition out of ``failed``, so without this
    event a reader of the table would not see that the node has left.
    """

    name: ClassVar[str] = "mediaNodeForgotten"

    timestamp: datetime
    id: str
    reason: str | None

    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return {
            "timestamp": to_milliseconds(self.timestamp),
            "id": self.id,
            "reason": self.reason,
            "clusterId": cluster_id,
        }


@dataclass(frozen=True, slots=True)
class MediaNodeDeduplicated:
    """A Media Node is removed because another one is the same media server. Mediafleet's own.

    Attributes:
        duplicate_of: Id of the Media Node that stays.
    """

    name: ClassVar[str] = "mediaNodeDeduplicated"

    timestamp: datetime
    id: str
    uri: str | None
    duplicate_of: str

    @property
    def reason(self) -> str:
        """Why, for people."""
        return f"its media server is in the cluster already, as Media Node {self.duplicate_of}"

    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return {
            "timestamp": to_milliseconds(self.timestamp),
            "id": self.id,
            "uri": self.uri,
            "duplicateOf": self.duplicate_of,
            "reason": self.reason,
            "clusterId": cluster_id,
        }


@dataclass(frozen=True, slots=True)
class NodeCrashed:
    """A Media Node was disconnected for longer than the crash timeout.

    Source: OpenVidu Pro 2.22. Its sessions may go on, if only the connection was lost.
    """

    name: ClassVar[str] = "nodeCrashed"

    timestamp: datetime
    time_of_disconnection: datetime
    id: str
    environment_id: str | None
    ip: str | None
    uri: str | None
    session_ids: tuple[str, ...]

    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return {
            "timestamp": to_milliseconds(self.timestamp),
            "timeOfDisconnection": to_milliseconds(self.time_of_disconnection),
            "id": self.id,
            "environmentId": self.environment_id,
            "ip": self.ip,
            "uri": self.uri,
            "nodeRole": MEDIA_NODE_ROLE,
            "sessionIds": list(self.session_ids),
            "recordingIds": [],
            "clusterId": cluster_id,
        }


@dataclass(frozen=True, slots=True)
class NodeRecovered:
    """A crashed Media Node is connected again.

    Source: OpenVidu Pro 2.22.
    """

    name: ClassVar[str] = "nodeRecovered"

    timestamp: datetime
    id: str
    environment_id: str | None
    ip: str | None
    uri: str | None

    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return {
            "timestamp": to_milliseconds(self.timestamp),
            "id": self.id,
            "environmentId": self.environment_id,
            "ip": self.ip,
            "uri": self.uri,
            "nodeRole": MEDIA_NODE_ROLE,
            "clusterId": cluster_id,
        }


@dataclass(frozen=True, slots=True)
class SessionDestroyed:
    """A session ended: one of calls, or one whose Media Node crashed or was removed.

    Source: OpenVidu 2.15, CDR and webhook event of the same name.

    Attributes:
        id: The Media Node; not part of the payload.
        start_time: When the session was created.
        reason: A value of OpenVidu.
    """

    name: ClassVar[str] = "sessionDestroyed"

    timestamp: datetime
    id: str
    session_id: str
    start_time: datetime
    reason: str

    def payload(self, _: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        seconds = (self.timestamp - self.start_time).total_seconds()
        return {
            "sessionId": self.session_id,
            "timestamp": to_milliseconds(self.timestamp),
            "startTime": to_milliseconds(self.start_time),
            "duration": max(0, int(seconds)),
            "reason": self.reason,
        }


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
class MediaNodeDrainChanged:
    """The deadline of a quarantine was set, or came. Mediafleet's own.

    Attributes:
        change: How the drain changed.
        drain: Its limit; ``None`` if it has none.
        moves_calls: Whether calls are moved to other nodes.
    """

    name: ClassVar[str] = "mediaNodeDrainChanged"

    timestamp: datetime
    id: str
    change: DrainChange
    drain: Drain | None
    moves_calls: bool = False

    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        drain = self.drain
        return {
            "timestamp": to_milliseconds(self.timestamp),
            "id": self.id,
            "change": str(self.change),
            "deadline": drain.limit.seconds if drain else None,
            "deadlineTime": to_milliseconds(drain.deadline) if drain else None,
            "atDeadline": str(drain.limit.at_deadline) if drain else None,
            "extensions": drain.extensions if drain else 0,
            "move": self.moves_calls,
            "clusterId": cluster_id,
        }


@dataclass(frozen=True, slots=True)
class MediaNodeLabelsChanged:
    """A Media Node has other labels. Mediafleet's own.

    Attributes:
        labels: All that it has now.
    """

    name: ClassVar[str] = "mediaNodeLabelsChanged"

    timestamp: datetime
    id: str
    labels: Labels

    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return {
            "timestamp": to_milliseconds(self.timestamp),
            "id": self.id,
            "labels": dict(sorted(self.labels)),
            "clusterId": cluster_id,
        }


@dataclass(frozen=True, slots=True)
class Autoscaling:
    """Autoscaling changes the size of the cluster, or requests nodes on premises.

    Source: OpenVidu Pro 2.15. Each node is shown as it is before the change.
    """

    name: ClassVar[str] = "autoscaling"

    timestamp: datetime
    plan: Plan
    id: None = None

    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        plan, inputs, policy = self.plan, self.plan.inputs, self.plan.policy
        return {
            "clusterId": cluster_id,
            "reason": plan.reason,
            "mediaNodes": {
                "launch": {
                    "total": plan.grows,
                    "newNodes": plan.new_nodes,
                    "waitingIdleToTerminateNodes": _scaled_nodes(plan.restored),
                    "canceledNodes": _scaled_nodes(plan.resumed),
                },
                "terminate": {
                    "total": plan.shrinks,
                    "runningNodes": _scaled_nodes(plan.removed),
                    "launchingNodes": _scaled_nodes(plan.canceled),
                },
            },
            "system": {
                "config": {
                    "maxNodes": policy.max_nodes,
                    "minNodes": policy.min_nodes,
                    "maxAvgLoad": policy.max_load,
                    "minAvgLoad": policy.min_load,
                },
                "status": {
                    "numNodes": inputs.num_nodes,
                    "totalLoad": inputs.total_load,
                    "avgLoad": inputs.avg_load,
                    "runningNodes": _scaled_nodes(inputs.running),
                    "launchingNodes": _scaled_nodes(inputs.launching),
                    "waitingIdleToTerminateNodes": _scaled_nodes(inputs.waiting),
                    "canceledNodes": _scaled_nodes(inputs.canceled),
                },
            },
            "timestamp": to_milliseconds(self.timestamp),
        }


def _scaled_nodes(members: Iterable[Member]) -> list[Payload]:
    """Media Nodes as an `autoscaling` event shows them; a load must be a number there."""
    return [
        {
            "id": member.node.id,
            "environmentId": member.node.environment_id,
            "ip": member.node.ip,
            "load": round(member.connection.load or member.connection.last_load or 0, 2),
            "status": member.node.status.value,
        }
        for member in members
    ]


MAX_UNKNOWN_NODES = 100
"""Ids in one `autoscalingBlind` event."""


@dataclass(frozen=True, slots=True)
class AutoscalingBlind:
    """Loads of Media Nodes are unknown for too long, or are known again. Mediafleet's own.

    Attributes:
        unknown: Ids of the Media Nodes whose load is unknown; none if all are known again.
    """

    name: ClassVar[str] = "autoscalingBlind"

    timestamp: datetime
    unknown: tuple[str, ...]
    id: None = None

    def payload(self, cluster_id: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return {
            "timestamp": to_milliseconds(self.timestamp),
            "blind": bool(self.unknown),
            "unknown": len(self.unknown),
            "mediaNodes": list(self.unknown[:MAX_UNKNOWN_NODES]),
            "clusterId": cluster_id,
        }


Event: TypeAlias = (
    MediaNodeStatusChanged
    | MediaNodeForgotten
    | MediaNodeDeduplicated
    | NodeCrashed
    | NodeRecovered
    | SessionDestroyed
    | MediaNodeDrainChanged
    | MediaNodeLabelsChanged
    | Autoscaling
    | AutoscalingBlind
    | SessionCreated
    | ParticipantJoined
    | ParticipantLeft
    | WebrtcConnectionCreated
    | WebrtcConnectionDestroyed
    | FilterEventDispatched
)
"""Each kind of event in the ``events`` table."""

OPENVIDU_EVENTS = frozenset(
    {
        MediaNodeStatusChanged.name,
        NodeCrashed.name,
        NodeRecovered.name,
        SessionDestroyed.name,
        Autoscaling.name,
        SessionCreated.name,
        ParticipantJoined.name,
        ParticipantLeft.name,
        WebrtcConnectionCreated.name,
        WebrtcConnectionDestroyed.name,
        FilterEventDispatched.name,
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
