"""The cluster in memory: commits a change to the store first, then shows it to readers."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

from mediafleet.domain.cluster import MAX_MEMBERS, NEVER_CONNECTED, Cluster, Connection, Member
from mediafleet.domain.errors import (
    ClusterFullError,
    MediaNodeNotFoundError,
    NotReadyError,
    StoreUnavailableError,
)
from mediafleet.domain.events import SessionDestroyed
from mediafleet.domain.media_node import MediaNodeStatus
from mediafleet.domain.ports import Change, Note
from mediafleet.services.processes import Processes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from mediafleet.domain.cluster import Session
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.ports import Clock, Entry, Machine, Store

log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_LOST_SESSIONS = 10_000
"""Ends of sessions of one node that wait to be told; more are not remembered."""
TURN_S = 5.0
"""How long a change waits for those before it, until it is given up."""


@dataclass(frozen=True, slots=True)
class Decision(Generic[T]):
    """What a pure function decided to do with the cluster.

    Attributes:
        outcome: Told to whoever asked.
        changes: To be committed together; empty when nothing changes.
        connections: Facts known of links before they exist, by node id.
    """

    outcome: T
    changes: tuple[Entry, ...] = ()
    connections: Mapping[str, Connection] = field(default_factory=lambda: MappingProxyType({}))


class ClusterState:
    """The one picture of the cluster that every reader shares.

    Status changes pass through :meth:`change`, one at a time, and are durable before anybody sees
    them. Facts of links come through :meth:`observe`; they are never stored.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._store: Store | None = None
        self._members: dict[str, Member] = {}
        self._processes = Processes()
        self._snapshot: Cluster | None = None
        self._deciding = anyio.Lock()
        self._awaited: dict[str, anyio.Event] = {}
        self._unseen: set[str] = set()
        self._news = anyio.Event()

    @asynccontextmanager
    async def kept_in(self, store: Store) -> AsyncIterator[None]:
        """Begin with what the store holds; changes are possible while this is entered.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        at, now = self._clock.now(), self._clock.monotonic()
        self._members = {
            node.id: Member.loaded(node, at=at, now=now) for node in await store.load()
        }
        self._processes = Processes()
        self._snapshot = None
        self._store = store
        try:
            yield
        finally:
            self._store = None

    @property
    def may_write(self) -> bool:
        """Whether this server is the one that acts on the cluster, as far as it knows."""
        return self._store is not None and self._store.may_write

    @property
    def snapshot(self) -> Cluster:
        """The cluster as it is now; made once for all readers between two changes."""
        if self._snapshot is None:
            self._snapshot = Cluster(MappingProxyType(dict(self._members)))
        return self._snapshot

    def member(self, node_id: str) -> Member | None:
        """One member as it is now, without the cost of a snapshot."""
        return self._members.get(node_id)

    def existing(self, node_id: str) -> Member:
        """One member as it is now.

        Raises:
            MediaNodeNotFoundError: No member has that id.
        """
        member = self._members.get(node_id)
        if member is None:
            raise MediaNodeNotFoundError(node_id)
        return member

    def of_one_process(self, node_id: str) -> tuple[Member, ...]:
        """A member and all others whose links lead, or last led, to the same media server."""
        return tuple(self._members[each] for each in self._processes.shared_by(node_id))

    async def change(self, decide: Callable[[Cluster], Decision[T]]) -> T:
        """Decide on the latest picture, commit, then publish; nothing else decides meanwhile.

        A caller that is cancelled while the store works is so after the change is published, so
        that memory and store never differ.

        Args:
            decide: Pure; what it raises is raised here and nothing changes.

        Raises:
            ClusterFullError: There is no room for a new member; nothing changed.
            StoreUnavailableError: Nothing changed.
            NotReadyError: No store is open.
        """
        async with self._turn():
            decision = decide(self.snapshot)
            self._require_room(decision.changes)
            if decision.changes:
                if self._store is None:
                    raise NotReadyError
                with anyio.CancelScope(shield=True):
                    await self._store.commit(decision.changes)
                    self._publish(decision)
        return decision.outcome

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Decide alone; whoever waits is told in time, also while the store fails one by one."""
        try:
            with anyio.fail_after(TURN_S):
                await self._deciding.acquire()
        except TimeoutError:
            detail = f"the changes before it took longer than {TURN_S:g} s"
            raise StoreUnavailableError(detail) from None
        try:
            yield
        finally:
            self._deciding.release()

    def _require_room(self, changes: Sequence[Entry]) -> None:
        ids = {change.node.id for change in changes if isinstance(change, Change)}
        new = ids - self._members.keys()
        if new and len(self._members) + len(new) > MAX_MEMBERS:
            raise ClusterFullError(MAX_MEMBERS)

    async def apply(self, *changes: Entry) -> None:
        """Commit and publish changes that need no decision on the latest picture.

        Raises:
            ClusterFullError: There is no room for a new member; nothing changed.
            StoreUnavailableError: Nothing changed.
        """
        await self.change(lambda _: Decision(None, changes))

    async def ended_sessions(self, node_id: str) -> frozenset[tuple[str, datetime]]:
        """Ids and beginnings of a node's sessions whose ends were told, by any server before too.

        Raises:
            StoreUnavailableError: The store does not answer.
            NotReadyError: No store is open.
        """
        if self._store is None:
            raise NotReadyError
        return await self._store.ended_sessions(node_id)

    async def has_left(self, node_id: str) -> bool:
        """Whether a node was a member once and is none any more.

        Raises:
            StoreUnavailableError: The store does not answer.
            NotReadyError: No store is open.
        """
        if self._store is None:
            raise NotReadyError
        return await self._store.has_left(node_id)

    def observe(self, node_id: str, connection: Connection) -> None:
        """Take in what the link of a member tells; unknown members are passed over."""
        member = self._members.get(node_id)
        if member is None or member.connection == connection:
            return
        self._keep(self._relinked(member, connection))
        if _moves_the_life_cycle(member.connection, connection):
            self._tell(node_id)

    def locate(self, node_id: str, machine: Machine) -> None:
        """Take in where a launched node is; it is stored with the step that makes it run."""
        if (member := self._members.get(node_id)) is not None:
            self._note(replace(member, machine=machine))

    def report_trouble(self, node_id: str, trouble: str | None) -> None:
        """Take in why a step failed, or with ``None`` that it did not."""
        if (member := self._members.get(node_id)) is not None:
            failures = 0 if trouble is None else member.failures + 1
            self._note(replace(member, trouble=trouble, failures=failures))

    def restart_patience(self, node_id: str) -> None:
        """Have the patience with a launch begin now, as it had to wait for its turn."""
        if (member := self._members.get(node_id)) is not None:
            self._members[node_id] = replace(member, since=self._clock.monotonic())
            self._snapshot = None

    def note_failure(self, node_id: str, reason: str) -> None:
        """Take in that a launch failed; it is stored with the step that follows."""
        if (member := self._members.get(node_id)) is not None:
            self._note(replace(member, failure=reason))

    def note_unmade(self, node_id: str, *, unmade: bool = True) -> None:
        """Take in that nothing is left of a failed node, or that something was seen again."""
        if (member := self._members.get(node_id)) is not None and member.unmade is not unmade:
            self._note(replace(member, unmade=unmade, trouble=None, failures=0))

    def dismiss(self, node_id: str) -> None:
        """Take in that a failed node is to be forgotten as soon as nothing is left of it.

        What an earlier try met says nothing to who asks now: the next one tells.
        """
        if (member := self._members.get(node_id)) is not None:
            self._note(replace(member, dismissed=True, trouble=None))

    def end_last_look(self, node_id: str) -> None:
        """Take in that nothing is left on a terminating node that would have to be spared."""
        if (member := self._members.get(node_id)) is not None:
            self._note(replace(member, looked=True))

    def forget_lost(self, node_id: str, told: Collection[Session]) -> None:
        """Take in that the ends of some sessions, whose process is gone, need no telling."""
        member = self._members.get(node_id)
        if member is not None and told:
            lost = tuple(session for session in member.lost_sessions if session not in told)
            self._note(replace(member, lost_sessions=lost))

    def note_parted(self, node_id: str) -> None:
        """Take in that a member's link was ended on purpose, of which the link itself tells not."""
        if (member := self._members.get(node_id)) is not None and member.connection.connected:
            now = self._clock.now()
            parted = replace(
                member.connection, connected=False, suspect=False, load=None, disconnection_time=now
            )
            self.observe(node_id, parted)

    def note_gone(self, node_id: str) -> None:
        """Take in that a member's machine is no more; with it are its sessions."""
        if (member := self._members.get(node_id)) is not None:
            known = member.connection
            ended = replace(
                NEVER_CONNECTED,
                connection_time=known.connection_time,
                disconnection_time=self._clock.now()
                if known.connected
                else known.disconnection_time,
            )
            self._note(replace(self._relinked(member, ended), gone=True))

    async def wait_until(self, node_id: str, settled: Callable[[Member | None], bool]) -> None:
        """Return as soon as a condition holds for a member, or for its absence (``None``)."""
        while not settled(self._members.get(node_id)):
            await self._awaited.setdefault(node_id, anyio.Event()).wait()

    async def news(self) -> frozenset[str]:
        """Wait for what may move the life cycle; ids since the last call, for one reader."""
        await self._news.wait()
        self._news = anyio.Event()
        unseen, self._unseen = frozenset(self._unseen), set()
        return unseen

    def look_again(self, node_id: str) -> None:
        """Have a node among the next news although nothing changed."""
        self._unseen.add(node_id)
        self.wake()

    def wake(self) -> None:
        """Have the reader of the news go on even if there are none."""
        self._news.set()

    def _relinked(self, member: Member, connection: Connection) -> Member:
        """A member with new facts of its link; a new process there has none of the old sessions."""
        old = member.connection
        down_since = self._clock.monotonic() if old.connected else member.down_since
        lost = member.lost_sessions
        if old.server_id != connection.server_id:
            lost = (*lost, *old.sessions)[:MAX_LOST_SESSIONS]
        return replace(
            member,
            connection=connection,
            down_since=down_since,
            lost_sessions=lost,
            most_sessions=max(member.most_sessions, len(connection.sessions)),
        )

    def _note(self, member: Member) -> None:
        self._keep(member)
        self._tell(member.node.id)

    def _keep(self, member: Member) -> None:
        self._members[member.node.id] = member
        self._processes.note(member.node.id, member.connection.server_id)
        self._snapshot = None

    def _publish(self, decision: Decision[T]) -> None:
        for change in decision.changes:
            if isinstance(change, Note):
                self._publish_note(change)
                continue
            node = change.node
            if change.forget or node.status is MediaNodeStatus.TERMINATED:
                self._members.pop(node.id, None)
                self._processes.note(node.id, None)
                self._snapshot = None
            else:
                self._keep(self._moved(node, decision.connections.get(node.id)))
            log.info(
                "media node changed",
                extra={
                    "media_node_id": node.id,
                    "event": change.event.name,
                    "status": str(node.status),
                    "reason": node.reason,
                },
            )
            self._tell(node.id)

    def _moved(self, node: MediaNode, connection: Connection | None) -> Member:
        """A member after a change: what its link told stays, and a trouble is over."""
        now = self._clock.monotonic()
        known = self._members.get(node.id)
        if known is None:
            return Member(node, connection or NEVER_CONNECTED, now, down_since=now)
        known = replace(known, connection=connection or known.connection)
        return known.moved(node, at=self._clock.now(), now=now)

    def _publish_note(self, note: Note) -> None:
        event = note.event
        log.debug("event", extra={"media_node_id": event.id, "event": event.name})
        member = self._members.get(event.id)
        if member is not None and isinstance(event, SessionDestroyed):
            lost = list(member.lost_sessions)
            told = (s for s in lost if (s.id, s.created_at) == (event.session_id, event.start_time))
            if (session := next(told, None)) is not None:
                lost.remove(session)
                self._note(replace(member, lost_sessions=tuple(lost)))

    def _tell(self, node_id: str) -> None:
        self.look_again(node_id)
        awaited = self._awaited.pop(node_id, None)
        if awaited is not None:
            awaited.set()


def _moves_the_life_cycle(old: Connection, new: Connection) -> bool:
    return (
        old.connected != new.connected
        or old.server_id != new.server_id
        or bool(old.sessions) != bool(new.sessions)
    )
