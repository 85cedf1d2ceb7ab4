from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.recording_output_mode import RecordingOutputMode, check_recording_output_mode
from ..models.recording_status import RecordingStatus, check_recording_status

T = TypeVar("T", bound="RecordedSession")


@_attrs_define
class RecordedSession:
    """A recording of a session.

    Example:
        {'id': 'physics-101', 'name': 'lecture', 'sessionId': 'physics-101', 'createdAt': 1600678300000, 'size': 0,
            'duration': 0, 'url': None, 'hasAudio': True, 'hasVideo': True, 'outputMode': 'INDIVIDUAL', 'status': 'started'}

    """

    id: str
    """ Identifies the recording. """
    name: str
    """ The name of its files. """
    session_id: str
    """ The id of the session. """
    created_at: int
    """ When it began, in UTC milliseconds. """
    size: int
    """ Bytes of its files. 0 while it is under way. """
    duration: float
    """ Seconds that it lasts. 0 while it is under way. """
    url: None | str
    """ Where its file is served; null until it is ready. """
    has_audio: bool
    """ Whether it has audio. """
    has_video: bool
    """ Whether it has video. """
    output_mode: RecordingOutputMode
    """ What a recording of a session consists of. `COMPOSED`, one file of all streams in a grid;
    `COMPOSED_QUICK_START`, the same with the recorder kept ready; `INDIVIDUAL`, one file for each stream. """
    status: RecordingStatus
    """ How far a recording is. `starting`, `started`: under way; `stopped`: its files are being made; `ready`: they
    are there; `failed`: there are none. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        session_id = self.session_id

        created_at = self.created_at

        size = self.size

        duration = self.duration

        url: None | str
        url = self.url

        has_audio = self.has_audio

        has_video = self.has_video

        output_mode: str = self.output_mode

        status: str = self.status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "name": name,
                "sessionId": session_id,
                "createdAt": created_at,
                "size": size,
                "duration": duration,
                "url": url,
                "hasAudio": has_audio,
                "hasVideo": has_video,
                "outputMode": output_mode,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        session_id = d.pop("sessionId")

        created_at = d.pop("createdAt")

        size = d.pop("size")

        duration = d.pop("duration")

        def _parse_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        url = _parse_url(d.pop("url"))

        has_audio = d.pop("hasAudio")

        has_video = d.pop("hasVideo")

        output_mode = check_recording_output_mode(d.pop("outputMode"))

        status = check_recording_status(d.pop("status"))

        recorded_session = cls(
            id=id,
            name=name,
            session_id=session_id,
            created_at=created_at,
            size=size,
            duration=duration,
            url=url,
            has_audio=has_audio,
            has_video=has_video,
            output_mode=output_mode,
            status=status,
        )

        recorded_session.additional_properties = d
        return recorded_session

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
