from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.media_mode import MediaMode, check_media_mode
from ..models.recording_layout import RecordingLayout, check_recording_layout
from ..models.recording_mode import RecordingMode, check_recording_mode
from ..models.recording_output_mode import RecordingOutputMode, check_recording_output_mode
from ..models.session_object import SessionObject, check_session_object
from ..models.video_codec import VideoCodec, check_video_codec
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.default_recording_properties import DefaultRecordingProperties
    from ..models.open_vidu_connection_list import OpenViduConnectionList
    from ..models.session_media_node import SessionMediaNode


T = TypeVar("T", bound="OpenViduSession")


@_attrs_define
class OpenViduSession:
    """A session, as OpenVidu 2.16 and later describe it.

    Example:
        {'id': 'physics-101', 'object': 'session', 'sessionId': 'physics-101', 'createdAt': 1600678300000, 'mediaMode':
            'ROUTED', 'recordingMode': 'MANUAL', 'defaultOutputMode': 'COMPOSED', 'defaultRecordingLayout': 'BEST_FIT',
            'customSessionId': 'physics-101', 'connections': {'numberOfElements': 0, 'content': []}, 'recording': False,
            'mediaNodeId': 'kms_FVrQslIr'}

    """

    session_id: str
    """ Identifies the session for as long as it lives, here, in drains and in events. A session that was created
    here has the id that the application chose, or one that begins with `ses_`. Of a session that another client
    made on the Media Node it is the name that its media pipeline has when the session is first listed, if that fits
    and no other session of the node has this id; else the pipeline's object id. Such a session is listed once its
    pipeline was asked for its name, usually 0.3 s after it began. A name that is set or changed later changes
    `customSessionId` alone; a server that is started again lists these sessions anew, under the names that they
    have then. """
    created_at: int
    """ When the session began, in UTC milliseconds. """
    media_mode: MediaMode
    """ How media flows in a session. `ROUTED`, through the Media Node; `RELAYED`, between the participants. """
    recording_mode: RecordingMode
    """ How the recording of a session starts. `ALWAYS`, with the first publisher; `MANUAL`, when asked for. """
    default_output_mode: RecordingOutputMode
    """ What a recording of a session consists of. `COMPOSED`, one file of all streams in a grid;
    `COMPOSED_QUICK_START`, the same with the recorder kept ready; `INDIVIDUAL`, one file for each stream. """
    custom_session_id: str
    """ The id that the application chose for the session, or the name that it gave the session's media pipeline.
    Empty if there is none. """
    connections: OpenViduConnectionList
    """ The connections of a session, as OpenVidu 2.16 and later describe them. """
    recording: bool
    """ Whether the session is being recorded. """
    id: str
    """ The same as `sessionId`. """
    object_: SessionObject
    """ Marks an object as a session.

    | value | meaning |
    |---|---|
    | `session` | A session. |
     """
    default_recording_layout: RecordingLayout | Unset = UNSET
    """ How a composed recording places the streams. `CUSTOM` is a layout of the application's own. """
    default_custom_layout: str | Unset = UNSET
    """ The folder of the application's own layout, below OPENVIDU_RECORDING_CUSTOM_LAYOUT. Present only if
    `defaultRecordingLayout` is `CUSTOM`. """
    broadcasting: bool | Unset = UNSET
    """ Whether the session is being broadcast. Always false. """
    media_node_id: str | Unset = UNSET
    """ Id of the Media Node that hosts the session. Absent while nobody has joined. """
    media_node: SessionMediaNode | Unset = UNSET
    """ The Media Node that the application chose for a session. """
    default_recording_properties: DefaultRecordingProperties | Unset = UNSET
    """ How the recordings of a session are made unless they say otherwise. """
    forced_video_codec: VideoCodec | Unset = UNSET
    """ The video codec of a session. `NONE`: participants agree by themselves; `MEDIA_SERVER_PREFERRED`: the one
    that suits the media server, VP8. """
    allow_transcoding: bool | Unset = UNSET
    """ Whether media may be transcoded for participants who lack the codec. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        session_id = self.session_id

        created_at = self.created_at

        media_mode: str = self.media_mode

        recording_mode: str = self.recording_mode

        default_output_mode: str = self.default_output_mode

        custom_session_id = self.custom_session_id

        connections = self.connections.to_dict()

        recording = self.recording

        id = self.id

        object_: str = self.object_

        default_recording_layout: str | Unset = UNSET
        if not isinstance(self.default_recording_layout, Unset):
            default_recording_layout = self.default_recording_layout

        default_custom_layout = self.default_custom_layout

        broadcasting = self.broadcasting

        media_node_id = self.media_node_id

        media_node: dict[str, Any] | Unset = UNSET
        if not isinstance(self.media_node, Unset):
            media_node = self.media_node.to_dict()

        default_recording_properties: dict[str, Any] | Unset = UNSET
        if not isinstance(self.default_recording_properties, Unset):
            default_recording_properties = self.default_recording_properties.to_dict()

        forced_video_codec: str | Unset = UNSET
        if not isinstance(self.forced_video_codec, Unset):
            forced_video_codec = self.forced_video_codec

        allow_transcoding = self.allow_transcoding

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sessionId": session_id,
                "createdAt": created_at,
                "mediaMode": media_mode,
                "recordingMode": recording_mode,
                "defaultOutputMode": default_output_mode,
                "customSessionId": custom_session_id,
                "connections": connections,
                "recording": recording,
                "id": id,
                "object": object_,
            }
        )
        if default_recording_layout is not UNSET:
            field_dict["defaultRecordingLayout"] = default_recording_layout
        if default_custom_layout is not UNSET:
            field_dict["defaultCustomLayout"] = default_custom_layout
        if broadcasting is not UNSET:
            field_dict["broadcasting"] = broadcasting
        if media_node_id is not UNSET:
            field_dict["mediaNodeId"] = media_node_id
        if media_node is not UNSET:
            field_dict["mediaNode"] = media_node
        if default_recording_properties is not UNSET:
            field_dict["defaultRecordingProperties"] = default_recording_properties
        if forced_video_codec is not UNSET:
            field_dict["forcedVideoCodec"] = forced_video_codec
        if allow_transcoding is not UNSET:
            field_dict["allowTranscoding"] = allow_transcoding

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.default_recording_properties import DefaultRecordingProperties  # noqa: PLC0415
        from ..models.open_vidu_connection_list import OpenViduConnectionList  # noqa: PLC0415
        from ..models.session_media_node import SessionMediaNode  # noqa: PLC0415

        d = dict(src_dict)
        session_id = d.pop("sessionId")

        created_at = d.pop("createdAt")

        media_mode = check_media_mode(d.pop("mediaMode"))

        recording_mode = check_recording_mode(d.pop("recordingMode"))

        default_output_mode = check_recording_output_mode(d.pop("defaultOutputMode"))

        custom_session_id = d.pop("customSessionId")

        connections = OpenViduConnectionList.from_dict(d.pop("connections"))

        recording = d.pop("recording")

        id = d.pop("id")

        object_ = check_session_object(d.pop("object"))

        _default_recording_layout = d.pop("defaultRecordingLayout", UNSET)
        default_recording_layout: RecordingLayout | Unset = UNSET
        if _default_recording_layout is not UNSET and _default_recording_layout is not None:
            default_recording_layout = check_recording_layout(_default_recording_layout)

        default_custom_layout = d.pop("defaultCustomLayout", UNSET)

        broadcasting = d.pop("broadcasting", UNSET)

        media_node_id = d.pop("mediaNodeId", UNSET)

        _media_node = d.pop("mediaNode", UNSET)
        media_node: SessionMediaNode | Unset = UNSET
        if _media_node is not UNSET and _media_node is not None:
            media_node = SessionMediaNode.from_dict(_media_node)

        _default_recording_properties = d.pop("defaultRecordingProperties", UNSET)
        default_recording_properties: DefaultRecordingProperties | Unset = UNSET
        if _default_recording_properties is not UNSET and _default_recording_properties is not None:
            default_recording_properties = DefaultRecordingProperties.from_dict(_default_recording_properties)

        _forced_video_codec = d.pop("forcedVideoCodec", UNSET)
        forced_video_codec: VideoCodec | Unset = UNSET
        if _forced_video_codec is not UNSET and _forced_video_codec is not None:
            forced_video_codec = check_video_codec(_forced_video_codec)

        allow_transcoding = d.pop("allowTranscoding", UNSET)

        open_vidu_session = cls(
            session_id=session_id,
            created_at=created_at,
            media_mode=media_mode,
            recording_mode=recording_mode,
            default_output_mode=default_output_mode,
            custom_session_id=custom_session_id,
            connections=connections,
            recording=recording,
            id=id,
            object_=object_,
            default_recording_layout=default_recording_layout,
            default_custom_layout=default_custom_layout,
            broadcasting=broadcasting,
            media_node_id=media_node_id,
            media_node=media_node,
            default_recording_properties=default_recording_properties,
            forced_video_codec=forced_video_codec,
            allow_transcoding=allow_transcoding,
        )

        open_vidu_session.additional_properties = d
        return open_vidu_session

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
