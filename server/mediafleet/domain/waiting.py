"""Why a Media Node is still in a status that it is meant to leave, in one line for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediafleet.domain.cluster import Trait
from mediafleet.domain.lifecycle import next_deadline
from mediafleet.domain.media_node import MediaNodeStatus as S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mediafleet.domain.cluster import Cluster, Member
    from mediafleet.domain.lifecycle import Timeouts


@dataclass(frozen=True, slots=True)
class Waiting:
    """A node that has not come on.

    Attributes:
        id: Which.
        status: The one it is to leave.
        since: When that began (aware, UTC).
        reason: Why it is still there.
    """

    id: str
    status: S
    since: datetime
    reason: str


def waiting_members(cluster: Cluster, timeouts: Timeouts, now: float) -> Iterator[Waiting]:
    """All members that are to leave their status, or that something is left of, as they joined."""
    for member in cluster.with_trait(Trait.WAITING):
        node, reason = member.node, why_waiting(member, timeouts, now)
        yield Waiting(node.id, node.status, node.status_since, reason)


def why_waiting(member: Member, timeouts: Timeouts, now: float) -> str:
    """Say what keeps a node in a waiting status, and what ends that.

    Args:
        member: The node as it is now.
        timeouts: How long the cluster waits for what.
        now: Seconds on the clock of :attr:`Progress.since`.
    """
    if member.progress.error is not None:
        tries = "once" if member.progress.failures == 1 else f"{member.progress.failures} times"
        return f"the environment failed {tries} and is asked again: {member.progress.error}"
    match member.node.status:
        case S.LAUNCHING:
            what = "its machine is being made" if member.uri is None else "it does not answer yet"
            return f"{what}; it fails {_in(member, timeouts, now)}"
        case S.CANCELED:
            return f"its launch is not over yet; it is terminated {_in(member, timeouts, now)}"
        case S.WAITING_IDLE_TO_TERMINATE:
            return _why_quarantined(member)
        case _:
            return _why_terminating(member, timeouts, now)


def _in(member: Member, timeouts: Timeouts, now: float) -> str:
    deadline = next_deadline(member, timeouts)
    left = 0.0 if deadline is None else max(0.0, deadline - now)
    return f"in {left:.0f} s at the latest"


def _why_quarantined(member: Member) -> str:
    sessions = len(member.connection.sessions)
    if not member.connection.connected:
        return (
            "it does not answer, so whether its sessions have ended is not known; it goes when it "
            f"says that it hosts none, at last it said {sessions}"
        )
    if sessions == 0:
        return "it is being asked whether its last session has ended"
    return f"it hosts {sessions} session(s) and goes when the last one has ended"


def _why_terminating(member: Member, timeouts: Timeouts, now: float) -> str:
    node, connection = member.node, member.connection
    if node.evicts_sessions:
        return "its sessions are being ended, then its machine"
    if connection.connected and connection.sessions:
        return (
            f"it hosts {len(connection.sessions)} session(s) that began while it was removed; "
            "it goes when the last one has ended, or with deletion-strategy=now"
        )
    if connection.connected or member.uri is None:
        return "its machine is being ended"
    why = "it does not answer, so whether a session began while it was removed is not known"
    if next_deadline(member, timeouts) is None:
        return f"{why}; it goes when it says that it hosts none, or with deletion-strategy=now"
    return f"{why}; it goes {_in(member, timeouts, now)}"
