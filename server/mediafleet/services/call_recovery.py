"""Keeps calls going: over restarts of this server, lost media, crashed and drained Media Nodes."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mediafleet.domain import call_changes as changes
from mediafleet.domain.call_errors import CallError, SessionBusyError
from mediafleet.domain.call_events import FilterEventDispatched
from mediafleet.domain.call_notifications import Notification
from mediafleet.domain.calls import Reason
from mediafleet.domain.errors import MediafleetError, StoreUnavailableError
from mediafleet.domain.formats import as_java_text
from mediafleet.domain.media import Endpoint
from mediafleet.scheduler import Scheduler
from mediafleet.services.rooms import is_received

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

    from mediafleet.clock import Clock
    from mediafleet.domain.calls import Call, CallConnection, CallMedia
    from mediafleet.domain.media import Media, MediaEvent
    from mediafleet.services.rooms import Room, Rooms

log = logging.getLogger(__name__)

FIRST_RECONNECTION_S = 8.0
"""When browsers are made to connect again after their media have ended: they renew the streams
whose ICE connection is lost, which Chromium sees 7.2 to 7.6 s after the last packet."""
RECONNECTION_PAUSE_S = 2.0
"""A browser that is renewing its streams meanwhile is rarely disturbed."""
RECONNECTIONS = 7
BEAT_S = 5.0
JOBS_AT_ONCE = 20
MAX_JOBS = 10_000


class CallRecovery:
    """Rebuilds, moves and closes calls, and removes sessions that nobody joins.

    Args:
        rooms: The calls in memory.
        media: The media objects.
        clock: The only source of time.
    """

    def __init__(self, rooms: Rooms, media: Media, clock: Clock) -> None:
        self._rooms = rooms
        self._media = media
        self._clock = clock
        self._jobs: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(MAX_JOBS)
        self._scheduler = Scheduler(clock)
        rooms.reports.on_filter_event = self._on_filter_event
        rooms.on_camera = self._on_camera
        rooms.reports.on_lost = self._on_lost

    def load(self, calls: Iterable[Call]) -> None:
        """Begin with the calls of an earlier server, before Media Nodes are attached.

        Their media go on meanwhile; browsers have a grace period to come back.
        """
        calls = list(calls)
        self._rooms.load(calls)
        for call in calls:
            if call.session.media is None:
                continue
            if call.is_active:
                self._media.resume(call.session.media, call.id, call.session.created_at)
            else:
                self._defer(partial(self._rooms.unplace, call.id))

    async def run(self, beat: Callable[[], None]) -> None:
        """Do in the background what requests leave to do; never returns.

        Args:
            beat: Called now and then, to show that it is alive.
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._collect_garbage)
            for _ in range(JOBS_AT_ONCE):
                tasks.start_soon(self._work)
            try:
                while True:
                    beat()
                    await anyio.sleep(BEAT_S)
            finally:
                self._scheduler.clear()

    async def close_hosted(
        self, node_id: str, session_ids: Collection[str], reason: Reason
    ) -> None:
        """End sessions that are placed on a node: commit their ends, then release their media.

        Args:
            node_id: The node.
            session_ids: The sessions; those that have ended or moved meanwhile are skipped.
            reason: Of their events.

        Raises:
            StoreUnavailableError: Some ends could not be stored; those sessions go on.
        """
        for room in self._hosted(node_id, session_ids):
            await self._close(room.call.id, reason)

    async def move_hosted(self, node_id: str, session_ids: Collection[str]) -> None:
        """Place sessions of a node on other nodes; the browsers rebuild their streams there.

        Args:
            node_id: The node.
            session_ids: The sessions; one that fits on no other node stays.

        Raises:
            StoreUnavailableError: Some could not be stored; those sessions stay.
        """
        await self._each_hosted(node_id, session_ids, self._move, "session not moved")

    async def restart_hosted(self, node_id: str, session_ids: Collection[str]) -> None:
        """Create the media of sessions anew on their node, whose media server was started again.

        The participants stay, and their streams end.

        Args:
            node_id: The node.
            session_ids: The sessions; one that the media server does not take stays as it is.

        Raises:
            StoreUnavailableError: Some could not be stored; those sessions stay as they are.
        """
        await self._each_hosted(node_id, session_ids, self._restart, "session not restarted")

    async def _each_hosted(
        self,
        node_id: str,
        session_ids: Collection[str],
        step: Callable[[Room], Awaitable[None]],
        failure: str,
    ) -> None:
        limiter = anyio.CapacityLimiter(JOBS_AT_ONCE)

        async def take(room: Room) -> None:
            async with limiter:
                try:
                    await step(room)
                except StoreUnavailableError:
                    raise
                except MediafleetError as error:
                    extra = {"session_id": room.call.id, "reason": str(error)}
                    log.warning(failure, extra=extra)

        async with anyio.create_task_group() as tasks:
            for room in self._hosted(node_id, session_ids):
                tasks.start_soon(take, room)

    def _hosted(self, node_id: str, session_ids: Collection[str]) -> list[Room]:
        return [room for room in self._rooms.hosted(node_id) if room.call.id in session_ids]

    async def _move(self, room: Room) -> None:
        await self._rebuild(room, self._rooms.choose_node(room.call.id))

    async def _close(self, session_id: str, reason: Reason) -> None:
        at = self._clock.now()
        try:
            await self._rooms.change(session_id, lambda call: changes.close(call, reason, at=at))
        except CallError:
            log.debug("session is over already", extra={"session_id": session_id})

    async def _rebuild(self, room: Room, node_id: str) -> None:
        """Create the pipeline of a session anew, and make its browsers connect again.

        Raises:
            CallError: It was not done.
            MediafleetError: The media server could not do it.
        """
        old = room.call.node_id
        new = await self._renew(room, node_id, changes.rebuild, keeps_streams=True)
        if new is not None:
            now, down_since = self._clock.monotonic(), self._rooms.down_since(str(old))
            silent = 0.0 if down_since is None else now - down_since
            pause = max(0.0, FIRST_RECONNECTION_S - silent)
            self._await_browsers(pause, room.call.id, new, RECONNECTIONS)

    async def _restart(self, room: Room) -> None:
        """Create the media of a session anew on its node; its browsers have to publish anew."""
        restart = partial(changes.restart, at=self._clock.now())
        await self._renew(room, str(room.call.node_id), restart, keeps_streams=False)

    async def _renew(
        self,
        room: Room,
        node_id: str,
        decide: Callable[[Call, CallMedia, Mapping[str, Endpoint]], changes.Change],
        *,
        keeps_streams: bool,
    ) -> CallMedia | None:
        """Put a session on a new pipeline, with new elements for its cameras.

        Args:
            room: Of the session.
            node_id: Of the node that is to host it.
            decide: Returns the change, by the new media and their elements by stream.
            keeps_streams: Create elements for the streams of browsers too.

        Returns:
            The new media; ``None`` if it has none any more.

        Raises:
            CallError: It was not done.
            MediafleetError: The media server could not do it.
        """
        old = room.call.session.media
        if old is None:
            return None
        session_id = room.call.id
        new = await self._media.create_pipeline(node_id, session_id)
        try:
            endpoints = {
                each.stream.id: await self._create_source(new, each.stream.id, each)
                for each in room.call.active
                if each.stream is not None and (keeps_streams or each.is_camera)
            }
            await self._rooms.rebuild(
                session_id, old, new, lambda call: decide(call, new, endpoints)
            )
        except BaseException:
            self._media.release(new, [new.pipeline])
            raise
        extra = {"session_id": session_id, "media_node_id": node_id, "from": old.node_id}
        log.info("session rebuilt", extra=extra)
        for each in room.call.active:
            if each.properties.camera is not None:
                is_always_on = not each.properties.camera.only_play_with_subscribers
                if is_always_on or is_received(room.call, each):
                    self._play(room, each, is_on=True)
        return new

    async def _create_source(
        self, media: CallMedia, stream_id: str, owner: CallConnection
    ) -> Endpoint:
        """Create the elements of a published stream; a browser connects its endpoint later."""
        if owner.properties.camera is not None:
            return await self._media.create_player(media, stream_id, owner.properties.camera)
        return Endpoint("", await self._media.create_pass_through(media))

    def _await_browsers(self, pause: float, session_id: str, media: CallMedia, left: int) -> None:
        self._scheduler.after(pause, partial(self._reconnect, session_id, media, left))

    def _reconnect(self, session_id: str, media: CallMedia, left: int) -> None:
        """Close the sockets of browsers whose media were rebuilt, until they have connected."""
        try:
            call = self._rooms.room(session_id).call
        except CallError:
            return
        unconnected = [each for each in call.active if _is_unconnected(each)]
        if call.session.media != media or not unconnected or self._rooms.notifier is None:
            return
        for each in unconnected:
            if each.rpc_session is not None:
                self._rooms.notifier.reconnect(each.rpc_session)
        if left > 1:
            self._await_browsers(RECONNECTION_PAUSE_S, session_id, media, left - 1)

    async def _collect_garbage(self) -> None:
        """Remove the sessions that nobody has joined for a long time."""
        last = self._clock.monotonic()
        while True:
            await anyio.sleep(min(self._rooms.settings().garbage_interval or BEAT_S, BEAT_S))
            interval = self._rooms.settings().garbage_interval  # a restart may have changed it
            if interval and self._clock.monotonic() - last >= interval:
                await self.remove_unused()
                last = self._clock.monotonic()

    async def remove_unused(self) -> None:
        """Remove the sessions that are older than the threshold, and that nobody has joined."""
        threshold = self._rooms.settings().garbage_threshold
        now = self._clock.now()
        for room in self._rooms:
            session = room.call.session
            is_old = (now - session.created_at).total_seconds() > threshold
            if is_old and session.media is None:
                await self._remove(session.id)

    async def _remove(self, session_id: str) -> None:
        at = self._clock.now()

        def decide(call: Call) -> changes.Change:
            if call.session.media is not None:
                raise SessionBusyError(session_id)
            return changes.close(call, Reason.SESSION_CLOSED_BY_SERVER, at=at)

        try:
            await self._rooms.change(session_id, decide)
        except CallError:
            log.debug("session is used", extra={"session_id": session_id})

    def _defer(self, job: Callable[[], Awaitable[None]]) -> None:
        try:
            self._jobs.put_nowait(job)
        except asyncio.QueueFull:
            log.warning("too much to do for calls", extra={"limit": MAX_JOBS})

    async def _work(self) -> None:
        while True:
            job = await self._jobs.get()
            try:
                await job()
            except MediafleetError as error:
                log.warning("call not kept as it was", extra={"reason": str(error)})

    def _on_lost(self, room: Room) -> None:
        """Rebuild a call whose media ended with their session, in a process that goes on.

        If the process has ended the node has crashed, and the controller moves or closes its calls.
        """
        media = room.call.session.media
        if media is not None and self._rooms.has_process(media):
            self._defer(partial(self._rebuild, room, media.node_id))

    def _on_camera(self, room: Room, camera: CallConnection, is_received: bool) -> None:  # noqa: FBT001
        wanted = camera.properties.camera
        if wanted is not None and wanted.only_play_with_subscribers:
            self._play(room, camera, is_on=is_received)

    def _play(self, room: Room, camera: CallConnection, *, is_on: bool) -> None:
        media, stream = room.call.session.media, camera.stream
        if media is not None and stream is not None:
            self._defer(partial(self._media.play, media, stream.endpoint, is_on=is_on))

    def _on_filter_event(self, room: Room, event: MediaEvent) -> None:
        self._defer(partial(self._dispatch, room, event))

    async def _dispatch(self, room: Room, event: MediaEvent) -> None:
        """Commit an event of a filter, and notify those that listen to its type."""
        call = room.call
        receiver = room.endpoints.get(event.endpoint)
        owner = None if receiver is None else call.connections.get(receiver[0])
        if owner is None or owner.stream is None or owner.stream.filter is None:
            return
        stream, applied = owner.stream, owner.stream.filter
        data = as_java_text(event.data)
        await self._rooms.commit_event(
            FilterEventDispatched(
                timestamp=self._clock.now(),
                id=str(call.node_id),
                session_id=call.id,
                connection=owner,
                stream=stream,
                filter_type=applied.type,
                event_type=event.type,
                data=data,
            )
        )
        listening = {listener for listener, kind in applied.listeners if kind == event.type}
        receivers = [
            each.rpc_session for each in call.active if each.id in listening and each.rpc_session
        ]
        params = {
            "connectionId": owner.id,
            "streamId": stream.id,
            "filterType": applied.type,
            "eventType": event.type,
            "data": data,
        }
        self._rooms.notify([Notification(tuple(receivers), "filterEventDispatched", params)])


def _is_unconnected(connection: CallConnection) -> bool:
    stream = connection.stream
    return (stream is not None and not stream.endpoint) or any(
        not each.endpoint for each in connection.subscriptions.values()
    )
