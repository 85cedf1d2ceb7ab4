"""Calls: what the REST API and browsers ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
import orjson

from mediafleet.domain import call_changes as changes
from mediafleet.domain import calls as values
from mediafleet.domain.call_errors import (
    CameraError,
    FilterError,
    ForbiddenError,
    InvalidMessageError,
    InvalidMetadataError,
    SessionBusyError,
    SessionNotActiveError,
    StreamNotFoundError,
    UnknownReceiverError,
)
from mediafleet.domain.calls import (
    ANY_CODEC,
    Call,
    CallConnection,
    CallSession,
    Filter,
    MediaOptions,
    Reason,
    Role,
    Stream,
    Subscription,
)
from mediafleet.domain.media import Endpoint, EndpointRequest
from mediafleet.domain.sdp import force_codec
from mediafleet.services.rooms import EndpointTrace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from random import Random

    from mediafleet.domain.call_changes import Change
    from mediafleet.domain.calls import (
        CallMedia,
        Camera,
        ConnectionProperties,
        SessionProperties,
    )
    from mediafleet.domain.media import IceCandidate, Media
    from mediafleet.domain.ports import Clock
    from mediafleet.services.rooms import Rooms

MAX_METADATA = 10_000
"""Characters of the data that a browser passes to the others."""


class Calls:
    """What the REST API and browsers may do with calls.

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

    # The REST API

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
        """End a session; its browsers are told.

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
        """End a connection; its browser is told. The token of a pending one becomes invalid.

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
        """End a published stream; everybody is told.

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
            return changes.unpublish(call, owner.id, reason, at=at, tells_owner=True)

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
        self._rooms.tell(changes.signal(call, receivers, params).notifications)

    # Browsers

    async def join(
        self,
        session_id: str,
        token: str,
        *,
        rpc_session: str,
        platform: str,
        metadata: str,
        ip: str,
    ) -> tuple[Call, CallConnection]:
        """Join with a token; the first one makes the session active on a Media Node.

        A join that fails for the Media Nodes leaves the token as it was.

        Returns:
            The call after the join, and the connection.

        Raises:
            SessionNotFoundError: There is no such session.
            InvalidTokenError: The token is unknown or used.
            InvalidMetadataError: The metadata is too long.
            NoMediaNodeError: No Media Node can host the session.
            SessionBusyError: The first join takes too long.
            TooManySessionsError: The session is full.
        """
        if len(metadata) > MAX_METADATA:
            raise InvalidMetadataError(f"they have more than {MAX_METADATA} characters")
        room = self._rooms.room(session_id)
        changes.pending_connection(room.call, token)
        media = await self._rooms.place(room)

        def decide(call: Call) -> Change:
            if call.session.media != media:
                raise SessionBusyError(session_id)
            joined = replace(
                changes.pending_connection(call, token),
                active_at=self._clock.now(),
                rpc_session=rpc_session,
                platform=platform,
                client_data=metadata,
                ip=ip,
            )
            return changes.join(call, joined, most=self._rooms.settings().most_participants)

        connection_id = changes.pending_connection(room.call, token).id
        try:
            call = await self._rooms.change(session_id, decide)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._rooms.unplace(session_id)
            raise
        call = call or self.call(session_id)
        return call, call.connections[connection_id]

    async def leave(self, session_id: str, connection_id: str, reason: Reason) -> None:
        """End a connection on the wish of its browser, or because it is lost.

        Raises:
            SessionNotFoundError: There is no such session.
            ConnectionNotFoundError: There is no such connection.
        """
        at = self._clock.now()
        await self._rooms.change(
            session_id, lambda call: changes.leave(call, connection_id, reason, at=at)
        )

    async def publish(
        self,
        session_id: str,
        connection_id: str,
        offer: str,
        options: MediaOptions,
        *,
        loops_back: bool = False,
        filter_: tuple[str, str] | None = None,
    ) -> tuple[Stream, str]:
        """Publish a stream.

        Returns:
            The stream, and the media server's answer.

        Raises:
            ForbiddenError: The role is SUBSCRIBER.
            AlreadyPublishingError: It publishes a stream already.
            CodecError: The offer lacks the codec that the session requires.
            MediaFailureError: The media server could not do it.
            UnreachableMediaServerError: The media server does not answer.
            CallError: The session or the connection is gone.
        """
        call, connection = self._active(session_id, connection_id)
        _require(connection, {Role.PUBLISHER, Role.MODERATOR}, "publish")
        if connection.stream is not None:
            changes.publish(call, connection_id, connection.stream)
        media = _media(call)
        stream_id = values.stream_id(self._random, options, connection_id)
        request = self._request(call, connection, stream_id, offer)
        endpoint = await self._media.create_publisher(media, request, loops_back=loops_back)
        stream = Stream(
            id=stream_id,
            created_at=self._clock.now(),
            media=options,
            endpoint=endpoint.id,
            pass_through=endpoint.pass_through,
            loops_back=loops_back,
        )
        await self._keep(
            session_id,
            media,
            endpoint,
            request,
            lambda call: changes.publish(call, connection_id, stream),
        )
        if filter_ is not None:
            await self.apply_filter(session_id, connection_id, stream_id, *filter_)
        return stream, endpoint.sdp_answer

    async def subscribe(
        self, session_id: str, connection_id: str, stream_id: str, offer: str
    ) -> str:
        """Receive a stream; return the media server's answer.

        Raises:
            StreamNotFoundError: Nobody else publishes it.
            CallError: As in :meth:`publish`.
            UnreachableMediaServerError: The media server does not answer.
        """
        call, connection = self._active(session_id, connection_id)
        sender, stream = changes.published_stream(call, stream_id)
        if sender.id == connection_id:
            raise StreamNotFoundError(session_id, stream_id)
        media = _media(call)
        request = self._request(call, connection, f"{connection_id}_{stream_id}", offer)
        endpoint = await self._media.create_subscriber(media, request, stream.pass_through)
        subscription = Subscription(stream_id, sender.id, self._clock.now(), endpoint.id)
        await self._keep(
            session_id,
            media,
            endpoint,
            request,
            lambda call: changes.subscribe(call, connection_id, subscription),
        )
        return endpoint.sdp_answer

    async def unsubscribe(self, session_id: str, connection_id: str, sender_id: str) -> None:
        """Receive the stream of a connection no more.

        Raises:
            ConnectionNotFoundError: It is not received.
            SessionNotFoundError: The session is gone.
        """
        at = self._clock.now()
        await self._rooms.change(
            session_id, lambda call: changes.unsubscribe(call, connection_id, sender_id, at=at)
        )

    async def unpublish(self, session_id: str, connection_id: str) -> None:
        """End the own stream.

        Raises:
            StreamNotFoundError: It publishes none.
            CallError: The session or the connection is gone.
        """
        at = self._clock.now()
        await self._rooms.change(
            session_id,
            lambda call: changes.unpublish(
                call, connection_id, Reason.UNPUBLISH, at=at, tells_owner=False
            ),
        )

    async def reconnect_stream(
        self, session_id: str, connection_id: str, stream_id: str, offer: str
    ) -> str:
        """Connect a stream, the own or a received one, through a new endpoint; return the answer.

        Raises:
            StreamNotFoundError: It is neither published nor received by this connection.
            CallError: As in :meth:`publish`.
            UnreachableMediaServerError: The media server does not answer.
        """
        call, connection = self._active(session_id, connection_id)
        stream = connection.stream
        if stream is None or stream.id != stream_id:
            return await self.subscribe(session_id, connection_id, stream_id, offer)
        media = _media(call)
        request = self._request(call, connection, stream_id, offer)
        endpoint = await self._media.replace_publisher(
            media,
            request,
            Endpoint(stream.endpoint, stream.pass_through),
            loops_back=stream.loops_back,
            filter_element="" if stream.filter is None else stream.filter.element,
        )
        await self._keep(
            session_id,
            media,
            endpoint,
            request,
            lambda call: changes.replace_publisher(
                call, connection_id, endpoint.id, endpoint.pass_through
            ),
        )
        return endpoint.sdp_answer

    def add_candidate(
        self, session_id: str, connection_id: str, sender_id: str, candidate: IceCandidate
    ) -> None:
        """Give the media server a candidate of a browser; nobody waits for the answer.

        Args:
            session_id: Of the session.
            connection_id: Of the browser.
            sender_id: Connection whose stream it is for; the own one for the published stream.
            candidate: For the endpoint.

        Raises:
            CallError: The session or the connection is gone.
        """
        room = self._rooms.room(session_id)
        connection = changes.active_connection(room.call, connection_id)
        endpoints = [
            each.endpoint
            for each in connection.subscriptions.values()
            if each.sender_id == sender_id
        ]
        if sender_id == connection_id and connection.stream is not None:
            endpoints = [connection.stream.endpoint]
        media = room.call.session.media
        for endpoint in filter(None, endpoints):
            if (trace := room.traces.get(endpoint)) is not None:
                trace.received.append(candidate)
            if media is not None:
                self._media.add_candidate(media, endpoint, candidate)

    def send_message(self, session_id: str, connection_id: str, message: str) -> None:
        """Pass a browser's message on.

        Raises:
            InvalidMessageError: It is no JSON object, or a member has another type.
            UnknownReceiverError: A receiver is no connection of the session.
            CallError: The session or the connection is gone.
        """
        self._active(session_id, connection_id)
        try:
            given = orjson.loads(message)
        except orjson.JSONDecodeError:
            raise InvalidMessageError("it is no JSON") from None
        if not isinstance(given, dict):
            raise InvalidMessageError("it is no JSON object")
        to = given.get("to") or []
        if not isinstance(to, list) or not all(isinstance(each, str) for each in to):
            raise UnknownReceiverError("`to` is no array of ids of connections")
        texts = {key: given[key] for key in ("data", "type") if isinstance(given.get(key), str)}
        self.signal(session_id, to, texts, sender=connection_id)

    async def change_stream_property(
        self,
        session_id: str,
        connection_id: str,
        name: str,
        value: bool | str,  # noqa: FBT001 - as browsers send it
        reason: str,
    ) -> None:
        """Tell the others that the own stream has another property.

        Raises:
            StreamNotFoundError: It publishes none.
            CallError: The session or the connection is gone.
        """
        await self._rooms.change(
            session_id,
            lambda call: changes.change_media_options(call, connection_id, name, value, reason),
        )

    async def force_disconnect(self, session_id: str, connection_id: str, target_id: str) -> None:
        """End the connection of another browser, as a moderator.

        Raises:
            ForbiddenError: It is no moderator.
            ConnectionNotFoundError: There is no such connection.
            SessionNotFoundError: The session is gone.
        """
        call, connection = self._active(session_id, connection_id)
        _require(connection, {Role.MODERATOR}, "disconnect others")
        changes.active_connection(call, target_id)
        await self.disconnect(session_id, target_id, Reason.FORCE_DISCONNECT_BY_USER)

    async def force_unpublish(self, session_id: str, connection_id: str, stream_id: str) -> None:
        """End the stream of another browser, as a moderator.

        Raises:
            ForbiddenError: It is no moderator.
            StreamNotFoundError: There is no such stream.
            CameraError: It is that of a camera.
            SessionNotFoundError: The session is gone.
        """
        _, connection = self._active(session_id, connection_id)
        _require(connection, {Role.MODERATOR}, "unpublish streams of others")
        await self.end_stream(session_id, stream_id, Reason.FORCE_UNPUBLISH_BY_USER)

    async def apply_filter(
        self, session_id: str, connection_id: str, stream_id: str, type_: str, options: str
    ) -> None:
        """Apply a filter to a stream: as a moderator, or to the own one if its type is allowed.

        Raises:
            ForbiddenError: Neither holds.
            FilterError: The options are no JSON object, or the media server refuses them.
            FilterExistsError: The stream has a filter.
            CallError: The session, connection or stream is gone.
            UnreachableMediaServerError: The media server does not answer.
        """
        call, stream = self._filterable(session_id, connection_id, stream_id, type_)
        parsed = _json_object(options)
        wanted = Filter(type_, orjson.dumps(parsed).decode())
        changes.change_filter(call, stream_id, wanted, by=connection_id, replaces=False)
        media, ends = _media(call), Endpoint(stream.endpoint, stream.pass_through)
        element = await self._media.apply_filter(media, ends, type_, parsed)
        applied = replace(wanted, element=element)
        try:
            await self._rooms.change(
                session_id,
                lambda call: changes.change_filter(
                    call, stream_id, applied, by=connection_id, replaces=False
                ),
            )
        except BaseException:
            self._media.release(media, [element])
            raise

    async def remove_filter(self, session_id: str, connection_id: str, stream_id: str) -> None:
        """Remove the filter of a stream.

        Raises:
            ForbiddenError: It is no moderator, and not its own with an allowed filter.
            FilterError: The stream has none.
            CallError: The session, connection or stream is gone.
            UnreachableMediaServerError: The media server does not answer.
        """
        call, stream, applied = self._filtered(session_id, connection_id, stream_id)
        ends = Endpoint(stream.endpoint, stream.pass_through)
        await self._media.remove_filter(_media(call), ends, applied.element)
        await self._rooms.change(
            session_id,
            lambda call: changes.change_filter(
                call, stream_id, None, by=connection_id, replaces=True
            ),
        )

    async def exec_filter_method(
        self, session_id: str, connection_id: str, stream_id: str, method: str, params: str
    ) -> None:
        """Execute a method of the filter of a stream.

        Raises:
            FilterError: The stream has none, the parameters are no JSON object, or the media
                server refuses them.
            CallError: As in :meth:`remove_filter`.
            UnreachableMediaServerError: The media server does not answer.
        """
        call, _, applied = self._filtered(session_id, connection_id, stream_id)
        parsed = _json_object(params)
        await self._media.invoke_filter(_media(call), applied.element, method, parsed)
        called = replace(applied, last_method=(method, orjson.dumps(parsed).decode()))
        await self._rooms.change(
            session_id,
            lambda call: changes.change_filter(
                call, stream_id, called, by=connection_id, replaces=True
            ),
        )

    async def listen_to_filter(
        self,
        session_id: str,
        connection_id: str,
        stream_id: str,
        event_type: str,
        *,
        is_on: bool,
    ) -> None:
        """Hear a type of events of a stream's filter, or hear it no more.

        Raises:
            CallError: As in :meth:`remove_filter`.
            UnreachableMediaServerError: The media server does not answer.
        """
        call, _, applied = self._filtered(session_id, connection_id, stream_id)
        if is_on:
            await self._media.listen_to_filter(_media(call), applied.element, event_type)
        await self._rooms.change(
            session_id,
            lambda call: changes.listen_to_filter(
                call, stream_id, (connection_id, event_type), is_on=is_on
            ),
        )

    # Within

    async def _create_camera(
        self, session_id: str, properties: ConnectionProperties, camera: Camera
    ) -> CallConnection:
        room = self._rooms.room(session_id)
        media = await self._rooms.place(room)
        connection_id = values.camera_id(self._random, camera.rtsp_uri)
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

    def _active(self, session_id: str, connection_id: str) -> tuple[Call, CallConnection]:
        call = self.call(session_id)
        return call, changes.active_connection(call, connection_id)

    def _request(
        self, call: Call, connection: CallConnection, name: str, offer: str
    ) -> EndpointRequest:
        properties, settings = call.session.properties, self._rooms.settings()
        codec = properties.forced_video_codec
        if codec != ANY_CODEC:
            offer = force_codec(offer, codec, allows_others=properties.allow_transcoding)
        bandwidths, own = settings.bandwidths, connection.properties.kurento_options
        if own is not None:
            given = {
                "max_recv": own.video_max_recv_bandwidth,
                "min_recv": own.video_min_recv_bandwidth,
                "max_send": own.video_max_send_bandwidth,
                "min_send": own.video_min_send_bandwidth,
            }
            bandwidths = replace(
                bandwidths, **{key: kbps for key, kbps in given.items() if kbps is not None}
            )
        return EndpointRequest(name, offer, bandwidths, settings.ice)

    async def _keep(
        self,
        session_id: str,
        media: CallMedia,
        endpoint: Endpoint,
        request: EndpointRequest,
        decide: Callable[[Call], Change],
    ) -> None:
        trace = EndpointTrace(request.name, request.sdp_offer, endpoint.sdp_answer)
        await self._rooms.keep_endpoint(session_id, media, endpoint.id, trace, decide)

    def _filterable(
        self, session_id: str, connection_id: str, stream_id: str, type_: str
    ) -> tuple[Call, Stream]:
        call, connection = self._active(session_id, connection_id)
        owner, stream = changes.published_stream(call, stream_id)
        options = connection.properties.kurento_options
        is_allowed = (
            owner.id == connection_id and options is not None and type_ in options.allowed_filters
        )
        if not is_allowed:
            _require(connection, {Role.MODERATOR}, f"apply the filter {type_[:100]}")
        return call, stream

    def _filtered(
        self, session_id: str, connection_id: str, stream_id: str
    ) -> tuple[Call, Stream, Filter]:
        call, _ = self._active(session_id, connection_id)
        _, stream = changes.published_stream(call, stream_id)
        if stream.filter is None:
            raise FilterError("The stream has no filter")
        self._filterable(session_id, connection_id, stream_id, stream.filter.type)
        return call, stream, stream.filter


def _require(connection: CallConnection, roles: Collection[Role], what: str) -> None:
    if connection.properties.role not in roles:
        raise ForbiddenError(what)


def _media(call: Call) -> CallMedia:
    media = call.session.media
    if media is None:
        raise SessionNotActiveError(call.id)
    return media


def _json_object(text: str) -> dict[str, Any]:
    try:
        parsed = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        raise FilterError("The options of the filter are no JSON") from None
    if not isinstance(parsed, dict):
        raise FilterError("The options of the filter are no JSON object")
    return parsed
