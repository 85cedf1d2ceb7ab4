"""The calls in memory: each change is committed first, then published to browsers and media."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import anyio

from mediafleet.domain import call_changes as changes
from mediafleet.domain.call_changes import Change
from mediafleet.domain.call_errors import (
    NoMediaNodeError,
    SessionBusyError,
    SessionExistsError,
    SessionNotFoundError,
    TooManySessionsError,
)
from mediafleet.domain.call_events import SessionCreated
from mediafleet.domain.calls import Call, CallMedia, SessionProperties
from mediafleet.domain.entries import EventOnly
from mediafleet.domain.errors import MediafleetError
from mediafleet.domain.events import SessionDestroyed
from mediafleet.domain.media import Bandwidths
from mediafleet.domain.placement import PlacementRequest
from mediafleet.services.cluster_state import ClusterState, Decision
from mediafleet.services.group_commit import GroupCommit
from mediafleet.services.media_reports import EndpointTrace, MediaReports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mediafleet.domain.call_notifications import Notification
    from mediafleet.domain.calls import CallConnection
    from mediafleet.domain.cluster import Cluster
    from mediafleet.domain.entries import StoreEntry
    from mediafleet.domain.events import Event
    from mediafleet.domain.media import Media
    from mediafleet.domain.turn import TurnServer
    from mediafleet.services.placements import Placements

log = logging.getLogger(__name__)

JOIN_WAIT_S = 15.0
"""How long a join waits for the first one, which creates the pipeline."""
PLACEMENTS_TRIED = 3
"""Media Nodes that a first join tries."""


class Notifier(Protocol):
    """Notifies browsers; it never blocks."""

    def notify(self, rpc_session: str, method: str, params: Mapping[str, Any]) -> None:
        """Send a notification, in order; one to a JSON-RPC session that is gone is ignored."""

    def evict(self, rpc_session: str) -> None:
        """End a JSON-RPC session: send what is queued, close its socket, and forget it."""

    def reconnect(self, rpc_session: str) -> None:
        """Close the socket of a JSON-RPC session, which stays: its browser connects again."""


@dataclass(frozen=True, slots=True)
class CallSettings:
    """What operators set for calls.

    Attributes:
        most_sessions: Sessions at a time.
        most_participants: Connections of a session that have joined.
        bandwidths: Of connections that have no own.
        defaults: Of sessions that are created.
        turn: For browsers; media servers find their addresses by it.
        garbage_interval: Seconds between two searches for sessions that nobody uses; 0: never.
        garbage_threshold: Seconds after which a session that nobody joined is removed.
    """

    most_sessions: int = 10_000
    most_participants: int = 200
    bandwidths: Bandwidths = field(default_factory=Bandwidths)
    defaults: SessionProperties = field(default_factory=SessionProperties)
    turn: TurnServer | None = None
    garbage_interval: float = 900.0
    garbage_threshold: float = 3600.0


@dataclass(slots=True)
class CallCounts:
    """How many there are now.

    Attributes:
        sessions: Those that a Media Node hosts, and others.
        active: Sessions that a Media Node hosts.
        connections: Those that have joined, and pending ones.
        joined: Connections that have joined.
        published: Streams.
        received: Subscriptions to streams.
    """

    sessions: int = 0
    active: int = 0
    connections: int = 0
    joined: int = 0
    published: int = 0
    received: int = 0

    def add(self, connection: CallConnection, by: int) -> None:
        """Count a connection with its streams once more, or once less."""
        self.connections += by
        self.joined += by * connection.is_active
        self.published += by * (connection.stream is not None)
        self.received += by * len(connection.subscriptions)


@dataclass(slots=True)
class Room:
    """A call in memory.

    Attributes:
        call: Replaced by each change.
        placing: Held by the join that creates the pipeline.
        endpoints: By their ids: who gets the candidates, and whose stream it is (connection ids).
        traces: What was seen of the endpoints.
    """

    call: Call
    placing: anyio.Lock = field(default_factory=anyio.Lock)
    endpoints: dict[str, tuple[str, str]] = field(default_factory=dict)
    traces: dict[str, EndpointTrace] = field(default_factory=dict)


class Rooms:
    """All calls of this server, their changes, and what media servers report of them.

    Args:
        state: The cluster in memory; all changes pass through it.
        placements: Chooses a Media Node for a session.
        media: The media objects.
        settings: Read at each use, since a restart changes them.

    Attributes:
        counts: How many calls, connections and streams there are.
        notifier: Notifies browsers; set by the signalling before the first of them joins.
        reports: What media servers report.
        on_camera: Called with the room, a camera that plays only while somebody receives it, and
            whether somebody does, when that changes.
    """

    def __init__(
        self,
        state: ClusterState,
        placements: Placements,
        media: Media,
        settings: Callable[[], CallSettings],
    ) -> None:
        self._state = state
        self._commits = GroupCommit(state)
        self._placements = placements
        self._media = media
        self.settings = settings
        self._rooms: dict[str, Room] = {}
        self._of_rpc_session: dict[str, tuple[str, str]] = {}
        self.reports = media.observer = MediaReports(self.hosted, self.notify)
        self.counts = CallCounts()
        self.notifier: Notifier | None = None
        self.on_camera: Callable[[Room, CallConnection, bool], None] = lambda *_: None

    def __len__(self) -> int:
        return len(self._rooms)

    def __iter__(self) -> Iterator[Room]:
        return iter(list(self._rooms.values()))

    def load(self, calls: Iterable[Call]) -> None:
        """Begin with the calls of an earlier server."""
        for call in calls:
            self._add(call)

    def _add(self, call: Call) -> None:
        room = self._rooms[call.id] = Room(call)
        self.counts.sessions += 1
        self._index(room, None, call)

    def room(self, session_id: str) -> Room:
        """A session.

        Raises:
            SessionNotFoundError: There is none with that id.
        """
        room = self._rooms.get(session_id)
        if room is None:
            raise SessionNotFoundError(session_id)
        return room

    def connection_of(self, rpc_session: str) -> tuple[str, str] | None:
        """Ids of session and connection of a JSON-RPC session."""
        return self._of_rpc_session.get(rpc_session)

    @property
    def rpc_sessions(self) -> Sequence[str]:
        """The JSON-RPC sessions of all connections that have joined."""
        return tuple(self._of_rpc_session)

    @property
    def nodes(self) -> Sequence[str]:
        """The Media Nodes that have sessions."""
        return self._state.nodes_with_calls

    def hosted(self, node_id: str) -> Sequence[Room]:
        """The sessions on a Media Node."""
        return [self._rooms[call.id] for call in self._state.calls_on(node_id)]

    async def add(self, call: Call) -> None:
        """Add a session.

        Raises:
            SessionExistsError: There is one with that id.
            TooManySessionsError: The server is full.
        """
        most = self.settings().most_sessions

        def decide(_: Cluster) -> Decision[None]:
            if call.id in self._rooms:
                raise SessionExistsError(call.id)
            if len(self._rooms) >= most:
                raise TooManySessionsError("sessions", most, "MEDIAFLEET_SESSIONS")

            def publish() -> None:
                self._add(call)

            return Decision(None, tuple(changes.records(call.id, None, call)), on_commit=publish)

        await self._state.change(decide)

    async def change(self, session_id: str, decide: Callable[[Call], Change]) -> Call | None:
        """Decide on a call as it is, commit, then publish.

        Args:
            session_id: Of the session.
            decide: Pure; if it raises, nothing changes.

        Returns:
            The call after the change; ``None`` if it is over.

        Raises:
            SessionNotFoundError: There is no such session.
            StoreUnavailableError: Nothing changed.
        """

        def decide_on_room() -> Decision[Call | None]:
            room = self.room(session_id)
            return self._decision(room, decide(room.call))

        return await self._commits.change(session_id, decide_on_room)

    def _decision(self, room: Room, change: Change) -> Decision[Call | None]:
        old = room.call
        entries: tuple[StoreEntry, ...] = (
            *changes.records(old.id, old, change.call),
            *(EventOnly(event) for event in change.events),
        )

        def publish() -> None:
            self._publish(room, change)

        return Decision(change.call, entries, on_commit=publish)

    def _publish(self, room: Room, change: Change) -> None:
        old = room.call
        self._index(room, old, change.call)
        for event in change.events:
            _log_session(event)
        if change.call is None:
            del self._rooms[old.id]
            self.counts.sessions -= 1
        else:
            room.call = change.call
            for camera in change.call.connections.values():
                if camera.is_camera and is_received(old, camera) != (
                    received := is_received(change.call, camera)
                ):
                    self.on_camera(room, camera, received)
        self.notify(change.notifications)
        if old.session.media is not None and change.released:
            self._media.release(old.session.media, change.released)
        if self.notifier is not None:
            for rpc_session in change.evicted:
                self.notifier.evict(rpc_session)

    def notify(self, notifications: Iterable[Notification]) -> None:
        """Send notifications to browsers."""
        if self.notifier is not None:
            for each in notifications:
                for rpc_session in each.to:
                    self.notifier.notify(rpc_session, each.method, each.params)

    def _index(self, room: Room, old: Call | None, new: Call | None) -> None:
        """Keep the indexes right; only connections that changed are looked at closely."""
        before = {} if old is None else old.connections
        after = {} if new is None else new.connections
        for each in before.values():
            if after.get(each.id) is not each:
                self.counts.add(each, -1)
                self._of_rpc_session.pop(each.rpc_session or "", None)
                self._forget_endpoints(room, each)
        for each in after.values():
            if before.get(each.id) is not each:
                self.counts.add(each, 1)
                if each.rpc_session is not None:
                    self._of_rpc_session[each.rpc_session] = (room.call.id, each.id)
                for endpoint, sender_id in _endpoints(each):
                    room.endpoints[endpoint] = (each.id, sender_id)
                    self.reports.add(endpoint, room)
        for gone in room.traces.keys() - room.endpoints.keys():
            del room.traces[gone]
        self.counts.active += _is_placed(new) - _is_placed(old)

    def _forget_endpoints(self, room: Room, connection: CallConnection) -> None:
        for endpoint, _ in _endpoints(connection):
            room.endpoints.pop(endpoint, None)
            self.reports.remove(endpoint)

    async def keep_endpoint(
        self,
        session_id: str,
        media: CallMedia,
        endpoint: str,
        trace: EndpointTrace,
        decide: Callable[[Call], Change],
    ) -> None:
        """Commit a change that takes a new endpoint; release the endpoint if that fails.

        Args:
            session_id: Of the session.
            media: That the endpoint belongs to.
            endpoint: Its id.
            trace: Of the endpoint.
            decide: As in :meth:`change`.
        """

        def decide_if_there(call: Call) -> Change:
            if call.session.media != media:
                raise SessionBusyError(session_id)
            return decide(call)

        try:
            await self.change(session_id, decide_if_there)
        except BaseException:
            self._media.release(media, [endpoint])
            self.reports.drop_early(endpoint)
            raise
        self.reports.begin(endpoint, trace)

    async def place(self, room: Room) -> CallMedia:
        """Return the media of a session; the first join places it and creates its pipeline.

        Raises:
            NoMediaNodeError: No Media Node can host it.
            SessionBusyError: The first join takes too long.
            SessionNotFoundError: It was closed meanwhile.
        """
        session_id = room.call.id
        with anyio.move_on_after(JOIN_WAIT_S):
            async with room.placing:
                media = room.call.session.media
                if media is not None and media.pipeline:
                    return media
                try:
                    return await self.place_anew(room)
                except NoMediaNodeError as error:
                    extra = {"session_id": session_id, "reason": str(error)}
                    log.warning("session not placed", extra=extra)
                    raise
        raise SessionBusyError(session_id)

    async def place_anew(self, room: Room) -> CallMedia:
        """Place a session and create its pipeline, on the next best node if that fails.

        Raises:
            NoMediaNodeError: No Media Node can host it.
            SessionNotFoundError: It was closed meanwhile.
        """
        session_id, problem = room.call.id, ""
        for _ in range(PLACEMENTS_TRIED):
            node_id = await self._reserve(room)
            try:
                media = await self._media.create_pipeline(node_id, session_id)
            except MediafleetError as error:
                problem = str(error)
                await self.change(session_id, _place_on(None))
                continue
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await self.change(session_id, _place_on(None))
                raise
            try:
                await self.change(session_id, _place_on(media))
            except BaseException:
                self._media.release(media, [media.pipeline])
                raise
            return media
        raise NoMediaNodeError(session_id, problem)

    async def _reserve(self, room: Room) -> str:
        """Choose a node and commit the choice, in one step: no removal comes between."""
        session_id = room.call.id

        def decide() -> Decision[str]:
            placed = self.room(session_id)
            node_id = self.choose_node(session_id, placed.call.session.properties.media_node)
            change = changes.place(placed.call, CallMedia(node_id))
            decision = self._decision(placed, change)
            return Decision(node_id, decision.changes, on_commit=decision.on_commit)

        return await self._commits.change(session_id, decide)

    def has_process(self, media: CallMedia) -> bool:
        """Whether the process of the media server that had the media of a call still runs."""
        member = self._state.member(media.node_id)
        return member is not None and member.connection.server_id == media.server_id

    def down_since(self, node_id: str) -> float | None:
        """Since when a Media Node is not connected, by the monotonic clock; ``None`` if it is."""
        member = self._state.member(node_id)
        return None if member is None or member.connection.connected else member.down_since

    def choose_node(self, session_id: str, node_id: str | None = None) -> str:
        """Choose a node for a session, the only one to consider or any, and return its id.

        Raises:
            NoMediaNodeError: None can host it.
        """
        try:
            placement, _ = self._placements.place(PlacementRequest(session_id, node_id=node_id))
        except MediafleetError as error:
            raise NoMediaNodeError(session_id, str(error)) from error
        return placement.member.node.id

    async def rebuild(
        self,
        session_id: str,
        old: CallMedia,
        new: CallMedia,
        decide_on: Callable[[Call], Change],
    ) -> None:
        """Put a session on new media, unless it has other media by now.

        Args:
            session_id: Of the session.
            old: The media that it has.
            new: Those that it is to have.
            decide_on: Returns the change.

        Raises:
            NoMediaNodeError: The new node accepts no sessions any more.
            SessionBusyError: The session has other media.
            SessionNotFoundError: It is over.
        """

        def decide(call: Call) -> Change:
            if call.session.media != old:
                raise SessionBusyError(session_id)
            member = self._state.existing(new.node_id)
            if new.node_id != old.node_id and not member.accepts_sessions:
                raise NoMediaNodeError(session_id, f"{new.node_id} accepts no sessions any more")
            return decide_on(call)

        await self.change(session_id, decide)

    async def unplace(self, session_id: str) -> None:
        """Release the pipeline of a session that nobody has joined after all."""
        if session_id not in self._rooms:
            return

        def decide(call: Call) -> Change:
            if call.is_active or call.session.media is None:
                return Change(call)
            pipeline = call.session.media.pipeline
            after = changes.place(call, None)
            return replace(after, released=(pipeline,) if pipeline else ())

        await self.change(session_id, decide)

    async def commit_event(self, event: Event) -> None:
        """Commit an event that changes nothing."""
        await self._state.apply(EventOnly(event))


def _endpoints(connection: CallConnection) -> Iterator[tuple[str, str]]:
    """The media objects of a connection that report events, with the owner of their stream."""
    if (stream := connection.stream) is not None:
        if stream.endpoint:
            yield stream.endpoint, connection.id
        if stream.filter is not None:
            yield stream.filter.element, connection.id
    for subscription in connection.subscriptions.values():
        if subscription.endpoint:
            yield subscription.endpoint, subscription.sender_id


def _log_session(event: Event) -> None:
    if isinstance(event, SessionCreated):
        extra = {"session_id": event.session_id, "media_node_id": event.id}
        log.info("session active", extra=extra)
    elif isinstance(event, SessionDestroyed):
        extra = {
            "session_id": event.session_id,
            "media_node_id": event.id,
            "reason": event.reason,
        }
        log.info("session ended", extra=extra)


def _is_placed(call: Call | None) -> bool:
    return call is not None and call.node_id is not None


def is_received(call: Call, camera: CallConnection) -> bool:
    """Whether somebody receives the stream of a camera."""
    stream = camera.stream
    return stream is not None and any(
        stream.id in each.subscriptions for each in call.connections.values()
    )


def _place_on(media: CallMedia | None) -> Callable[[Call], Change]:
    return partial(changes.place, media=media)
