"""Sessions of calls, as the REST API sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

from mediafleet.domain import call_changes as changes
from mediafleet.domain import calls as values
from mediafleet.domain.call_errors import (
    CameraError,
    SessionNotActiveError,
    UnknownReceiverError,
)
from mediafleet.domain.calls import (
    Call,
    CallConnection,
    CallSession,
    MediaOptions,
    Reason,
    Role,
    Stream,
)
from mediafleet.services.media_reports import EndpointTrace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from random import Random

    from mediafleet.clock import Clock
    from mediafleet.domain.call_changes import Change
    from mediafleet.domain.calls import (
        Camera,
        ConnectionProperties,
        SessionProperties,
    )
    from mediafleet.domain.media import Media
    from mediafleet.services.rooms import Rooms


class Calls:
    """What applications may do with sessions.

    Args:
        rooms: The calls in memory.
        media: The media objects.
        clock: The only source of time.
        random: For ids and tokens; must be unpredictable.
    """

    def __init__(self, rooms: Rooms, media: Media, *, clock: Clock, random: Random) -> None:
        self._rooms = rooms
        self._media = media
        self._clock = clock
        self._random = random

    def now(self) -> datetime:
        """The time of this server."""
        return self._clock.now()

    @property
    def session_defaults(self) -> SessionProperties:
        """Of sessions that are created."""
        return self._rooms.settings().defaults

    def call(self, session_id: str) -> Call:
        """A session as it is now.

        Raises:
            SessionNotFoundError: There is none with that id.
        """
        return self._rooms.room(session_id).call

    def all(self) -> Sequence[Call]:
        """All sessions, in the order of their creation."""
        return [room.call for room in self._rooms]

    def traces(self, session_id: str) -> Mapping[str, EndpointTrace]:
        """What was seen of the endpoints of a session, by their ids.

        Raises:
            SessionNotFoundError: There is none with that id.
        """
        return self._rooms.room(session_id).traces

    async def create_session(self, properties: SessionProperties) -> Call:
        """Create a session that nobody has joined yet.

        Raises:
            SessionExistsError: There is one with the custom id.
            TooManySessionsError: The server is full.
        """
        session_id = properties.custom_session_id or values.session_id(self._random)
        call = Call(CallSession(session_id, self._clock.now(), properties))
        await self._rooms.add(call)
        return call

    async def create_connection(
        self, session_id: str, properties: ConnectionProperties
    ) -> CallConnection:
        """Create a connection; a browser may join with its token, a camera joins at once.

        Raises:
            SessionNotFoundError: There is no such session.
            TooManySessionsError: The session is full.
            CallError: A camera could not join.
        """
        if properties.camera is not None:
            return await self._create_camera(session_id, properties, properties.camera)
        connection = CallConnection(
            id=values.connection_id(self._random),
            created_at=self._clock.now(),
            token=values.token(self._random),
            properties=properties,
        )
        await self._rooms.change(session_id, lambda call: changes.add_connection(call, connection))
        return connection

    async def modify_connection(
        self, session_id: str, connection_id: str, *, role: Role | None, record: bool | None
    ) -> CallConnection:
        """Change role or `record` of a connection, and return it as it is then.

        Raises:
            SessionNotFoundError: There is no such session.
            ConnectionNotFoundError: There is no such connection.
        """
        call = await self._rooms.change(
            session_id, lambda call: changes.modify(call, connection_id, role=role, record=record)
        )
        return (call or self.call(session_id)).connections[connection_id]

    async def close_session(
        self, session_id: str, reason: Reason = Reason.SESSION_CLOSED_BY_SERVER
    ) -> None:
        """End a session; its browsers are notified.

        Raises:
            SessionNotFoundError: There is no such session.
        """
        at = self._clock.now()
        await self._rooms.change(session_id, lambda call: changes.close(call, reason, at=at))

    async def disconnect(
        self,
        session_id: str,
        connection_id: str,
        reason: Reason = Reason.FORCE_DISCONNECT_BY_SERVER,
    ) -> None:
        """End a connection; its browser is notified. The token of a pending one becomes invalid.

        Raises:
            SessionNotFoundError: There is no such session.
            ConnectionNotFoundError: There is no such connection.
        """
        at = self._clock.now()
        await self._rooms.change(
            session_id,
            lambda call: changes.leave(call, connection_id, reason, at=at, evicts=True),
        )

    async def end_stream(
        self,
        session_id: str,
        stream_id: str,
        reason: Reason = Reason.FORCE_UNPUBLISH_BY_SERVER,
    ) -> None:
        """End a published stream; all browsers are notified.

        Raises:
            SessionNotFoundError: There is no such session.
            StreamNotFoundError: There is no such stream.
            CameraError: It is that of a camera, whose connection must be ended.
        """
        at = self._clock.now()

        def decide(call: Call) -> Change:
            owner, _ = changes.published_stream(call, stream_id)
            if owner.is_camera:
                raise CameraError
            return changes.unpublish(call, owner.id, reason, at=at, to_owner=True)

        await self._rooms.change(session_id, decide)

    def signal(
        self, session_id: str, to: Sequence[str], message: Mapping[str, Any], sender: str = ""
    ) -> None:
        """Pass a message to connections, or to all.

        Args:
            session_id: Of the session.
            to: Ids of connections; empty: all.
            message: Members ``data`` and ``type``, as given.
            sender: Id of the connection that sends; empty: the server.

        Raises:
            SessionNotFoundError: There is no such session.
            SessionNotActiveError: Nobody has joined.
            UnknownReceiverError: One of the receivers has not joined; nobody gets it.
        """
        call = self.call(session_id)
        active = {each.id: each for each in call.active}
        if not active:
            raise SessionNotActiveError(session_id)
        if unknown := [each for each in to if each not in active]:
            raise UnknownReceiverError(f"{unknown[0][:100]} is no connection of the session")
        receivers = [active[each] for each in dict.fromkeys(to)] if to else list(active.values())
        params = {**message, "from": sender} if sender else message
        self._rooms.notify(changes.signal(call, receivers, params).notifications)

    async def _create_camera(
        self, session_id: str, properties: ConnectionProperties, camera: Camera
    ) -> CallConnection:
        room = self._rooms.room(session_id)
        media = await self._rooms.place(room)
        connection_id = values.camera_id(self._random, camera)
        options = MediaOptions(type_of_video="IPCAM")
        stream_id = values.stream_id(self._random, options, connection_id)
        try:
            endpoint = await self._media.create_player(media, stream_id, camera)
            now = self._clock.now()
            connection = CallConnection(
                id=connection_id,
                created_at=now,
                token="",
                properties=properties,
                active_at=now,
                platform="IPCAM",
            )
            stream = Stream(stream_id, now, options, endpoint.id, endpoint.pass_through)
            most = self._rooms.settings().most_participants
            await self._rooms.keep_endpoint(
                session_id,
                media,
                endpoint.id,
                EndpointTrace(stream_id, "", ""),
                lambda call: changes.join_and_publish(call, connection, stream, most=most),
            )
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._rooms.unplace(session_id)
            raise
        if not camera.only_play_with_subscribers:
            await self._media.play(media, endpoint.id, is_on=True)
        return self.call(session_id).connections[connection_id]
