"""The methods of `openrpc.yaml`: one for each, named after it, over the services."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from mediafleet.domain.call_errors import InvalidTokenError, SessionNotFoundError
from mediafleet.domain.call_notifications import participant, stream_options
from mediafleet.domain.calls import MediaOptions, Reason
from mediafleet.domain.errors import NotFoundError
from mediafleet.domain.formats import to_milliseconds
from mediafleet.domain.media import IceCandidate
from mediafleet.signalling.frames import Code, RpcError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mediafleet.domain.calls import Call, CallConnection
    from mediafleet.services.call_filters import CallFilters
    from mediafleet.services.participants import Participants
    from mediafleet.signalling.frames import Request
    from mediafleet.signalling.rpc_sessions import RpcSession, RpcSessions

VERSION: Final = "2.32.1"
"""Of the OpenVidu server that SDKs are to see: they compare it with their own, and log a warning
if it is older."""
_LONGEST_PING_S, _SHORTEST_PING_S = 60.0, 1.0

Json: TypeAlias = "Mapping[str, Any]"
NOTHING: Final[Json] = {}


class Methods:
    """What browsers call; their parameters were checked by the contract.

    Args:
        participants: What browsers may do.
        filters: On streams.
        sessions: The browsers.
    """

    def __init__(
        self, participants: Participants, filters: CallFilters, sessions: RpcSessions
    ) -> None:
        self._participants = participants
        self._filters = filters
        self._sessions = sessions
        self._immediate: dict[str, Callable[[RpcSession, Json], Json]] = {
            "ping": _ping,
            "connect": self._connect,
            "echo": lambda *_: NOTHING,
            "videoData": lambda *_: NOTHING,
            "onIceCandidate": self._on_ice_candidate,
            "subscribeToSpeechToText": _refuse,
            "unsubscribeFromSpeechToText": _refuse,
        }
        self._queued: dict[str, Callable[[tuple[str, str], Json], Awaitable[Json | None]]] = {
            "publishVideo": self._publish_video,
            "unpublishVideo": self._unpublish_video,
            "receiveVideoFrom": self._receive_video_from,
            "unsubscribeFromVideo": self._unsubscribe_from_video,
            "reconnectStream": self._reconnect_stream,
            "sendMessage": self._send_message,
            "streamPropertyChanged": self._stream_property_changed,
            "forceDisconnect": self._force_disconnect,
            "forceUnpublish": self._force_unpublish,
            "applyFilter": self._apply_filter,
            "removeFilter": self._remove_filter,
            "execFilterMethod": self._exec_filter_method,
            "addFilterEventListener": partial(self._listen_to_filter, is_on=True),
            "removeFilterEventListener": partial(self._listen_to_filter, is_on=False),
        }

    def immediate(self, method: str) -> Callable[[RpcSession, Json], Json] | None:
        """Return the handler of a method that waits for nothing, if it is one."""
        return self._immediate.get(method)

    async def handle(self, session: RpcSession, request: Request) -> Json:
        """Handle a request; return the result.

        Raises:
            RpcError: It is refused.
            MediafleetError: It failed.
        """
        match request.method:
            case "joinRoom":
                return await self._join_room(session, request.params)
            case "leaveRoom":
                await self._leave_room(session)
                return NOTHING
            case "closeSession":
                if session.joined is not None:
                    await self._leave_room(session)
                return {"value": "bye"}
        handle = self._queued[request.method]
        return await handle(_joined(session), request.params) or NOTHING

    def add_candidate(self, session: RpcSession, endpoint: str, candidate: IceCandidate) -> None:
        """Pass a candidate on.

        Raises:
            RpcError: The browser has not joined.
            CallError: The connection is gone.
        """
        self._participants.add_candidate(*_joined(session), endpoint, candidate)

    async def leave(self, session: RpcSession) -> None:
        """End the connection of a browser that is lost; nothing if it has ended.

        Raises:
            MediafleetError: It was not done.
        """
        if session.joined is not None:
            try:
                await self._participants.leave(*session.joined, Reason.NETWORK_DISCONNECT)
            except NotFoundError:
                return

    # The session

    def _connect(self, session: RpcSession, params: Json) -> Json:
        self._sessions.connect(session, params["sessionId"])
        return {"value": "reconnection successful"}

    async def _join_room(self, session: RpcSession, params: Json) -> Json:
        socket = session.socket
        if session.joined is not None or socket is None:
            raise RpcError(Code.ALREADY_JOINED, "This browser has joined a session already")
        session_id, token = parse_token(params["token"], params.get("session", ""))
        try:
            call, connection = await self._participants.join(
                session_id,
                token,
                rpc_session=session.id,
                platform=params.get("platform", ""),
                metadata=params.get("metadata", ""),
                ip=socket.ip,
            )
        except (SessionNotFoundError, InvalidTokenError):
            await socket.note_wrong_token()
            raise
        session.has_joined = True
        session.joined = call.id, connection.id
        if session.is_over:  # it was given up meanwhile
            await self.leave(session)
        socket.note_joined()
        turn = self._participants.turn_server(connection.id)
        return {**_joined_result(call, connection), **turn}

    async def _leave_room(self, session: RpcSession) -> None:
        ids = _joined(session)
        session.is_leaving = True
        try:
            await self._participants.leave(*ids, Reason.DISCONNECT)
        finally:
            session.is_leaving = False
        session.joined = None
        if session.socket is not None:
            session.socket.note_left()

    async def _force_disconnect(self, ids: tuple[str, str], params: Json) -> None:
        await self._participants.force_disconnect(*ids, params["connectionId"])

    async def _send_message(self, ids: tuple[str, str], params: Json) -> None:
        self._participants.send_message(*ids, params["message"])

    # Streams

    async def _publish_video(self, ids: tuple[str, str], params: Json) -> Json:
        wanted = params.get("filter")
        stream, answer = await self._participants.publish(
            *ids,
            params["sdpOffer"],
            _media_options(params),
            loops_back=params.get("doLoopback", False),
            filter_=None
            if wanted is None
            else (wanted["type"], orjson.dumps(wanted.get("options") or {}).decode()),
        )
        created_at = to_milliseconds(stream.created_at)
        return {"sdpAnswer": answer, "id": stream.id, "createdAt": created_at}

    async def _unpublish_video(self, ids: tuple[str, str], _: Json) -> None:
        await self._participants.unpublish(*ids)

    async def _force_unpublish(self, ids: tuple[str, str], params: Json) -> None:
        await self._participants.force_unpublish(*ids, params["streamId"])

    async def _receive_video_from(self, ids: tuple[str, str], params: Json) -> Json:
        answer = await self._participants.subscribe(*ids, params["sender"], params["sdpOffer"])
        return {"sdpAnswer": answer}

    async def _unsubscribe_from_video(self, ids: tuple[str, str], params: Json) -> None:
        await self._participants.unsubscribe(*ids, params["sender"])

    async def _reconnect_stream(self, ids: tuple[str, str], params: Json) -> Json:
        offer = params.get("sdpOffer") or params.get("sdpString")
        if offer is None:
            raise RpcError(Code.INVALID_PARAMS, "params: property 'sdpOffer' is missing")
        own, answer = await self._participants.reconnect_stream(*ids, params["stream"], offer)
        if own is None:
            return {"sdpAnswer": answer}
        created_at = to_milliseconds(own.created_at)
        return {"sdpAnswer": answer, "id": own.id, "createdAt": created_at}

    def _on_ice_candidate(self, session: RpcSession, params: Json) -> Json:
        _joined(session)
        if params["candidate"]:  # an empty one says that there are no more
            candidate = IceCandidate(
                params["candidate"], params.get("sdpMid", ""), params.get("sdpMLineIndex", 0)
            )
            self._sessions.add_candidate(session, params["endpointName"], candidate)
        return NOTHING

    async def _stream_property_changed(self, ids: tuple[str, str], params: Json) -> None:
        name, value = params["property"], params["newValue"]
        if name == "videoDimensions":
            value = _video_dimensions(value, "newValue")
        elif name.endswith("Track") is not isinstance(value, dict):
            raise RpcError(Code.INVALID_PARAMS, f"params/newValue: does not fit {name}")
        elif isinstance(value, str):
            value = value == "true"
        await self._participants.change_stream_property(*ids, name, value, params.get("reason", ""))

    # Filters

    async def _apply_filter(self, ids: tuple[str, str], params: Json) -> None:
        options = params.get("options", "{}")
        await self._filters.apply_filter(*ids, params["streamId"], params["type"], options)

    async def _remove_filter(self, ids: tuple[str, str], params: Json) -> None:
        await self._filters.remove_filter(*ids, params["streamId"])

    async def _exec_filter_method(self, ids: tuple[str, str], params: Json) -> None:
        given = params.get("params", "{}")
        await self._filters.exec_filter_method(*ids, params["streamId"], params["method"], given)

    async def _listen_to_filter(self, ids: tuple[str, str], params: Json, *, is_on: bool) -> None:
        stream_id, event_type = params["streamId"], params["eventType"]
        await self._filters.listen_to_filter(*ids, stream_id, event_type, is_on=is_on)


def parse_token(text: str, session_id: str = "") -> tuple[str, str]:
    """Read ids of session and token from the URL that a token is; a token alone is one too.

    SDKs do not encode the query as forms are, so it is only split.

    Args:
        text: Such as ``wss://localhost:4443?sessionId=ses_A1&token=tok_B2&role=PUBLISHER``.
        session_id: Counts if the URL has none.
    """
    _, found, query = text.partition("?")
    if not found:
        return session_id, text
    parts = [part.partition("=") for part in query.split("&")]
    members = {name: value for name, _, value in parts}
    return members.get("sessionId") or session_id, members.get("token", "")


def _joined(session: RpcSession) -> tuple[str, str]:
    if session.joined is None:
        raise RpcError(Code.NOT_JOINED, "This browser has joined no session; joinRoom comes first")
    return session.joined


def _ping(session: RpcSession, params: Json) -> Json:
    if session.socket is not None:
        interval = params.get("interval")
        seconds = None if interval is None else interval / 1000
        if seconds is not None:
            seconds = min(max(seconds, _SHORTEST_PING_S), _LONGEST_PING_S)
        session.socket.note_ping(seconds)
    return {"value": "pong"}


def _refuse(_: RpcSession, __: Json) -> Json:
    raise RpcError(Code.NOT_IN_THIS_EDITION, "This server has no speech to text")


def _joined_result(call: Call, connection: CallConnection) -> Json:
    """Return what all SDKs need: those of 2.15 take the role from the token, others from here."""
    others = [
        {**participant(each), "streams": [stream_options(each.stream)]}
        if each.stream is not None
        else participant(each)
        for each in call.active
        if each.id != connection.id
    ]
    servers = [
        {
            key: value
            for key, value in (
                ("url", each.url),
                ("username", each.username),
                ("credential", each.credential),
            )
            if value is not None
        }
        for each in connection.properties.custom_ice_servers
    ]
    return {
        **participant(connection),
        "value": others,
        "finalUserId": connection.id,
        "session": call.id,
        "version": VERSION,
        "mediaServer": "kurento",
        "videoSimulcast": False,
        "record": connection.properties.record,
        "role": connection.properties.role,
        "customIceServers": servers,
    }


def _media_options(params: Json) -> MediaOptions:
    has_audio, has_video = params["hasAudio"], params["hasVideo"]
    frame_rate = params.get("frameRate", -1)
    dimensions = params.get("videoDimensions")
    return MediaOptions(
        has_audio=has_audio,
        has_video=has_video,
        audio_active=params.get("audioActive", has_audio),
        video_active=params.get("videoActive", has_video),
        type_of_video=params.get("typeOfVideo") or ("CAMERA" if has_video else ""),
        frame_rate=int(frame_rate) if frame_rate >= 0 else None,
        video_dimensions=_video_dimensions(dimensions, "videoDimensions") if dimensions else None,
    )


def _video_dimensions(text: Any, name: str) -> str:  # noqa: ANN401 - what a browser sent
    """Check what other browsers will read as JSON.

    Raises:
        RpcError: It is no JSON text of an object.
    """
    try:
        if isinstance(text, str) and isinstance(orjson.loads(text), dict):
            return text
    except orjson.JSONDecodeError:
        pass
    raise RpcError(Code.INVALID_PARAMS, f"params/{name}: must be JSON text of an object")
