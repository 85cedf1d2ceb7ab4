"""The Media Node, and the only code that changes its status."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from mediafleet.domain.endpoints import host_of
from mediafleet.domain.errors import IllegalTransitionError
from mediafleet.domain.events import (
    DrainChange,
    MediaNodeDrainChanged,
    MediaNodeForgotten,
    MediaNodeLabelsChanged,
    MediaNodeStatusChanged,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Set
    from datetime import datetime

    from mediafleet.domain.drain import Drain
    from mediafleet.domain.labels import Labels


class MediaNodeStatus(StrEnum):
    """Status of a Media Node; values are those of the wire."""

    LAUNCHING = "launching"
    CANCELED = "canceled"
    FAILED = "failed"
    RUNNING = "running"
    WAITING_IDLE_TO_TERMINATE = "waiting-idle-to-terminate"
    TERMINATING = "terminating"
    TERMINATED = "terminated"


S = MediaNodeStatus

TRANSITIONS: Mapping[S, Set[S]] = MappingProxyType(
    {
        S.LAUNCHING: frozenset({S.RUNNING, S.FAILED, S.CANCELED}),
        S.CANCELED: frozenset({S.LAUNCHING, S.TERMINATING}),
        S.RUNNING: frozenset({S.WAITING_IDLE_TO_TERMINATE, S.TERMINATING}),
        S.WAITING_IDLE_TO_TERMINATE: frozenset({S.RUNNING, S.TERMINATING}),
        S.TERMINATING: frozenset({S.TERMINATED}),
        S.FAILED: frozenset(),
        S.TERMINATED: frozenset(),
    }
)
"""Every legal move. Source: the life cycle published with OpenVidu Pro, unchanged 2.15–2.32."""

REQUESTABLE: Mapping[S, Set[S]] = MappingProxyType(
    {
        S.LAUNCHING: frozenset({S.CANCELED}),
        S.CANCELED: frozenset({S.LAUNCHING}),
        S.RUNNING: frozenset({S.WAITING_IDLE_TO_TERMINATE, S.TERMINATING}),
        S.WAITING_IDLE_TO_TERMINATE: frozenset({S.RUNNING, S.TERMINATING}),
        S.TERMINATING: frozenset(),
        S.FAILED: frozenset(),
        S.TERMINATED: frozenset(),
    }
)
"""The moves a user may request with PATCH; all others are the cluster's own steps."""

ACTIVE_STATUSES: frozenset[S] = frozenset({S.LAUNCHING, S.RUNNING})
"""The node counts for the size of the cluster: it takes new sessions, or soon will."""

SERVING_STATUSES: frozenset[S] = frozenset({S.RUNNING, S.WAITING_IDLE_TO_TERMINATE})
"""The node may host sessions."""


@dataclass(frozen=True, slots=True)
class MediaNode:
    """What is stored of a Media Node: its identity and its place in the life cycle.

    Attributes:
        id: Unique in the cluster, stable over restarts of the server.
        status: Place in the life cycle.
        environment_id: Name of the machine in its environment; ``None`` on premises.
        uri: WebSocket endpoint as it was given; ``None`` until it is known.
        launching_time: When the status first became ``launching`` (aware, UTC).
        status_since: When the present status began (aware, UTC).
        reason: Why the node is ``failed``; ``None`` otherwise.
        evicts_sessions: While ``canceled`` or ``terminating``: the sessions it still hosts must be
            ended first.
        crashed_since: When the connection was lost, once ``nodeCrashed`` was emitted (aware, UTC);
            ``None`` again when the node has recovered.
        drain: While quarantined: how long that may last; ``None``: until its last session ends.
        moves_calls: While quarantined: its calls are moved to other nodes.
        labels: Given by operators, for placements to choose by.
        version: Number of changes since the node was added, for the store's optimistic lock.
    """

    id: str
    status: MediaNodeStatus
    launching_time: datetime
    status_since: datetime
    environment_id: str | None = None
    uri: str | None = None
    reason: str | None = None
    evicts_sessions: bool = False
    crashed_since: datetime | None = None
    drain: Drain | None = None
    moves_calls: bool = False
    labels: Labels = frozenset()
    version: int = 1

    @property
    def ip(self) -> str | None:
        """The host of its uri, which may be a name; ``None`` until the uri is known."""
        return None if self.uri is None else host_of(self.uri)

    @property
    def is_quarantined(self) -> bool:
        """Whether the node takes no new sessions and goes when the last one ends."""
        return self.status is S.WAITING_IDLE_TO_TERMINATE

    @property
    def holds_its_uri(self) -> bool:
        """Whether its uri is taken; a failed or terminated node frees it."""
        return self.status not in {S.FAILED, S.TERMINATED}


def new_media_node(
    node_id: str,
    *,
    at: datetime,
    uri: str | None = None,
    environment_id: str | None = None,
) -> tuple[MediaNode, MediaNodeStatusChanged]:
    """Create a Media Node, which is ``launching``.

    Returns:
        The new node and its event; both belong in one transaction.
    """
    node = MediaNode(
        id=node_id,
        status=S.LAUNCHING,
        launching_time=at,
        status_since=at,
        environment_id=environment_id,
        uri=uri,
    )
    return node, _status_changed(node, None, at)


def transition(
    node: MediaNode,
    to: MediaNodeStatus,
    *,
    at: datetime,
    reason: str | None = None,
    evicts_sessions: bool = False,
    drain: Drain | None = None,
    moves_calls: bool = False,
) -> tuple[MediaNode, MediaNodeStatusChanged]:
    """Move a Media Node to another status.

    Args:
        node: The node as it is now.
        to: The status wanted; a different one.
        at: Moment of the move (aware, UTC).
        reason: Kept with the node when it fails.
        evicts_sessions: Kept with the node when it must be terminated, now or after its launch.
        drain: Kept with the node when it is quarantined.
        moves_calls: Likewise.

    Returns:
        The new node and its event; both belong in one transaction.

    Raises:
        IllegalTransitionError: The life cycle has no such move.
    """
    if to not in TRANSITIONS[node.status]:
        raise IllegalTransitionError(node.id, node.status, to, sorted(TRANSITIONS[node.status]))
    moved = replace(
        node,
        status=to,
        status_since=at,
        reason=reason if to is S.FAILED else None,
        crashed_since=node.crashed_since if to in SERVING_STATUSES else None,
        evicts_sessions=evicts_sessions and to in {S.CANCELED, S.TERMINATING},
        drain=drain if to is S.WAITING_IDLE_TO_TERMINATE else None,
        moves_calls=moves_calls and to is S.WAITING_IDLE_TO_TERMINATE,
        version=node.version + 1,
    )
    return moved, _status_changed(moved, node.status, at)


def transition_on_request(
    node: MediaNode, to: MediaNodeStatus, *, at: datetime
) -> tuple[MediaNode, MediaNodeStatusChanged]:
    """Move a Media Node as a user requested by PATCH, which allows fewer moves than exist.

    Termination requested this way ends the node's sessions.

    Raises:
        IllegalTransitionError: A user may not request this move.
    """
    if to not in REQUESTABLE[node.status]:
        raise IllegalTransitionError(node.id, node.status, to, sorted(REQUESTABLE[node.status]))
    return transition(node, to, at=at, evicts_sessions=to is S.TERMINATING)


def forget(node: MediaNode, *, at: datetime) -> tuple[MediaNode, MediaNodeForgotten]:
    """Remove the record of a failed Media Node; the life cycle has no transition for it."""
    event = MediaNodeForgotten(timestamp=at, id=node.id, reason=node.reason)
    return replace(node, version=node.version + 1), event


def limit_quarantine(
    node: MediaNode,
    drain: Drain | None,
    change: DrainChange,
    *,
    at: datetime,
    moves_calls: bool = False,
) -> tuple[MediaNode, MediaNodeDrainChanged]:
    """Give a quarantined node another deadline, or none; its status stays.

    Args:
        node: The node as it is now.
        drain: Its limit from now on.
        change: What that is.
        at: Moment of the change (aware, UTC).
        moves_calls: Whether its calls are moved from now on.
    """
    limited = replace(node, drain=drain, moves_calls=moves_calls, version=node.version + 1)
    return limited, drain_changed(limited, change, at=at)


def evict(node: MediaNode, *, at: datetime) -> tuple[MediaNode, MediaNodeDrainChanged]:
    """Have a node that is being removed end the sessions it spared; its status stays."""
    evicting = replace(node, evicts_sessions=True, version=node.version + 1)
    return evicting, drain_changed(evicting, DrainChange.FORCED, at=at)


def label(
    node: MediaNode, labels: Labels, *, at: datetime
) -> tuple[MediaNode, MediaNodeLabelsChanged]:
    """Give a node other labels in place of those that it has; its status stays."""
    labelled = replace(node, labels=labels, version=node.version + 1)
    return labelled, MediaNodeLabelsChanged(timestamp=at, id=node.id, labels=labels)


def drain_changed(node: MediaNode, change: DrainChange, *, at: datetime) -> MediaNodeDrainChanged:
    """The event for a change of a node's drain."""
    return MediaNodeDrainChanged(
        timestamp=at, id=node.id, change=change, drain=node.drain, moves_calls=node.moves_calls
    )


def _status_changed(
    node: MediaNode, old: MediaNodeStatus | None, at: datetime
) -> MediaNodeStatusChanged:
    return MediaNodeStatusChanged(
        timestamp=at,
        id=node.id,
        environment_id=node.environment_id,
        ip=node.ip,
        uri=node.uri,
        new_status=node.status,
        old_status=old,
    )
