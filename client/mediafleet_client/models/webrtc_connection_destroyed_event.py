from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="WebrtcConnectionDestroyedEvent")


@_attrs_define
class WebrtcConnectionDestroyedEvent:
    """A participant publishes a stream, or receives one, no more.

    Example:
        {'sessionId': 'physics-101', 'timestamp': 1600678251771, 'startTime': 1600678236916, 'duration': 14, 'reason':
            'unpublish', 'streamId': 'str_CAM_A1b2_con_Xp4kB2cQ71', 'participantId': 'con_A1b2C3d4E5', 'connectionId':
            'con_A1b2C3d4E5', 'connection': 'INBOUND', 'receivingFrom': 'con_Xp4kB2cQ71', 'videoSource': 'CAMERA',
            'videoFramerate': 30, 'videoDimensions': '{"width":640,"height":480}', 'audioEnabled': True, 'videoEnabled':
            True}

    """

    session_id: str
    """ Identifies the session for as long as it lives, here, in drains and in events. A session that was created
    here has the id that the application chose, or one that begins with `ses_`. Of a session that another client
    made on the Media Node it is the name that its media pipeline has when the session is first listed, if that fits
    and no other session of the node has this id; else the pipeline's object id. Such a session is listed once its
    pipeline was asked for its name, usually 0.3 s after it began. A name that is set or changed later changes
    `customSessionId` alone; a server that is started again lists these sessions anew, under the names that they
    have then. """
    timestamp: int
    """ When it happened, in UTC milliseconds. """
    start_time: int
    """ When that began, in UTC milliseconds. """
    duration: int
    """ How many whole seconds lie between. """
    reason: str
    """ Why, in a word of OpenVidu such as `disconnect` or `unpublish`. """
    stream_id: str
    """ The stream. """
    participant_id: str
    """ The participant, by the id of its connection. """
    connection_id: str
    """ The same as `participantId`, as OpenVidu names it since 2.16. """
    connection: str
    """ `OUTBOUND` if the participant publishes the stream, `INBOUND` if it receives the stream. """
    audio_enabled: bool
    """ Whether the stream has audio. """
    video_enabled: bool
    """ Whether the stream has video. """
    event: str | Unset = UNSET
    """ The name of the event. Only the body of a webhook has it. """
    receiving_from: str | Unset = UNSET
    """ The participant that publishes the stream. Only where one receives it. """
    rtsp_uri: str | Unset = UNSET
    """ Address of the camera, without user information and query. Only for an IP camera. """
    adaptative_bitrate: bool | Unset = UNSET
    """ Whether the media server adapts the bit rate to each receiver. Only for an IP camera. """
    network_cache: int | Unset = UNSET
    """ Milliseconds of the buffer. Only for an IP camera. """
    only_play_with_subscribers: bool | Unset = UNSET
    """ Whether the camera is played only while there are receivers. Only for an IP camera. """
    video_source: str | Unset = UNSET
    """ What the video shows, such as `CAMERA` or `SCREEN`. Only if there is video. """
    video_framerate: int | None | Unset = UNSET
    """ Frames a second, as the browser says. Null if that is unknown. Only if there is video. """
    video_dimensions: None | str | Unset = UNSET
    """ Width and height as JSON text. Null if they are unknown. Only if there is video. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        session_id = self.session_id

        timestamp = self.timestamp

        start_time = self.start_time

        duration = self.duration

        reason = self.reason

        stream_id = self.stream_id

        participant_id = self.participant_id

        connection_id = self.connection_id

        connection = self.connection

        audio_enabled = self.audio_enabled

        video_enabled = self.video_enabled

        event = self.event

        receiving_from = self.receiving_from

        rtsp_uri = self.rtsp_uri

        adaptative_bitrate = self.adaptative_bitrate

        network_cache = self.network_cache

        only_play_with_subscribers = self.only_play_with_subscribers

        video_source = self.video_source

        video_framerate: int | None | Unset
        if isinstance(self.video_framerate, Unset):
            video_framerate = UNSET
        else:
            video_framerate = self.video_framerate

        video_dimensions: None | str | Unset
        if isinstance(self.video_dimensions, Unset):
            video_dimensions = UNSET
        else:
            video_dimensions = self.video_dimensions

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sessionId": session_id,
                "timestamp": timestamp,
                "startTime": start_time,
                "duration": duration,
                "reason": reason,
                "streamId": stream_id,
                "participantId": participant_id,
                "connectionId": connection_id,
                "connection": connection,
                "audioEnabled": audio_enabled,
                "videoEnabled": video_enabled,
            }
        )
        if event is not UNSET:
            field_dict["event"] = event
        if receiving_from is not UNSET:
            field_dict["receivingFrom"] = receiving_from
        if rtsp_uri is not UNSET:
            field_dict["rtspUri"] = rtsp_uri
        if adaptative_bitrate is not UNSET:
            field_dict["adaptativeBitrate"] = adaptative_bitrate
        if network_cache is not UNSET:
            field_dict["networkCache"] = network_cache
        if only_play_with_subscribers is not UNSET:
            field_dict["onlyPlayWithSubscribers"] = only_play_with_subscribers
        if video_source is not UNSET:
            field_dict["videoSource"] = video_source
        if video_framerate is not UNSET:
            field_dict["videoFramerate"] = video_framerate
        if video_dimensions is not UNSET:
            field_dict["videoDimensions"] = video_dimensions

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        session_id = d.pop("sessionId")

        timestamp = d.pop("timestamp")

        start_time = d.pop("startTime")

        duration = d.pop("duration")

        reason = d.pop("reason")

        stream_id = d.pop("streamId")

        participant_id = d.pop("participantId")

        connection_id = d.pop("connectionId")

        connection = d.pop("connection")

        audio_enabled = d.pop("audioEnabled")

        video_enabled = d.pop("videoEnabled")

        event = d.pop("event", UNSET)

        receiving_from = d.pop("receivingFrom", UNSET)

        rtsp_uri = d.pop("rtspUri", UNSET)

        adaptative_bitrate = d.pop("adaptativeBitrate", UNSET)

        network_cache = d.pop("networkCache", UNSET)

        only_play_with_subscribers = d.pop("onlyPlayWithSubscribers", UNSET)

        video_source = d.pop("videoSource", UNSET)

        def _parse_video_framerate(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        video_framerate = _parse_video_framerate(d.pop("videoFramerate", UNSET))

        def _parse_video_dimensions(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        video_dimensions = _parse_video_dimensions(d.pop("videoDimensions", UNSET))

        webrtc_connection_destroyed_event = cls(
            session_id=session_id,
            timestamp=timestamp,
            start_time=start_time,
            duration=duration,
            reason=reason,
            stream_id=stream_id,
            participant_id=participant_id,
            connection_id=connection_id,
            connection=connection,
            audio_enabled=audio_enabled,
            video_enabled=video_enabled,
            event=event,
            receiving_from=receiving_from,
            rtsp_uri=rtsp_uri,
            adaptative_bitrate=adaptative_bitrate,
            network_cache=network_cache,
            only_play_with_subscribers=only_play_with_subscribers,
            video_source=video_source,
            video_framerate=video_framerate,
            video_dimensions=video_dimensions,
        )

        webrtc_connection_destroyed_event.additional_properties = d
        return webrtc_connection_destroyed_event

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
