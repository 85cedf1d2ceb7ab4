"""Calls to the JSON of both families of paths, and back.

OpenVidu 2.15 has sessions below ``/api``, 2.16 and later below ``/openvidu/api``, with more members
and with connections that nobody has joined yet. Names and nulls are those of OpenVidu.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from mediafleet.api.wire import listing
from mediafleet.domain.call_events import LOCATION
from mediafleet.domain.calls import (
    Camera,
    ConnectionProperties,
    ConnectionType,
    IceServer,
    KurentoOptions,
    RecordingProperties,
    Role,
    SessionProperties,
)
from mediafleet.domain.errors import InvalidRequestError
from mediafleet.domain.formats import to_milliseconds
from mediafleet.domain.turn import credentials

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mediafleet.api.wire import Json
    from mediafleet.domain.calls import Call, CallConnection, Filter, MediaOptions
    from mediafleet.domain.media import IceCandidate
    from mediafleet.services.media_reports import EndpointTrace

SDK_VERSION = "2.15.0"
"""In tokens; browsers compare it with their own, and only log a difference."""
_INDIVIDUAL, _CUSTOM = "INDIVIDUAL", "CUSTOM"
_RESOLUTION = "1280x720"
_SCHEMES = {"rtsp", "rtsps", "http", "https"}
_EARLY_SCHEMES = {"rtsp"}
_BANDWIDTHS = {
    "videoMaxRecvBandwidth": "video_max_recv_bandwidth",
    "videoMinRecvBandwidth": "video_min_recv_bandwidth",
    "videoMaxSendBandwidth": "video_max_send_bandwidth",
    "videoMinSendBandwidth": "video_min_send_bandwidth",
}
_RECORDING = {
    "name": "name",
    "hasAudio": "has_audio",
    "hasVideo": "has_video",
    "outputMode": "output_mode",
    "recordingLayout": "recording_layout",
    "resolution": "resolution",
    "frameRate": "frame_rate",
    "shmSize": "shm_size",
    "customLayout": "custom_layout",
    "ignoreFailedStreams": "ignore_failed_streams",
}


class InvalidMemberError(InvalidRequestError):
    """A member of a request's body breaks a rule that the schema of the body does not say."""


# Requests


def session_properties(body: Mapping[str, Any], defaults: SessionProperties) -> SessionProperties:
    """What a client wants of a session; the members of both families.

    Args:
        body: Of its request.
        defaults: Where the body says nothing.

    Raises:
        InvalidMemberError: The Media Node has no id.
    """
    given = _given(body)
    recording: dict[str, Any] = {
        name: given[key]
        for key, name in (
            ("defaultOutputMode", "output_mode"),
            ("defaultRecordingLayout", "recording_layout"),
            ("defaultCustomLayout", "custom_layout"),
        )
        if key in given
    }
    later = _given(given.get("defaultRecordingProperties", {}))
    recording |= {name: later[key] for key, name in _RECORDING.items() if key in later}
    properties: dict[str, Any] = {
        name: given[key]
        for key, name in (
            ("mediaMode", "media_mode"),
            ("recordingMode", "recording_mode"),
            ("customSessionId", "custom_session_id"),
            ("forcedVideoCodec", "forced_video_codec"),
            ("allowTranscoding", "allow_transcoding"),
        )
        if key in given
    }
    media_node = _media_node(given)
    return replace(
        defaults,
        **properties,
        recording=RecordingProperties(**recording),
        media_node=media_node,
    )


def _media_node(given: Mapping[str, Any]) -> str | None:
    if "mediaNode" not in given:
        return None
    node_id = given["mediaNode"].get("id")
    if not isinstance(node_id, str) or not node_id:
        raise InvalidMemberError("body/mediaNode: must have the id of a Media Node, as `id`")
    return node_id


def connection_properties(body: Mapping[str, Any], at: datetime) -> ConnectionProperties:
    """What a client wants of a connection or token, as OpenVidu 2.16 and later take it.

    Args:
        body: Of its request.
        at: When credentials of ICE servers begin to be valid.

    Raises:
        InvalidMemberError: A camera has no address, or one that nothing can be fetched from.
    """
    given = _given(body)
    kind = ConnectionType(given.get("type", ConnectionType.WEBRTC))
    camera = _camera(given, _SCHEMES) if kind is ConnectionType.IPCAM else None
    return ConnectionProperties(
        type=kind,
        role=Role(given.get("role", Role.PUBLISHER)),
        data=given.get("data", ""),
        record=given.get("record", True),
        kurento_options=_kurento_options(given.get("kurentoOptions")),
        custom_ice_servers=tuple(
            _ice_server(_given(each), at) for each in given.get("customIceServers", ())
        ),
        camera=camera,
    )


def camera_properties(body: Mapping[str, Any]) -> ConnectionProperties:
    """What a client wants of a camera, as OpenVidu 2.15 takes it.

    Raises:
        InvalidMemberError: Its address is none that a stream can be fetched from.
    """
    given = _given(body)
    camera = _camera(given, _EARLY_SCHEMES)
    return ConnectionProperties(
        type=ConnectionType.IPCAM, data=given.get("data", ""), camera=camera
    )


def _camera(given: Mapping[str, Any], schemes: Iterable[str]) -> Camera:
    uri = given.get("rtspUri", "")
    try:
        parts = urlsplit(uri)
        fits = bool(parts.hostname) if parts.scheme in schemes else parts.scheme == "file"
    except ValueError:
        fits = False
    if not fits or "://" not in uri:
        allowed = ", ".join(f"{each}://" for each in sorted({*schemes, "file"}))
        rule = f"must be an address that begins with one of {allowed} and has a host"
        raise InvalidMemberError(f"body/rtspUri: {rule}")
    return Camera(
        rtsp_uri=uri,
        adaptative_bitrate=given.get("adaptativeBitrate", True),
        only_play_with_subscribers=given.get("onlyPlayWithSubscribers", True),
        network_cache=given.get("networkCache", 2000),
    )


def _kurento_options(options: Mapping[str, Any] | None) -> KurentoOptions | None:
    if options is None:
        return None
    given = _given(options)
    bandwidths = {name: given[key] for key, name in _BANDWIDTHS.items() if key in given}
    return KurentoOptions(**bandwidths, allowed_filters=tuple(given.get("allowedFilters", ())))


def _ice_server(given: Mapping[str, Any], at: datetime) -> IceServer:
    url, secret = given["url"], given.get("staticAuthSecret")
    if secret and not {"username", "credential"} <= given.keys():
        return IceServer(url, *credentials(secret, "browser", at=at))
    return IceServer(url, given.get("username"), given.get("credential"))


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a body; null counts as absent."""
    return {key: value for key, value in body.items() if value is not None}


# Responses


def token_url(public_url: str, session_id: str, connection: CallConnection) -> str:
    """What a browser joins with: an address with the token in its query.

    Browsers split it at ``&`` and ``=``; ids and tokens have neither.
    """
    scheme, _, host = public_url.partition("://")
    role = connection.properties.role
    return (
        f"{'wss' if scheme == 'https' else 'ws'}://{host}?sessionId={session_id}&token={connection.token}"
        f"&role={role}&version={SDK_VERSION}"
    )


class SessionJson:
    """Makes the objects of one family.

    Args:
        public_url: The server's own address for browsers.
        traces: What was seen of media endpoints, by their ids; ``None``: it is not asked for.
    """

    def __init__(self, public_url: str, traces: Mapping[str, EndpointTrace] | None = None) -> None:
        self._public_url = public_url
        self._traces = traces

    # 2.15

    def early_session(self, call: Call) -> Json:
        """A session, as 2.15 shows it: without pending connections."""
        properties = call.session.properties
        content = [self.early_connection(call.id, each) for each in call.active]
        return {
            "sessionId": call.id,
            "createdAt": to_milliseconds(call.session.created_at),
            "mediaMode": properties.media_mode,
            "recordingMode": properties.recording_mode,
            **_recording_defaults(properties.recording),
            **(
                {"customSessionId": properties.custom_session_id}
                if properties.custom_session_id
                else {}
            ),
            "connections": listing(content),
            "recording": False,
        }

    def early_token(self, session_id: str, connection: CallConnection) -> Json:
        """A token, as 2.15 shows it."""
        token = token_url(self._public_url, session_id, connection)
        return {
            "id": token,
            "session": session_id,
            "role": connection.properties.role,
            "data": connection.properties.data,
            "token": token,
            **_echoed_options(connection),
        }

    def early_connection(self, session_id: str, connection: CallConnection) -> Json:
        """A participant, as 2.15 shows it."""
        token = {"token": token_url(self._public_url, session_id, connection)}
        return {
            "connectionId": connection.id,
            "createdAt": to_milliseconds(connection.active_at or connection.created_at),
            "location": LOCATION,
            "platform": connection.platform,
            **({} if connection.is_camera else token),
            "role": connection.properties.role,
            "serverData": connection.properties.data,
            "clientData": connection.client_data,
            "publishers": self._publishers(connection, is_early=True),
            "subscribers": self._subscribers(connection, is_early=True),
        }

    # 2.16 and later

    def session(self, call: Call, *, pending: bool = False) -> Json:
        """A session, as 2.16 and later show it."""
        properties, recording = call.session.properties, call.session.properties.recording
        shown = call.connections.values() if pending else call.active
        body: Json = {
            "id": call.id,
            "object": "session",
            "sessionId": call.id,
            "createdAt": to_milliseconds(call.session.created_at),
            "recording": False,
            "broadcasting": False,
            "mediaMode": properties.media_mode,
            "recordingMode": properties.recording_mode,
            **_recording_defaults(recording),
            "defaultRecordingProperties": {
                key: getattr(recording, name) for key, name in _RECORDING.items()
            }
            | {"resolution": recording.resolution or _RESOLUTION},
            "customSessionId": properties.custom_session_id,
            "forcedVideoCodec": properties.forced_video_codec,
            "allowTranscoding": properties.allow_transcoding,
            "connections": listing([self.connection(call.id, each) for each in shown]),
        }
        if call.node_id is not None:
            body["mediaNodeId"] = call.node_id
        if properties.media_node is not None:
            body["mediaNode"] = {"id": properties.media_node}
        return body

    def token(self, session_id: str, connection: CallConnection) -> Json:
        """A token, as 2.16 and later show it."""
        return {
            **self.early_token(session_id, connection),
            "createdAt": to_milliseconds(connection.created_at),
            "connectionId": connection.id,
        }

    def connection(self, session_id: str, connection: CallConnection) -> Json:
        """A connection, pending or active, as 2.16 and later show it."""
        properties, camera = connection.properties, connection.properties.camera
        active_at, is_active = connection.active_at, connection.is_active
        options = properties.kurento_options
        return {
            "id": connection.id,
            "object": "connection",
            "status": "active" if is_active else "pending",
            "connectionId": connection.id,
            "sessionId": session_id,
            "createdAt": to_milliseconds(connection.created_at),
            "activeAt": None if active_at is None else to_milliseconds(active_at),
            "location": LOCATION if is_active else None,
            "ip": (connection.ip or None) if is_active else None,
            "platform": connection.platform if is_active else None,
            "token": None if camera else token_url(self._public_url, session_id, connection),
            "type": properties.type,
            "record": properties.record,
            "role": None if camera else properties.role,
            "kurentoOptions": {} if options is None else _options(options),
            "customIceServers": [_server(each) for each in properties.custom_ice_servers],
            "rtspUri": camera and camera.rtsp_uri,
            "adaptativeBitrate": camera and camera.adaptative_bitrate,
            "onlyPlayWithSubscribers": camera and camera.only_play_with_subscribers,
            "networkCache": camera and camera.network_cache,
            "serverData": properties.data,
            "clientData": connection.client_data if is_active else None,
            "publishers": self._publishers(connection) if is_active else None,
            "subscribers": self._subscribers(connection) if is_active else None,
        }

    def connections(self, session_id: str, shown: Iterable[CallConnection]) -> Json:
        """A list of connections, as 2.16 and later show it."""
        return listing([self.connection(session_id, each) for each in shown])

    # Both

    def _publishers(self, connection: CallConnection, *, is_early: bool = False) -> list[Json]:
        stream, camera = connection.stream, connection.properties.camera
        if stream is None:
            return []
        media = _media_options(stream.media, stream.filter)
        if camera is not None:
            media |= {
                "adaptativeBitrate": camera.adaptative_bitrate,
                "onlyPlayWithSubscribers": camera.only_play_with_subscribers,
            }
            if not is_early:
                media["networkCache"] = camera.network_cache
        body: Json = {"createdAt": to_milliseconds(stream.created_at), "streamId": stream.id}
        if camera is not None:
            body["rtspUri"] = camera.rtsp_uri
        trace = self._trace(stream.endpoint, is_early=is_early)
        return [{**body, "mediaOptions": media, **trace}]

    def _subscribers(self, connection: CallConnection, *, is_early: bool = False) -> list[Json]:
        return [
            {
                "createdAt": to_milliseconds(each.created_at),
                "streamId": each.stream_id,
                **self._trace(each.endpoint, is_early=is_early),
            }
            for each in connection.subscriptions.values()
        ]

    def _trace(self, endpoint: str, *, is_early: bool) -> Json:
        trace = None if self._traces is None else self._traces.get(endpoint)
        if trace is None:
            return {}
        selected = (each.data for each in reversed(trace.events) if each.type == _PAIR_SELECTED)
        pair = next(selected, {}).get("candidatePair")
        received = [_candidate(each) for each in trace.received]
        gathered = [_candidate(each) for each in trace.gathered]
        later = {"clientIceCandidates": received, "serverIceCandidates": gathered}
        return {
            "webrtcEndpointName": trace.name,
            "remoteSdp": trace.remote_sdp,
            "localSdp": trace.local_sdp,
            "receivedCandidates": received,
            "gatheredCandidates": gathered,
            **({} if is_early else later),
            "localCandidate": _text_of(pair, "localCandidate"),
            "remoteCandidate": _text_of(pair, "remoteCandidate"),
            "events": [{**each.data, "type": each.type} for each in trace.events],
        }


_PAIR_SELECTED = "NewCandidatePairSelected"
_MAX_CANDIDATE = 1024


def _text_of(value: object, name: str) -> str | None:
    """A text that a media server sent, if it sent one that fits."""
    text = value.get(name) if isinstance(value, dict) else None
    return text if isinstance(text, str) and len(text) <= _MAX_CANDIDATE else None


def _recording_defaults(recording: RecordingProperties) -> Json:
    """The members of 2.15; a layout belongs to composed recordings only."""
    body: Json = {"defaultOutputMode": recording.output_mode}
    if recording.output_mode != _INDIVIDUAL:
        body["defaultRecordingLayout"] = recording.recording_layout
        if recording.recording_layout == _CUSTOM:
            body["defaultCustomLayout"] = recording.custom_layout
    return body


def _options(options: KurentoOptions) -> Json:
    given = {key: getattr(options, name) for key, name in _BANDWIDTHS.items()}
    body: Json = {key: value for key, value in given.items() if value is not None}
    if options.allowed_filters:
        body["allowedFilters"] = list(options.allowed_filters)
    return body


def _echoed_options(connection: CallConnection) -> Json:
    options = connection.properties.kurento_options
    return {} if options is None else {"kurentoOptions": _options(options)}


def _server(server: IceServer) -> Json:
    """A STUN or TURN server without its password."""
    body = {"url": server.url}
    return body if server.username is None else {**body, "username": server.username}


def _media_options(media: MediaOptions, applied: Filter | None) -> Json:
    body: Json = {"hasAudio": media.has_audio}
    if media.has_audio:
        body["audioActive"] = media.audio_active
    body["hasVideo"] = media.has_video
    if media.has_video:
        body |= {
            "videoActive": media.video_active,
            "frameRate": media.frame_rate,
            "videoDimensions": media.video_dimensions,
        }
        if media.type_of_video:
            body["typeOfVideo"] = media.type_of_video
    return {**body, "filter": {} if applied is None else _filter(applied)}


def _filter(applied: Filter) -> Json:
    last = applied.last_method
    return {
        "type": applied.type,
        "options": orjson.loads(applied.options),
        "lastExecMethod": {}
        if last is None
        else {"method": last[0], "params": orjson.loads(last[1])},
    }


def _candidate(candidate: IceCandidate) -> Json:
    return {
        "candidate": candidate.candidate,
        "sdpMid": candidate.sdp_mid,
        "sdpMLineIndex": candidate.sdp_m_line_index,
    }
