"""Observations of a member while the server runs; they are never stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from mediafleet.domain.cluster import NEVER_CONNECTED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from mediafleet.domain.cluster import Connection, HostedCall, Member, Session
    from mediafleet.domain.events import SessionDestroyed
    from mediafleet.domain.machines import Machine

MAX_LOST_SESSIONS = 10_000
"""Ends of sessions of one node that wait to be reported; more are dropped."""

MAX_ENDED_CALLS = 100
"""Object ids of ended calls that are kept whether the node still lists them or not."""


_SAME_BEGINNING = timedelta(seconds=2)
"""A media server sends the beginning in milliseconds, and answers later queries in seconds."""


@dataclass(frozen=True, slots=True)
class ReportedEnds:
    """Sessions of one node whose ends are committed.

    Those that this process committed are known by the media server's own ids. Those that a server
    before it committed are known by either id and by beginning: the store has the id that the
    session had then, and a name that came late or was changed gives it another one here.

    Attributes:
        earlier: Beginnings by id, as the store has them.
        own: Object ids.
    """

    earlier: Mapping[str, Sequence[datetime]]
    own: frozenset[str] = frozenset()

    @classmethod
    def stored(cls, ends: Iterable[tuple[str, datetime]]) -> ReportedEnds:
        """Those that the store has: ids and beginnings."""
        earlier: dict[str, list[datetime]] = {}
        for session_id, began in ends:
            earlier.setdefault(session_id, []).append(began)
        return cls(earlier)

    def with_own(self, sessions: Iterable[Session]) -> ReportedEnds:
        """These and some more that this process committed."""
        return replace(self, own=self.own.union(session.object_id for session in sessions))

    def holds(self, session: Session) -> bool:
        """Whether the end of a session is committed."""
        return session.object_id in self.own or any(
            abs(session.created_at - began) < _SAME_BEGINNING
            for session_id in (session.id, session.object_id)
            for began in self.earlier.get(session_id, ())
        )


def relinked(member: Member, connection: Connection, *, now: float) -> Member:
    """The state of its link; another process there has none of the old sessions."""
    old = member.connection
    lost = member.lost_sessions
    if old.server_id != connection.server_id:
        lost = (*lost, *member.foreign_sessions)[:MAX_LOST_SESSIONS]
    return _counted(
        replace(
            member,
            connection=connection,
            down_since=now if old.connected else member.down_since,
            lost_sessions=lost,
        )
    )


def _counted(member: Member) -> Member:
    """The member, with the most sessions that were seen."""
    count = len(member.sessions)
    if count <= member.progress.most_sessions:
        return member
    return replace(member, progress=replace(member.progress, most_sessions=count))


def hosting(member: Member, calls: Iterable[HostedCall]) -> Member:
    """Other calls are placed on it: these, and no others."""
    placed = tuple(calls)
    objects = {call.object_id for call in placed}
    ended = member.ended_calls.union(
        call.object_id for call in member.calls if call.object_id not in {"", *objects}
    )
    if len(ended) > MAX_ENDED_CALLS:
        ended = ended.intersection(session.object_id for session in member.connection.sessions)
    return _counted(replace(member, calls=placed, ended_calls=ended - objects))


def detached(member: Member, *, at: datetime, now: float) -> Member:
    """Its link was ended on purpose, which the link itself does not report."""
    if not member.connection.connected:
        return member
    ended = replace(
        member.connection, connected=False, suspect=False, load=None, disconnection_time=at
    )
    return relinked(member, ended, now=now)


def gone(member: Member, *, at: datetime, now: float) -> Member:
    """Its machine is gone, and so are its sessions."""
    known = member.connection
    ended = replace(
        NEVER_CONNECTED,
        connection_time=known.connection_time,
        disconnection_time=at if known.connected else known.disconnection_time,
    )
    return replace(relinked(member, ended, now=now), gone=True)


def located(member: Member, machine: Machine) -> Member:
    """Where its machine is; the step that makes it run stores that."""
    return replace(member, machine=machine)


def environment_failed(member: Member, error: str) -> Member:
    """The environment failed to do its step."""
    return replace(
        member,
        progress=replace(member.progress, error=error, failures=member.progress.failures + 1),
    )


def launch_failed(member: Member, reason: str) -> Member:
    """Its launch failed; that is stored with the step that follows."""
    return replace(member, progress=replace(member.progress, launch_failure=reason))


def cleaned_up(member: Member, *, is_clean: bool) -> Member:
    """Nothing is left of its failed launch, or something was seen again."""
    if member.progress.is_clean is is_clean:
        return member
    return replace(
        member, progress=replace(member.progress, is_clean=is_clean, error=None, failures=0)
    )


def removal_requested(member: Member) -> Member:
    """It failed, and its record must be removed as soon as nothing is left of it.

    An error from before is dropped: the request waits for the next try.
    """
    return replace(member, progress=replace(member.progress, removal_requested=True, error=None))


def drain_checked(member: Member) -> Member:
    """It is terminating, and a drain check found no session that must be spared."""
    return replace(member, progress=replace(member.progress, drain_checked=True))


def ends_reported(member: Member, ends: ReportedEnds) -> Member:
    """The ends of some of its sessions are committed."""
    return replace(member, progress=replace(member.progress, reported=ends))


def without_lost(member: Member, reported: Collection[Session]) -> Member:
    """The ends of some lost sessions are reported already."""
    lost = tuple(session for session in member.lost_sessions if session not in reported)
    return member if lost == member.lost_sessions else replace(member, lost_sessions=lost)


def end_reported(member: Member, event: SessionDestroyed) -> Member:
    """The end of a lost session was committed; of several equal ones, that of one."""
    lost = list(member.lost_sessions)
    same = (s for s in lost if (s.id, s.created_at) == (event.session_id, event.start_time))
    if (session := next(same, None)) is None:
        return member
    lost.remove(session)
    return replace(member, lost_sessions=tuple(lost))
