"""The store entries of a step or a removal: changes of nodes and their events."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from mediafleet.domain.calls import Reason
from mediafleet.domain.diagnostics import Finding
from mediafleet.domain.entries import EventOnly, Mutation
from mediafleet.domain.events import (
    MediaNodeDeduplicated,
    NodeCrashed,
    NodeRecovered,
    SessionDestroyed,
)
from mediafleet.domain.lifecycle import DeletionStrategy, Removal, Step, Timeouts
from mediafleet.domain.media_node import (
    SERVING_STATUSES,
    MediaNode,
    MediaNodeStatus,
    evict,
    forget,
    transition,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mediafleet.domain.cluster import Cluster, Member, Session
    from mediafleet.domain.entries import NodeEntry

_STATUSES: Mapping[Step, MediaNodeStatus] = MappingProxyType(
    {
        Step.JOIN: MediaNodeStatus.RUNNING,
        Step.FAIL: MediaNodeStatus.FAILED,
        Step.ABANDON: MediaNodeStatus.TERMINATING,
        Step.END_QUARANTINE: MediaNodeStatus.TERMINATING,
        Step.TERMINATE: MediaNodeStatus.TERMINATED,
    }
)
"""Where a step leads; a launch changes nothing until the node is connected or it failed."""


def change_of_step(
    step: Step,
    member: Member,
    cluster: Cluster,
    timeouts: Timeouts,
    *,
    at: datetime,
) -> Mutation:
    """Return what a step that was taken changes.

    Args:
        step: The member's next step, done.
        member: The node as it is now.
        cluster: All members; two nodes never share a media server.
        timeouts: What a launch that took too long was given.
        at: Moment of the step (aware, UTC).
    """
    if step is Step.FORGET:
        return Mutation(*forget(member.node, at=at), forget=True)
    to, node, reason = _STATUSES[step], member.located(), None
    if step is Step.FAIL:
        reason = (
            member.progress.launch_failure
            or f"no connection within {timeouts.launch:g} s of the launch"
        )
    elif step is Step.JOIN and (duplicate := duplicate_of(member, cluster)):
        to = MediaNodeStatus.FAILED
        reason = f"its media server is in the cluster already, as Media Node {duplicate}"
        # So is the machine behind it: whatever its name here, it is not this node's to be ended.
        node = replace(node, environment_id=None)
    evicts = node.evicts_sessions
    return Mutation(*transition(node, to, at=at, reason=reason, evicts_sessions=evicts))


def changes_of_removal(
    node: MediaNode, removal: Removal, strategy: DeletionStrategy, *, at: datetime
) -> tuple[Mutation, ...]:
    """Return what a removal changes at once; nothing if it is under way already or refused.

    Args:
        node: The node as it is now.
        removal: What the request does.
        strategy: Of the request.
        at: Moment of the removal (aware, UTC).
    """
    evicts = strategy is DeletionStrategy.NOW
    match removal:
        case Removal.CANCEL:
            to = MediaNodeStatus.CANCELED
            return (Mutation(*transition(node, to, at=at, evicts_sessions=evicts)),)
        case Removal.FORGET:
            return (Mutation(*forget(node, at=at), forget=True),)
        case Removal.EVICT:
            return (Mutation(*evict(node, at=at)),)
        case Removal.TERMINATE:
            to = MediaNodeStatus.TERMINATING
            return (Mutation(*transition(node, to, at=at, evicts_sessions=evicts)),)
        case Removal.QUARANTINE if not node.is_quarantined:
            to = MediaNodeStatus.WAITING_IDLE_TO_TERMINATE
            return (Mutation(*transition(node, to, at=at)),)
        case _:
            return ()


CRASH_STEPS = frozenset(
    {Step.REPORT_CRASH, Step.REPORT_RECOVERY, Step.REPORT_LOST_SESSIONS, Step.GIVE_UP}
)
REPORTED_AT_ONCE = 500
"""Ends of sessions in one commit."""


def entries_of_crash(step: Step, member: Member, *, at: datetime) -> tuple[NodeEntry, ...]:
    """What one of the ``CRASH_STEPS`` changes and which events it emits, those of calls apart.

    Args:
        step: The member's next step.
        member: The node as it is now.
        at: Moment of the step (aware, UTC).
    """
    match step:
        case Step.REPORT_CRASH:
            return (Mutation(*_crash(member, at)),)
        case Step.REPORT_RECOVERY:
            return (Mutation(*_recover(member.node, at)),)
        case Step.REPORT_LOST_SESSIONS:
            lost = member.lost_sessions[:REPORTED_AT_ONCE]
            return ends_of(lost, member.node.id, Reason.NODE_CRASHED, at=at)
        case _:
            gone = transition(member.node, MediaNodeStatus.TERMINATING, at=at)
            ended = (*member.lost_sessions, *member.foreign_sessions)
            ends = ends_of(ended, member.node.id, Reason.NODE_CRASHED, at=at)
            return (Mutation(*gone), *ends)


def finding_of(step: Step, member: Member, now: float) -> tuple[Finding, str] | None:
    """What one of the ``CRASH_STEPS`` decides about the node and why; ``None``: nothing.

    Args:
        step: The member's next step.
        member: The node as it is before that.
        now: Seconds on the clock of :attr:`Member.down_since`.
    """
    finding = {Step.REPORT_CRASH: Finding.CRASHED, Step.GIVE_UP: Finding.GIVEN_UP}.get(step)
    if finding is None:
        return None
    if member.gone:
        return finding, "its machine is known to be gone"
    return finding, f"it was disconnected for {now - member.down_since:.1f} s"


def _crash(member: Member, at: datetime) -> tuple[MediaNode, NodeCrashed]:
    node = member.node
    lost_at = member.connection.disconnection_time or at
    event = NodeCrashed(
        timestamp=at,
        time_of_disconnection=lost_at,
        id=node.id,
        environment_id=node.environment_id,
        ip=node.ip,
        uri=node.uri,
        # With its machine, the sessions of a member are lost at once.
        session_ids=tuple(each.id for each in (*member.lost_sessions, *member.sessions)),
    )
    return replace(node, crashed_since=lost_at, version=node.version + 1), event


def _recover(node: MediaNode, at: datetime) -> tuple[MediaNode, NodeRecovered]:
    event = NodeRecovered(
        timestamp=at, id=node.id, environment_id=node.environment_id, ip=node.ip, uri=node.uri
    )
    return replace(node, crashed_since=None, version=node.version + 1), event


def ends_of(
    sessions: Iterable[Session], node_id: str, reason: Reason, *, at: datetime
) -> tuple[EventOnly, ...]:
    """The events of sessions of other clients that have ended."""
    return tuple(
        EventOnly(SessionDestroyed(at, node_id, session.id, session.created_at, str(reason)))
        for session in sessions
    )


def duplicate_of(member: Member, cluster: Cluster) -> str | None:
    """Id of another member whose link leads to the same media server process, if there is one."""
    server_id = member.connection.server_id
    if server_id is None:
        return None
    return next(
        (
            other.node.id
            for other in cluster.of_server(server_id)
            if other.node.id != member.node.id and other.node.holds_its_uri
        ),
        None,
    )


def serving_by_age(members: Iterable[Member]) -> tuple[Member, ...]:
    """Of members whose links lead to one media server those that count, the eldest first: it stays.

    Those that count serve and are connected: no member is replaced by one that cannot be reached
    now, nor by one that is being removed itself.
    """
    serving = (
        member
        for member in members
        if member.connection.connected and member.node.status in SERVING_STATUSES
    )
    return tuple(sorted(serving, key=lambda each: (each.node.launching_time, each.node.id)))


def entries_of_deduplication(
    younger: Member, eldest: Member, *, at: datetime
) -> tuple[NodeEntry, ...]:
    """Replace a member by another one that is the same media server.

    It leaves in one commit. If it were terminating for a while, the controller would wait for its
    sessions or end them, and they are the sessions of the one that stays; so is its machine.
    """
    node = younger.node
    event = MediaNodeDeduplicated(
        timestamp=at, id=node.id, uri=node.uri, duplicate_of=eldest.node.id
    )
    leaving = Mutation(*transition(node, MediaNodeStatus.TERMINATING, at=at))
    gone = Mutation(*transition(leaving.node, MediaNodeStatus.TERMINATED, at=at))
    return EventOnly(event), leaving, gone
