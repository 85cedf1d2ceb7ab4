"""Drains: what a request and the deadline change, and the progress."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from mediafleet.domain.drain import AtDeadline, begin, extend
from mediafleet.domain.entries import EventOnly, Mutation
from mediafleet.domain.errors import (
    ClusterTooSmallError,
    DrainTooLateError,
    NoDrainError,
    NotDrainableError,
)
from mediafleet.domain.events import DrainChange
from mediafleet.domain.media_node import (
    SERVING_STATUSES,
    MediaNodeStatus,
    drain_changed,
    limit_quarantine,
    transition,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from mediafleet.domain.cluster import Cluster, Member, Session
    from mediafleet.domain.drain import Drain, Limit
    from mediafleet.domain.entries import NodeEntry
    from mediafleet.domain.media_node import MediaNode


S = MediaNodeStatus
FULL_LOAD = 100.0
"""Percent of one machine."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What would be left of the cluster without some nodes.

    Attributes:
        remaining: Running and connected nodes.
        load: Theirs, added up, in percent of one machine.
        moved: What they would have to take over, likewise.
    """

    remaining: int
    load: float
    moved: float

    @property
    def suffices(self) -> bool:
        """Whether they could carry it, were it spread over them evenly."""
        return self.remaining > 0 and self.load + self.moved <= FULL_LOAD * self.remaining


def capacity_without(cluster: Cluster, leaving: Collection[str]) -> Capacity:
    """Say what is left when some nodes, and those that are quarantined already, are gone.

    An unknown load counts as full if the node is connected and hosts sessions, else as none.
    """
    staying, moving = [], []
    for member in cluster:
        if member.node.id in leaving or member.node.is_quarantined:
            moving.append(member)
        elif member.node.status is S.RUNNING and member.connection.connected:
            staying.append(member)
    return Capacity(len(staying), _load_of(staying), _load_of(moving))


def _load_of(members: Collection[Member]) -> float:
    return sum(map(_load_at_worst, members))


def _load_at_worst(member: Member) -> float:
    connection = member.connection
    if connection.load is not None:
        return connection.load
    return FULL_LOAD if connection.connected and member.sessions else 0.0


def entries_of_request(
    member: Member,
    limit: Limit | None,
    capacity: Capacity,
    *,
    forced: bool,
    at: datetime,
    moves_calls: bool = False,
) -> tuple[NodeEntry, ...]:
    """Say what a request to drain a node changes; a new limit takes the place of the old one.

    Args:
        member: The node as it is now.
        limit: How long that may last; ``None``: until the last session has ended.
        capacity: Of the cluster without it. A node that is drained already is not refused.
        forced: Drain it even if the rest is too small.
        at: The moment (aware, UTC).
        moves_calls: Move its calls to other nodes.

    Raises:
        NotDrainableError: It does not run yet, or failed.
        DrainTooLateError: It is terminating.
        ClusterTooSmallError: The rest could not carry the load.
    """
    node = member.node
    if node.status is S.TERMINATING:
        raise DrainTooLateError(node.id)
    if node.status not in SERVING_STATUSES:
        raise NotDrainableError(node.id, str(node.status))
    drain = None if limit is None else begin(limit, at=at)
    change = DrainChange.UNLIMITED if drain is None else DrainChange.LIMITED
    if node.is_quarantined:
        if drain is None and node.drain is None and node.moves_calls is moves_calls:
            return ()
        limited = limit_quarantine(node, drain, change, at=at, moves_calls=moves_calls)
        return (Mutation(*limited),)
    if not (forced or capacity.suffices):
        raise ClusterTooSmallError(node.id, capacity.remaining, capacity.load, capacity.moved)
    to = S.WAITING_IDLE_TO_TERMINATE
    quarantined, event = transition(node, to, at=at, drain=drain, moves_calls=moves_calls)
    if drain is None and not moves_calls:
        return (Mutation(quarantined, event),)
    return Mutation(quarantined, event), EventOnly(drain_changed(quarantined, change, at=at))


def entries_of_end(member: Member, *, at: datetime) -> tuple[NodeEntry, ...]:
    """Say what ending a quarantine changes: the node is running again.

    Raises:
        NoDrainError: It is not quarantined.
        DrainTooLateError: It is terminating.
    """
    node = member.node
    if node.status is S.TERMINATING:
        raise DrainTooLateError(node.id)
    if not node.is_quarantined:
        raise NoDrainError(node.id, str(node.status))
    return (Mutation(*transition(node, S.RUNNING, at=at)),)


def entries_of_deadline(node: MediaNode, *, at: datetime) -> tuple[NodeEntry, ...]:
    """Say what the deadline of a drain changes, now that it has come.

    Args:
        node: Quarantined, with a drain.
        at: The moment (aware, UTC).
    """
    if node.drain is None:
        return ()
    match node.drain.limit.at_deadline:
        case AtDeadline.EXTEND:
            longer = extend(node.drain, at=at)
            extended = limit_quarantine(
                node, longer, DrainChange.EXTENDED, at=at, moves_calls=node.moves_calls
            )
            return (Mutation(*extended),)
        case AtDeadline.ABORT:
            entry = EventOnly(drain_changed(node, DrainChange.ABORTED, at=at))
            return entry, Mutation(*transition(node, S.RUNNING, at=at))
        case AtDeadline.FORCE:
            entry = EventOnly(drain_changed(node, DrainChange.FORCED, at=at))
            return entry, Mutation(*transition(node, S.TERMINATING, at=at, evicts_sessions=True))


@dataclass(frozen=True, slots=True)
class DrainProgress:
    """How far a drain has come; moments are aware, UTC, by the wall clock as it is now.

    Attributes:
        since: When the present status began.
        drain: Its limit; ``None`` if it has none.
        deadline: When the limit is reached.
        sessions: Those left, oldest first, as last learnt.
        oldest_age: Seconds that the oldest of them lasts; ``None``: there is none.
        eta: When the node is expected to leave; ``None``: unknown.
    """

    since: datetime
    drain: Drain | None
    deadline: datetime | None
    sessions: tuple[Session, ...]
    oldest_age: float | None
    eta: datetime | None


def progress_of(member: Member, *, at: datetime, now: float) -> DrainProgress:
    """Say how far a drain has come.

    Args:
        member: Quarantined or terminating.
        at: The moment it is (aware, UTC).
        now: The same on the clock of :attr:`Progress.since`.

    Raises:
        NoDrainError: It is neither.
    """
    node = member.node
    if node.status not in {S.WAITING_IDLE_TO_TERMINATE, S.TERMINATING}:
        raise NoDrainError(node.id, str(node.status))
    sessions = member.sessions
    oldest = min((session.created_at for session in sessions), default=None)
    return DrainProgress(
        since=node.status_since,
        drain=node.drain,
        deadline=_moment(member.due, at=at, now=now),
        sessions=tuple(sorted(sessions, key=lambda session: session.created_at)),
        oldest_age=None if oldest is None else max(0.0, (at - oldest).total_seconds()),
        eta=_moment(_expected_end(member, now), at=at, now=now),
    )


def _expected_end(member: Member, now: float) -> float | None:
    """When the last session is expected to end, at the pace at which the others did.

    Seconds of the monotonic clock. It is unknown before one has ended, while the node does not
    answer, and while its environment fails to terminate it; a deadline that forces the end is the
    latest moment in any case.
    """
    if member.progress.error is not None:
        return None
    left = len(member.sessions)
    ended = member.progress.most_sessions - left
    expected = None
    if member.connection.connected and left == 0:
        expected = now
    elif member.connection.connected and ended > 0:
        expected = now + (now - member.progress.since) * left / ended
    drain = member.node.drain
    if drain is None or member.due is None or drain.limit.at_deadline is not AtDeadline.FORCE:
        return expected
    return member.due if expected is None else min(expected, member.due)


def _moment(monotonic: float | None, *, at: datetime, now: float) -> datetime | None:
    return None if monotonic is None else at + timedelta(seconds=monotonic - now)
