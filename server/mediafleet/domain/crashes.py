"""What becomes of a Media Node whose connection is lost, and of the sessions it hosted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mediafleet.domain.diagnostics import Finding
from mediafleet.domain.events import NodeCrashed, NodeRecovered, SessionDestroyed
from mediafleet.domain.lifecycle import Step
from mediafleet.domain.media_node import MediaNodeStatus, transition
from mediafleet.domain.ports import EventOnly, Mutation

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mediafleet.domain.cluster import Member, Session
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.ports import StoreEntry

CRASH_STEPS = frozenset({Step.CRASH, Step.RECOVER, Step.CLOSE_BOOKS, Step.GIVE_UP})
REASON = "nodeCrashed"
"""Why a session ended whose media server is gone; the word of OpenVidu since 2.17."""

BOOKS_AT_ONCE = 500


def entries_of_crash(step: Step, member: Member, *, at: datetime) -> tuple[StoreEntry, ...]:
    """Say what one of the ``CRASH_STEPS`` changes and tells.

    Args:
        step: The member's next step.
        member: The node as it is now.
        at: Moment of the step (aware, UTC).
    """
    match step:
        case Step.CRASH:
            return (Mutation(*_crash(member, at)),)
        case Step.RECOVER:
            return (Mutation(*_recover(member.node, at)),)
        case Step.CLOSE_BOOKS:
            return tuple(_ends(member.node, member.lost_sessions[:BOOKS_AT_ONCE], at))
        case _:
            gone = transition(member.node, MediaNodeStatus.TERMINATING, at=at)
            return (Mutation(*gone), *_ends(member.node, _hosted(member), at))


def finding_of(step: Step, member: Member, now: float) -> tuple[Finding, str] | None:
    """What one of the ``CRASH_STEPS`` finds of the node and why; ``None``: nothing.

    Args:
        step: The member's next step.
        member: The node as it is before that.
        now: Seconds on the clock of :attr:`Member.down_since`.
    """
    finding = {Step.CRASH: Finding.CRASHED, Step.GIVE_UP: Finding.GIVEN_UP}.get(step)
    if finding is None:
        return None
    if member.gone:
        return finding, "its machine is known to be gone"
    return finding, f"it was out of touch for {now - member.down_since:.1f} s"


def _hosted(member: Member) -> tuple[Session, ...]:
    """All whose end is not told: with its machine, those of a member are lost at once."""
    return (*member.lost_sessions, *member.connection.sessions)


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
        session_ids=tuple(session.id for session in _hosted(member)),
    )
    return replace(node, crashed_since=lost_at, version=node.version + 1), event


def _recover(node: MediaNode, at: datetime) -> tuple[MediaNode, NodeRecovered]:
    event = NodeRecovered(
        timestamp=at, id=node.id, environment_id=node.environment_id, ip=node.ip, uri=node.uri
    )
    return replace(node, crashed_since=None, version=node.version + 1), event


def _ends(node: MediaNode, sessions: Iterable[Session], at: datetime) -> Iterable[EventOnly]:
    return (
        EventOnly(
            SessionDestroyed(
                timestamp=at,
                id=node.id,
                session_id=session.id,
                start_time=session.created_at,
                reason=REASON,
            )
        )
        for session in sessions
    )
