"""The cluster in memory: each change is committed to the store first, then published."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

from mediafleet.domain import observations
from mediafleet.domain.calls import CallSession
from mediafleet.domain.cluster import (
    MAX_MEMBERS,
    NEVER_CONNECTED,
    Cluster,
    Connection,
    HostedCall,
    Member,
    MemberIndex,
    Progress,
)
from mediafleet.domain.entries import CallRecord, EventOnly, Mutation
from mediafleet.domain.errors import (
    ClusterFullError,
    NotReadyError,
    ServerStoppingError,
    StoreUnavailableError,
)
from mediafleet.domain.events import NodeCrashed, SessionDestroyed
from mediafleet.domain.media_node import MediaNodeStatus
from mediafleet.domain.placement import Reservations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from mediafleet.clock import Clock
    from mediafleet.domain.calls import Call
    from mediafleet.domain.entries import StoreEntry
    from mediafleet.domain.events import StoredEvent
    from mediafleet.domain.media_node import MediaNode
    from mediafleet.domain.ports import Store

log = logging.getLogger(__name__)
T = TypeVar("T")

TURN_S = 5.0
"""How long a change waits for those before it."""


@dataclass(frozen=True, slots=True)
class Decision(Generic[T]):
    """What a pure function decided to do with the cluster.

    Attributes:
        outcome: Returned to the caller.
        changes: To be committed together; empty when nothing changes.
        connections: What is known of links before they exist, by node id.
        on_commit: Called when the changes are published, or at once if there are none; before any
            other change is decided.
    """

    outcome: T
    changes: tuple[StoreEntry, ...] = ()
    connections: Mapping[str, Connection] = field(default_factory=lambda: MappingProxyType({}))
    on_commit: Callable[[], None] = lambda: None


class ClusterState:
    """The state of the cluster that all readers share.

    Status changes pass through :meth:`change`, one at a time, and are durable before a reader sees
    them. The state of links comes through :meth:`observe` and is never stored.

    Attributes:
        on_change: Called with the id of each member that changed in a way that may give it another
            next step; set by the controller.
        on_events: Called with the events of each commit, after it is published.
        is_stopping: The server has begun to stop.
        loaded_calls: What the store held of calls when it was opened.
        reservations: Ranks the members that accept sessions. A member that a change in progress
            takes away is not among them.
    """

    def __init__(self, clock: Clock, reservations: Reservations | None = None) -> None:
        self._clock = clock
        self._store: Store | None = None
        self._members: dict[str, Member] = {}
        self._index = MemberIndex()
        self.reservations = reservations or Reservations()
        self._snapshot: Cluster | None = None
        self._deciding = anyio.Lock()
        self.is_stopping = False
        self.loaded_calls: tuple[Call, ...] = ()
        self._calls: dict[str, dict[str, HostedCall]] = {}
        self._node_of_call: dict[str, str] = {}
        self._waiters: dict[str, anyio.Event] = {}
        self.on_change: Callable[[str], None] = lambda _: None
        self.on_events: Callable[[Sequence[StoredEvent]], None] = lambda _: None

    @asynccontextmanager
    async def kept_in(self, store: Store) -> AsyncIterator[None]:
        """Begin with what the store holds; changes are possible while this is entered.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        at, now = self._clock.now(), self._clock.monotonic()
        self.loaded_calls = await store.load_calls()
        self._calls, self._node_of_call = {}, {}
        for call in self.loaded_calls:
            self._place_call(call.id, call.session)
        self._members = {
            node.id: Member.loaded(node, at=at, now=now, calls=self.calls_on(node.id))
            for node in await store.load()
        }
        self._index = MemberIndex(self._members.values())
        for member in self._members.values():
            self.reservations.put(member, now)
        self._snapshot = None
        self._store = store
        try:
            yield
        finally:
            self._store = None

    @property
    def store(self) -> Store:
        """The store.

        Raises:
            NotReadyError: None is open.
        """
        if self._store is None:
            raise NotReadyError
        return self._store

    @property
    def may_write(self) -> bool:
        """Whether this server is the leader, as far as it knows."""
        return self._store is not None and self._store.may_write

    @property
    def store_problem(self) -> str | None:
        """Why no change can be stored now, for people; ``None`` if it can, as far as known."""
        return "no store is open" if self._store is None else self._store.problem

    @property
    def cluster(self) -> Cluster:
        """A live view of the members."""
        return Cluster(MappingProxyType(self._members), self._index)

    @property
    def snapshot(self) -> Cluster:
        """The members as they are now: a copy, made once for all readers between two changes."""
        if self._snapshot is None:
            self._snapshot = Cluster(MappingProxyType(dict(self._members)))
        return self._snapshot

    def member(self, node_id: str) -> Member | None:
        """One member as it is now."""
        return self._members.get(node_id)

    def existing(self, node_id: str) -> Member:
        """One member as it is now.

        Raises:
            MediaNodeNotFoundError: No member has that id.
        """
        return self.cluster.existing(node_id)

    def of_one_process(self, node_id: str) -> tuple[Member, ...]:
        """A member and all others whose links lead, or last led, to the same media server."""
        member = self._members.get(node_id)
        server_id = None if member is None else member.connection.server_id
        return () if server_id is None else self.cluster.of_server(server_id)

    async def change(self, decide: Callable[[Cluster], Decision[T]]) -> T:
        """Decide on the present members, commit, then publish; one change at a time.

        A caller that is cancelled while the store works is cancelled after the change is published,
        so that memory and store never differ.

        Args:
            decide: Pure; must not keep the cluster, which is a live view. If it raises, the error
                is raised here and nothing changes.

        Raises:
            ClusterFullError: The cluster is full; nothing changed.
            StoreUnavailableError: Nothing changed.
            NotReadyError: No store is open.
        """
        async with self._turn():
            decision = decide(self.cluster)
            self._require_capacity(decision.changes)
            if decision.changes:
                store = self.store
                with anyio.CancelScope(shield=True), self._withdrawn(decision.changes):
                    events = await store.commit(decision.changes)
                    self._publish(decision)
                    decision.on_commit()
                    self.on_events(events)
            else:
                decision.on_commit()
        return decision.outcome

    @contextmanager
    def _withdrawn(self, changes: Sequence[StoreEntry]) -> Iterator[None]:
        """Place no sessions on the members that are about to leave `running`."""
        leaving = [
            self._members[change.node.id]
            for change in changes
            if isinstance(change, Mutation)
            and change.node.status is not MediaNodeStatus.RUNNING
            and change.node.id in self._members
        ]
        self.reservations.withdraw(leaving, self._clock.monotonic())
        try:
            yield
        finally:
            staying = (self._members.get(member.node.id) for member in leaving)
            self.reservations.restore(filter(None, staying), self._clock.monotonic())

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Decide alone; a caller waits for its turn for a limited time only."""
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

    def _require_capacity(self, changes: Sequence[StoreEntry]) -> None:
        ids = {change.node.id for change in changes if isinstance(change, Mutation)}
        new = ids - self._members.keys()
        if new and len(self._members) + len(new) > MAX_MEMBERS:
            raise ClusterFullError(MAX_MEMBERS)

    async def apply(self, *changes: StoreEntry) -> None:
        """Commit and publish changes that do not depend on the present members.

        Raises:
            ClusterFullError: The cluster is full; nothing changed.
            StoreUnavailableError: Nothing changed.
        """
        await self.change(lambda _: Decision(None, changes))

    def observe(self, node_id: str, connection: Connection) -> None:
        """Keep the state of a member's link; unknown members are ignored."""
        member = self._members.get(node_id)
        if member is None or member.connection == connection:
            return
        self._keep(observations.relinked(member, connection, now=self._clock.monotonic()))
        if _may_change_the_next_step(member.connection, connection):
            self._notify(node_id)

    def record(self, node_id: str, observe: Callable[[Member], Member]) -> None:
        """Record an observation of a member, see `domain/observations.py`; it is never stored."""
        member = self._members.get(node_id)
        if member is not None and (observed := observe(member)) is not member:
            self._keep(observed)
            self._notify(node_id)

    def record_detached(self, node_id: str) -> None:
        """Record that the link of a member was ended on purpose."""
        at, now = self._clock.now(), self._clock.monotonic()
        self.record(node_id, lambda member: observations.detached(member, at=at, now=now))

    def record_gone(self, node_id: str) -> None:
        """Record that the machine of a member is gone."""
        at, now = self._clock.now(), self._clock.monotonic()
        self.record(node_id, lambda member: observations.gone(member, at=at, now=now))

    def restart_timeout(self, node_id: str) -> None:
        """Restart the timeout of a launch that had to wait, without a notification."""
        if (member := self._members.get(node_id)) is not None:
            progress = replace(member.progress, since=self._clock.monotonic())
            self._keep(replace(member, progress=progress))

    async def wait_until(
        self,
        node_id: str,
        settled: Callable[[Member | None], bool],
        *,
        outlook: str | None = None,
    ) -> None:
        """Return as soon as a condition holds for a member, or for its absence (``None``).

        Args:
            node_id: Which.
            settled: The condition.
            outlook: For waits that end when the server begins to stop: what becomes of the change
                then, see :class:`ServerStoppingError`.

        Raises:
            ServerStoppingError: There is an outlook, and the server is stopping.
        """
        while not settled(self._members.get(node_id)):
            if self.is_stopping and outlook is not None:
                raise ServerStoppingError(node_id, outlook)
            await self._waiters.setdefault(node_id, anyio.Event()).wait()

    def begin_stop(self) -> None:
        """End the waits of requests, since the server begins to stop; all else goes on."""
        self.is_stopping = True
        waiters, self._waiters = self._waiters, {}
        for event in waiters.values():
            event.set()

    def _notify(self, node_id: str) -> None:
        self.on_change(node_id)
        if (waiters := self._waiters.pop(node_id, None)) is not None:
            waiters.set()

    def _keep(self, member: Member) -> None:
        self._members[member.node.id] = member
        self._index.put(member)
        self.reservations.put(member, self._clock.monotonic())
        self._snapshot = None

    @property
    def nodes_with_calls(self) -> tuple[str, ...]:
        """Ids of the nodes on which sessions of calls are placed."""
        return tuple(self._calls)

    def calls_on(self, node_id: str) -> tuple[HostedCall, ...]:
        """The sessions of calls that are placed on a node."""
        return tuple(self._calls.get(node_id, {}).values())

    def _publish(self, decision: Decision[T]) -> None:
        for change in decision.changes:
            if isinstance(change, CallRecord):
                self._publish_call(change)
                continue
            if isinstance(change, EventOnly):
                self._publish_event(change)
                continue
            node = change.node
            if change.forget or node.status is MediaNodeStatus.TERMINATED:
                self._members.pop(node.id, None)
                self._index.remove(node.id)
                self.reservations.remove(node.id)
                self._snapshot = None
            else:
                self._keep(self._moved(node, decision.connections.get(node.id)))
            is_failure = (
                isinstance(change.event, NodeCrashed) or node.status is MediaNodeStatus.FAILED
            )
            log.log(
                logging.WARNING if is_failure else logging.INFO,
                "media node changed",
                extra={
                    "media_node_id": node.id,
                    "event": change.event.name,
                    "status": str(node.status),
                    "reason": node.reason,
                },
            )
            self._notify(node.id)

    def _moved(self, node: MediaNode, connection: Connection | None) -> Member:
        """A member after a change: the state of its link stays, and an error is over."""
        now = self._clock.monotonic()
        known = self._members.get(node.id)
        if known is None:
            return Member(
                node,
                connection or NEVER_CONNECTED,
                Progress(now),
                down_since=now,
                calls=self.calls_on(node.id),
            )
        known = replace(known, connection=connection or known.connection)
        return known.moved(node, at=self._clock.now(), now=now)

    def _publish_call(self, record: CallRecord) -> None:
        if record.connection_id:
            return
        session = record.value if isinstance(record.value, CallSession) else None
        for node_id in self._place_call(record.session_id, session):
            if (member := self._members.get(node_id)) is None:
                continue
            self._keep(observations.hosting(member, self.calls_on(node_id)))
            if bool(member.sessions) != bool(self._members[node_id].sessions):
                self._notify(node_id)

    def _place_call(self, session_id: str, session: CallSession | None) -> set[str]:
        """Keep where a session of calls is placed, if it is; return the nodes that changed."""
        media = None if session is None else session.media
        old = self._node_of_call.get(session_id)
        changed = {old} if old is not None else set()
        if session is None or media is None:
            self._node_of_call.pop(session_id, None)
        else:
            call = HostedCall(
                session.id, media.pipeline, session.created_at, server_id=media.server_id
            )
            if old == media.node_id and self._calls[old][session_id] == call:
                return set()
            self._node_of_call[session_id] = media.node_id
            self._calls.setdefault(media.node_id, {})[session_id] = call
            changed.add(media.node_id)
        if old is not None and (media is None or media.node_id != old):
            calls = self._calls[old]
            del calls[session_id]
            if not calls:
                del self._calls[old]
        return changed

    def _publish_event(self, entry: EventOnly) -> None:
        event = entry.event
        log.debug("event", extra={"media_node_id": event.id, "event": event.name})
        if isinstance(event, SessionDestroyed):
            self.record(event.id, lambda member: observations.end_reported(member, event))


def _may_change_the_next_step(old: Connection, new: Connection) -> bool:
    # Whether sessions of calls are among them is not asked: too many notifications do no harm.
    return (
        old.connected != new.connected
        or old.server_id != new.server_id
        or bool(old.sessions) != bool(new.sessions)
    )
