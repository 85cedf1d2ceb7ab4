"""What is learnt of a member while the server runs: never stored, and gone with the process."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mediafleet.domain.cluster import NEVER_CONNECTED

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from mediafleet.domain.cluster import Connection, Member, Session
    from mediafleet.domain.events import SessionDestroyed
    from mediafleet.domain.ports import Machine

MAX_LOST_SESSIONS = 10_000
"""Ends of sessions of one node that wait to be told; more are not remembered."""


def relinked(member: Member, connection: Connection, *, now: float) -> Member:
    """New facts of its link; a new process there has none of the old sessions."""
    old = member.connection
    lost = member.lost_sessions
    if old.server_id != connection.server_id:
        lost = (*lost, *old.sessions)[:MAX_LOST_SESSIONS]
    return replace(
        member,
        connection=connection,
        down_since=now if old.connected else member.down_since,
        lost_sessions=lost,
        most_sessions=max(member.most_sessions, len(connection.sessions)),
    )


def parted(member: Member, *, at: datetime, now: float) -> Member:
    """Its link was ended on purpose, of which the link itself tells not."""
    if not member.connection.connected:
        return member
    ended = replace(
        member.connection, connected=False, suspect=False, load=None, disconnection_time=at
    )
    return relinked(member, ended, now=now)


def gone(member: Member, *, at: datetime, now: float) -> Member:
    """Its machine is no more; with it are its sessions."""
    known = member.connection
    ended = replace(
        NEVER_CONNECTED,
        connection_time=known.connection_time,
        disconnection_time=at if known.connected else known.disconnection_time,
    )
    return replace(relinked(member, ended, now=now), gone=True)


def located(member: Member, machine: Machine) -> Member:
    """Where a launched node is; it is stored with the step that makes it run."""
    return replace(member, machine=machine)


def troubled(member: Member, trouble: str) -> Member:
    """Why the environment failed to do a step."""
    return replace(member, trouble=trouble, failures=member.failures + 1)


def launch_failed(member: Member, reason: str) -> Member:
    """Its launch failed; it is stored with the step that follows."""
    return replace(member, failure=reason)


def unmade(member: Member, *, is_unmade: bool) -> Member:
    """Nothing is left of a failed node, or something was seen again."""
    if member.unmade is is_unmade:
        return member
    return replace(member, unmade=is_unmade, trouble=None, failures=0)


def dismissed(member: Member) -> Member:
    """A failed node is to be forgotten as soon as nothing is left of it.

    What an earlier try met says nothing to who asks now: the next one tells.
    """
    return replace(member, dismissed=True, trouble=None)


def looked_at(member: Member) -> Member:
    """Nothing is left on a terminating node that would have to be spared."""
    return replace(member, looked=True)


def without_lost(member: Member, told: Collection[Session]) -> Member:
    """The ends of some sessions, whose process is gone, need no telling."""
    lost = tuple(session for session in member.lost_sessions if session not in told)
    return member if lost == member.lost_sessions else replace(member, lost_sessions=lost)


def end_told(member: Member, event: SessionDestroyed) -> Member:
    """The end of a session was told; of several that look the same, that of one."""
    lost = list(member.lost_sessions)
    told = (s for s in lost if (s.id, s.created_at) == (event.session_id, event.start_time))
    if (session := next(told, None)) is None:
        return member
    lost.remove(session)
    return replace(member, lost_sessions=tuple(lost))
