"""The cluster as one immutable value: members, their connections and their sessions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from mediafleet.domain import drain as drains
from mediafleet.domain.diagnostics import NodeDiagnostics
from mediafleet.domain.endpoints import endpoint_of
from mediafleet.domain.errors import MediaNodeNotFoundError
from mediafleet.domain.media_node import SERVING_STATUSES, MediaNode, MediaNodeStatus

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping
    from datetime import datetime

    from mediafleet.domain.endpoints import MediaServerUri
    from mediafleet.domain.machines import Machine
    from mediafleet.domain.observations import ReportedEnds


@dataclass(frozen=True, slots=True)
class Session:
    """A MediaPipeline on a Media Node, whichever client created it.

    Attributes:
        id: Never changes: the pipeline's name when the session was first listed, if that is a valid
            id, else the object id.
        object_id: The media server's own id of the pipeline.
        created_at: When the pipeline was made (aware, UTC).
        name: The pipeline's name as last learnt, if it has one that fits.
    """

    id: str
    object_id: str
    created_at: datetime
    name: str | None = None


@dataclass(frozen=True, slots=True)
class HostedCall(Session):
    """A session of calls on a Media Node: one that this server created.

    The id is the session's own, so is the time of creation; the object id is empty until the
    pipeline is made.

    Attributes:
        server_id: The process of the media server that has the pipeline; empty until then.
    """

    server_id: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """The observed state of the link to a Media Node; it never holds a status.

    Attributes:
        connected: The media server answered on the open WebSocket, and its sessions were listed.
        suspect: Connected, but the last ping was not answered in time.
        connection_time: When the link was last made; ``None`` before the first time.
        disconnection_time: When it was lost; ``None`` while connected and before the first time.
        server_id: Identity of the media server's process; new at each of its starts.
        load: CPU load in percent of the machine, 0–100; ``None`` while not measured, and after a
            measurement that failed: an unknown load must not be the reason of a decision.
        last_load: The last one that was measured of this process, for people; ``None`` before that.
        sessions: As last learnt from the node; kept while it is disconnected.
    """

    connected: bool = False
    suspect: bool = False
    connection_time: datetime | None = None
    disconnection_time: datetime | None = None
    server_id: str | None = None
    load: float | None = None
    last_load: float | None = None
    sessions: tuple[Session, ...] = ()


NEVER_CONNECTED = Connection()

MOST_SHOWN_S = 3600.0
"""What counts at most of the time that a node was shown as failed by servers before."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What this process did and saw for a member in its present status; never stored.

    Attributes:
        since: When this process first saw the member in the status, or last put off its launch, in
            seconds of the monotonic clock: timeouts use a clock that is never set. For a failed
            node the time before this process began counts, by the wall clock.
        error: Why the environment could not do the last step; ``None`` when all is well.
        failures: How often in a row it could not.
        launch_failure: While launching: why the launch failed. It is not begun again, whether that
            can be stored or not.
        is_clean: While failed: everything that the launch may have left was ended since.
        removal_requested: While failed: its record must go as soon as nothing is left.
        drain_checked: While terminating: the node was asked, and no session must be spared.
        reported: While terminating: the sessions whose ends are committed, once they were needed.
        most_sessions: The most sessions at once that were seen.
    """

    since: float = 0.0
    error: str | None = None
    failures: int = 0
    launch_failure: str | None = None
    is_clean: bool = False
    removal_requested: bool = False
    drain_checked: bool = False
    reported: ReportedEnds | None = None
    most_sessions: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """One Media Node of the cluster: what is stored of it and what is observed of it.

    Attributes:
        node: What is stored.
        connection: The state of its link.
        progress: Of this process in its present status.
        machine: Where the node is, while that is not stored with it yet: until it runs.
        down_since: Since when this process knows that the link is down, while it is, in seconds of
            the monotonic clock.
        lost_sessions: Sessions whose process is gone, and whose end is not reported yet.
        due: When the deadline of its drain is, in seconds of the same clock; ``None``: never.
        gone: Its machine is known to be gone. No request is sent there, since another machine may
            answer.
        calls: The sessions of calls that are placed here, as they are stored.
        ended_calls: Object ids of the pipelines of calls that have ended; the node may still list
            them.
        diagnostics: What its link measures and what is decided about it; all copies share it.
    """

    node: MediaNode
    connection: Connection = NEVER_CONNECTED
    progress: Progress = Progress()
    machine: Machine | None = None
    down_since: float = 0.0
    lost_sessions: tuple[Session, ...] = ()
    due: float | None = None
    gone: bool = False
    calls: tuple[HostedCall, ...] = ()
    ended_calls: frozenset[str] = frozenset()
    diagnostics: NodeDiagnostics = field(default_factory=NodeDiagnostics, compare=False, repr=False)

    @classmethod
    def loaded(
        cls, node: MediaNode, *, at: datetime, now: float, calls: tuple[HostedCall, ...] = ()
    ) -> Member:
        """The member at a start of the server.

        Args:
            node: As it is stored.
            calls: Those that are stored with it.
            at: The moment of the start (aware, UTC).
            now: The same on the clock of :attr:`Progress.since`.
        """
        shown = 0.0
        if node.status is MediaNodeStatus.FAILED:
            shown = min(max((at - node.status_since).total_seconds(), 0.0), MOST_SHOWN_S)
        due = drains.due(node.drain, at=at, now=now)
        progress = Progress(now - shown, most_sessions=len(calls))
        return cls(node, progress=progress, down_since=now, due=due, calls=calls)

    @property
    def foreign_sessions(self) -> tuple[Session, ...]:
        """The sessions that other clients created, as last learnt from the node."""
        return self.foreign_of(self.connection.sessions)

    def foreign_of(self, sessions: tuple[Session, ...]) -> tuple[Session, ...]:
        """Those of the listed sessions that are neither calls nor what is left of ended ones."""
        if not sessions or not (self.calls or self.ended_calls):
            return sessions
        ids = {call.id for call in self.calls}
        objects = self.ended_calls.union(call.object_id for call in self.calls)
        return tuple(
            session
            for session in sessions
            if session.object_id not in objects
            and session.id not in ids
            and session.name not in ids
        )

    @property
    def sessions(self) -> tuple[Session, ...]:
        """All sessions that it hosts: those of calls are known from the moment of placement."""
        return (*self.calls, *self.foreign_sessions) if self.calls else self.foreign_sessions

    @property
    def lost_calls(self) -> tuple[HostedCall, ...]:
        """The calls that cannot go on here: it crashed, or another process has the node now."""
        connection = self.connection
        if not connection.connected:
            return self.calls if self.node.crashed_since is not None else ()
        ids = {"", connection.server_id}
        return tuple(call for call in self.calls if call.server_id not in ids)

    @property
    def uri(self) -> str | None:
        """Endpoint of the node's media server, as soon as it is known."""
        return self.machine.uri if self.machine else self.node.uri

    @property
    def located_id(self) -> str | None:
        """Name of the node's machine in its environment, as soon as it is known."""
        return self.machine.environment_id if self.machine else self.node.environment_id

    def located(self) -> MediaNode:
        """The node as it is stored from the moment it runs: with its place."""
        if self.machine is None:
            return self.node
        return replace(
            self.node,
            environment_id=self.machine.environment_id,
            uri=self.machine.uri,
        )

    def moved(self, node: MediaNode, *, at: datetime, now: float) -> Member:
        """The member after a change: the state of its link stays, and an error is over.

        Args:
            node: As it is stored after the change.
            at: The moment of the change (aware, UTC).
            now: The same on the clock of :attr:`Progress.since`.
        """
        if self.node.status is node.status:
            progress = replace(self.progress, error=None, failures=0)
        else:
            progress = Progress(now, most_sessions=len(self.sessions))
        is_same_drain = self.node.drain == node.drain
        return replace(
            self,
            node=node,
            progress=progress,
            machine=self.machine if node.uri is None else None,
            due=self.due if is_same_drain else drains.due(node.drain, at=at, now=now),
        )

    @property
    def accepts_sessions(self) -> bool:
        """Whether new sessions may be placed here: running, connected and answering."""
        is_answering = self.connection.connected and not self.connection.suspect
        return self.node.status is MediaNodeStatus.RUNNING and is_answering


MAX_MEMBERS = 10_000
"""Media Nodes of a cluster, those that failed included; what the contract's lists may hold."""


@dataclass(frozen=True, slots=True)
class OpenFiles:
    """The limit of open files of this process, and how many Media Nodes it allows.

    Attributes:
        limit: Files and sockets that the process may have open.
        media_nodes: Media Nodes that may be connected at a time.
        measurements: Connections for load measurements at a time, besides those to Media Nodes;
            the files of Media Nodes that are not connected are used for them too.
    """

    REMEDY: ClassVar = "raise the limit (ulimit -n, or LimitNOFILE= of its unit) and start it again"

    limit: int
    media_nodes: int
    measurements: int

    def __str__(self) -> str:
        return (
            f"this server may have {self.limit} files open, enough for {self.media_nodes} "
            f"Media Nodes; {self.REMEDY}"
        )


class MemberIndex:
    """Finds members by their keys, at a cost that does not grow with the cluster.

    It holds ids only, and it may hold too many: the caller checks the member itself.
    """

    __slots__ = ("_ids", "_keys", "_numbers")

    def __init__(self, members: Iterable[Member] = ()) -> None:
        self._keys: dict[str, frozenset[Hashable]] = {}
        self._ids: dict[Hashable, set[str]] = {}
        self._numbers: dict[str, int] = {}
        for member in members:
            self.put(member)

    def put(self, member: Member) -> None:
        """Add a member, or replace it by what it is now."""
        node_id, keys = member.node.id, _keys_of(member)
        old = self._keys.get(node_id, _NO_KEYS)
        if keys != old:
            self._keys[node_id] = keys
            self._drop(node_id, old - keys)
            for key in keys - old:
                self._ids.setdefault(key, set()).add(node_id)
        if node_id not in self._numbers:
            self._numbers[node_id] = next(_NUMBERS)

    def remove(self, node_id: str) -> None:
        """Forget a member."""
        self._drop(node_id, self._keys.pop(node_id, _NO_KEYS))
        self._numbers.pop(node_id, None)

    def find(self, key: Hashable) -> list[str]:
        """Ids of the members that a key leads to, in the order of joining."""
        return sorted(self._ids.get(key, ()), key=self._numbers.__getitem__)

    def holds(self, key: Hashable) -> bool:
        """Whether a key leads to any member."""
        return key in self._ids

    def _drop(self, node_id: str, keys: Iterable[Hashable]) -> None:
        for key in keys:
            ids = self._ids[key]
            ids.discard(node_id)
            if not ids:
                del self._ids[key]


class Trait(Enum):
    """A property of members that the index counts."""

    DISCONNECTED = auto()
    """It serves, and its link is down."""
    ACCEPTS_SESSIONS = auto()
    """See :attr:`Member.accepts_sessions`."""
    WAITING = auto()
    """It must leave its status by itself, or the environment failed to terminate its machine."""


WAITING_STATUSES = frozenset(
    {
        MediaNodeStatus.LAUNCHING,
        MediaNodeStatus.CANCELED,
        MediaNodeStatus.WAITING_IDLE_TO_TERMINATE,
        MediaNodeStatus.TERMINATING,
    }
)
"""A node must leave them by itself."""

_NO_KEYS: frozenset[Hashable] = frozenset()
_NUMBERS = count()


def _keys_of(member: Member) -> frozenset[Hashable]:
    uri, name = member.uri, member.located_id
    keys: list[Hashable] = []
    if uri is not None and (endpoint := endpoint_of(uri)) is not None:
        keys.append(endpoint)
    if name is not None:
        keys.append(("machine", name))
    if (server_id := member.connection.server_id) is not None:
        keys.append(("server", server_id))
    if member.accepts_sessions:
        keys.append(Trait.ACCEPTS_SESSIONS)
    elif not member.connection.connected and member.node.status in SERVING_STATUSES:
        keys.append(Trait.DISCONNECTED)
    if member.node.status in WAITING_STATUSES or member.progress.error is not None:
        keys.append(Trait.WAITING)
    return frozenset(keys)


class Cluster:
    """Every member, by id, in the order of joining.

    Args:
        members: By id; a view if others keep them.
        index: Of the same members, maintained by their owner; built when needed if not given.
    """

    __slots__ = ("_index", "members")

    def __init__(
        self, members: Mapping[str, Member] = MappingProxyType({}), index: MemberIndex | None = None
    ) -> None:
        self.members = members
        self._index = index

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members.values())

    def __len__(self) -> int:
        return len(self.members)

    def get(self, node_id: str) -> Member | None:
        """The member of that id, if there is one."""
        return self.members.get(node_id)

    def existing(self, node_id: str) -> Member:
        """The member of that id.

        Raises:
            MediaNodeNotFoundError: There is none.
        """
        member = self.members.get(node_id)
        if member is None:
            raise MediaNodeNotFoundError(node_id)
        return member

    @property
    def index(self) -> MemberIndex:
        """Of its members."""
        if self._index is None:
            self._index = MemberIndex(self)
        return self._index

    def at_endpoint(self, endpoint: MediaServerUri) -> tuple[Member, ...]:
        """Members whose uri leads to an endpoint, also those that do not hold it any more."""
        return self._found(endpoint)

    def of_server(self, server_id: str) -> tuple[Member, ...]:
        """Members whose links lead, or last led, to one process of a media server."""
        return self._found(("server", server_id))

    def of_machine(self, environment_id: str) -> tuple[Member, ...]:
        """Members whose machine has that name in its environment."""
        return self._found(("machine", environment_id))

    def with_trait(self, trait: Trait) -> tuple[Member, ...]:
        """Members of which something holds."""
        return self._found(trait)

    def _found(self, key: Hashable) -> tuple[Member, ...]:
        return tuple(self.members[node_id] for node_id in self.index.find(key))

    @property
    def connected_uris(self) -> tuple[str, ...]:
        """Endpoints of the serving nodes whose link is up."""
        return tuple(
            member.node.uri
            for member in self
            if member.node.uri is not None
            and member.connection.connected
            and member.node.status in SERVING_STATUSES
        )
