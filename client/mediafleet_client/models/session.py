from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.media_mode import MediaMode, check_media_mode
from ..models.recording_layout import RecordingLayout, check_recording_layout
from ..models.recording_mode import RecordingMode, check_recording_mode
from ..models.recording_output_mode import RecordingOutputMode, check_recording_output_mode
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.connection_list import ConnectionList


T = TypeVar("T", bound="Session")


@_attrs_define
class Session:
    """A session.

    Example:
        {'sessionId': 'physics-101', 'createdAt': 1600678300000, 'mediaMode': 'ROUTED', 'recordingMode': 'MANUAL',
            'defaultOutputMode': 'COMPOSED', 'defaultRecordingLayout': 'BEST_FIT', 'customSessionId': 'physics-101',
            'connections': {'numberOfElements': 0, 'content': []}, 'recording': False}

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
    connections: ConnectionList
    """ The participants of a session. """
    recording: bool
    """ Whether the session is being recorded. """
    default_recording_layout: RecordingLayout | Unset = UNSET
    """ How a composed recording places the streams. `CUSTOM` is a layout of the application's own. """
    default_custom_layout: str | Unset = UNSET
    """ The folder of the application's own layout, below OPENVIDU_RECORDING_CUSTOM_LAYOUT. Present only if
    `defaultRecordingLayout` is `CUSTOM`. """
    custom_session_id: str | Unset = UNSET
    """ The id that the application chose for the session. Of a session that another client made it is the name of
    its media pipeline, as last asked: every 10 s, or less often on a node with more than 100 sessions and in a
    cluster with more than 2,000. Absent if there is none, or none that fits. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        session_id = self.session_id

        created_at = self.created_at

        media_mode: str = self.media_mode

        recording_mode: str = self.recording_mode

        default_output_mode: str = self.default_output_mode

        connections = self.connections.to_dict()

        recording = self.recording

        default_recording_layout: str | Unset = UNSET
        if not isinstance(self.default_recording_layout, Unset):
            default_recording_layout = self.default_recording_layout

        default_custom_layout = self.default_custom_layout

        custom_session_id = self.custom_session_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sessionId": session_id,
                "createdAt": created_at,
                "mediaMode": media_mode,
                "recordingMode": recording_mode,
                "defaultOutputMode": default_output_mode,
                "connections": connections,
                "recording": recording,
            }
        )
        if default_recording_layout is not UNSET:
            field_dict["defaultRecordingLayout"] = default_recording_layout
        if default_custom_layout is not UNSET:
            field_dict["defaultCustomLayout"] = default_custom_layout
        if custom_session_id is not UNSET:
            field_dict["customSessionId"] = custom_session_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.connection_list import ConnectionList  # noqa: PLC0415

        d = dict(src_dict)
        session_id = d.pop("sessionId")

        created_at = d.pop("createdAt")

        media_mode = check_media_mode(d.pop("mediaMode"))

        recording_mode = check_recording_mode(d.pop("recordingMode"))

        default_output_mode = check_recording_output_mode(d.pop("defaultOutputMode"))

        connections = ConnectionList.from_dict(d.pop("connections"))

        recording = d.pop("recording")

        _default_recording_layout = d.pop("defaultRecordingLayout", UNSET)
        default_recording_layout: RecordingLayout | Unset = UNSET
        if _default_recording_layout is not UNSET and _default_recording_layout is not None:
            default_recording_layout = check_recording_layout(_default_recording_layout)

        default_custom_layout = d.pop("defaultCustomLayout", UNSET)

        custom_session_id = d.pop("customSessionId", UNSET)

        session = cls(
            session_id=session_id,
            created_at=created_at,
            media_mode=media_mode,
            recording_mode=recording_mode,
            default_output_mode=default_output_mode,
            connections=connections,
            recording=recording,
            default_recording_layout=default_recording_layout,
            default_custom_layout=default_custom_layout,
            custom_session_id=custom_session_id,
        )

        session.additional_properties = d
        return session

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
