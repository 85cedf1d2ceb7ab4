"""What browsers may do in sessions of calls."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
import orjson

from mediafleet.domain import call_changes as changes
from mediafleet.domain import calls as values
from mediafleet.domain.call_errors import (
    AlreadyPublishingError,
    CallError,
    InvalidMessageError,
    InvalidMetadataError,
    SessionBusyError,
    StreamNotFoundError,
    UnknownReceiverError,
)
from mediafleet.domain.calls import (
    ANY_CODEC,
    Call,
    CallConnection,
    MediaOptions,
    Reason,
    Role,
    Stream,
    Subscription,
)
from mediafleet.domain.errors import MediafleetError
from mediafleet.domain.media import Endpoint, EndpointRequest, IceSettings
from mediafleet.domain.sdp import force_codec
from mediafleet.services.call_filters import CallFilters, media_of, require_role
from mediafleet.services.media_reports import EndpointTrace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from mediafleet.clock import Clock
    from mediafleet.domain.call_changes import Change
    from mediafleet.domain.calls import (
        CallMedia,
    )
    from mediafleet.domain.media import IceCandidate, Media
    from mediafleet.services.calls import Calls
    from mediafleet.services.rooms import Rooms

MAX_METADATA = 10_000
"""Characters of the data that a browser passes to the others."""


class Participants:
    """Joins, streams and messages of browsers.

    Args:
        calls: What applications may do, and moderators too.
        filters: Of streams.
        rooms: The calls in memory.
        media: The media objects.
        clock: The only source of time.
        random: For ids.
    """

    def __init__(
        self,
        calls: Calls,
        filters: CallFilters,
        rooms: Rooms,
        media: Media,
        *,
        clock: Clock,
        random: Random,
    ) -> None:
        self._calls = calls
        self._filters = filters
        self._rooms = rooms
        self._media = media
        self._clock = clock
        self._random = random

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
        connection_id = changes.pending_connection(room.call, token).id
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

        try:
            call = await self._rooms.change(session_id, decide)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._rooms.unplace(session_id)
            raise
        call = call or self._calls.call(session_id)
        return call, call.connections[connection_id]

    def turn_server(self, connection_id: str) -> Mapping[str, Any]:
        """The TURN server for a browser, as SDKs of 2.22 and later get it; empty without one."""
        turn = self._rooms.settings().turn
        if turn is None:
            return {}
        shown: dict[str, Any] = {"coturnIp": turn.host, "coturnPort": turn.port}
        credentials = turn.credentials(connection_id, at=self._clock.now())
        if credentials is not None:
            shown["turnUsername"], shown["turnCredential"] = credentials
        return shown

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
        require_role(connection, {Role.PUBLISHER, Role.MODERATOR}, "publish")
        if connection.stream is not None:
            raise AlreadyPublishingError
        media = media_of(call)
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
            try:
                await self._filters.apply_filter(session_id, connection_id, stream_id, *filter_)
            except MediafleetError:
                with suppress(CallError):  # it has ended meanwhile
                    await self.unpublish(session_id, connection_id)
                raise
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
        media = media_of(call)
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
                call, connection_id, Reason.UNPUBLISH, at=at, to_owner=False
            ),
        )

    async def reconnect_stream(
        self, session_id: str, connection_id: str, stream_id: str, offer: str
    ) -> tuple[Stream | None, str]:
        """Connect a stream, the own or a received one, through a new endpoint.

        Returns:
            The stream if it is the own, and the media server's answer.

        Raises:
            StreamNotFoundError: It is neither published nor received by this connection.
            CallError: As in :meth:`publish`.
            UnreachableMediaServerError: The media server does not answer.
        """
        call, connection = self._active(session_id, connection_id)
        stream = connection.stream
        if stream is None or stream.id != stream_id:
            return None, await self.subscribe(session_id, connection_id, stream_id, offer)
        media = media_of(call)
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
        return stream, endpoint.sdp_answer

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
        self._calls.signal(session_id, to, texts, sender=connection_id)

    async def change_stream_property(
        self,
        session_id: str,
        connection_id: str,
        name: str,
        value: bool | str | Mapping[str, Any],  # noqa: FBT001 - as browsers send it
        reason: str,
    ) -> None:
        """Notify the others that the own stream has another property.

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
        require_role(connection, {Role.MODERATOR}, "disconnect others")
        changes.active_connection(call, target_id)
        await self._calls.disconnect(session_id, target_id, Reason.FORCE_DISCONNECT_BY_USER)

    async def force_unpublish(self, session_id: str, connection_id: str, stream_id: str) -> None:
        """End the stream of another browser, as a moderator.

        Raises:
            ForbiddenError: It is no moderator.
            StreamNotFoundError: There is no such stream.
            CameraError: It is that of a camera.
            SessionNotFoundError: The session is gone.
        """
        _, connection = self._active(session_id, connection_id)
        require_role(connection, {Role.MODERATOR}, "unpublish streams of others")
        await self._calls.end_stream(session_id, stream_id, Reason.FORCE_UNPUBLISH_BY_USER)

    def _active(self, session_id: str, connection_id: str) -> tuple[Call, CallConnection]:
        call = self._calls.call(session_id)
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
        stun = None if settings.turn is None else (settings.turn.host, settings.turn.port)
        return EndpointRequest(name, offer, bandwidths, IceSettings(stun))

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
