from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="RecordingToStart")


@_attrs_define
class RecordingToStart:
    """A recording to start. Members that are not listed here are ignored, and null counts as absent.

    Example:
        {'session': 'physics-101', 'outputMode': 'INDIVIDUAL'}

    """

    session: str
    """ The id of the session. """
    name: None | str | Unset = UNSET
    """ The name of the recording. """
    has_audio: bool | None | Unset = UNSET
    """ Whether audio is recorded; true if absent. """
    has_video: bool | None | Unset = UNSET
    """ Whether video is recorded; true if absent. """
    output_mode: None | str | Unset = UNSET
    """ What the recording consists of, see `RecordingOutputMode`; that of the session if absent or empty. """
    recording_layout: None | str | Unset = UNSET
    """ How a composed recording places the streams, see `RecordingLayout`; `BEST_FIT` if absent or empty. """
    custom_layout: None | str | Unset = UNSET
    """ The folder of the layout `CUSTOM`. """
    resolution: None | str | Unset = UNSET
    """ Width and height of a composed recording in pixels, each 100 to 1999. """
    frame_rate: int | None | Unset = UNSET
    """ Frames of video per second of a composed recording; 25 if absent. """
    shm_size: int | None | Unset = UNSET
    """ Bytes of shared memory of the recorder of a composed recording. """
    ignore_failed_streams: bool | None | Unset = UNSET
    """ Whether an individual recording goes on without a stream that cannot be recorded. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        session = self.session

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        has_audio: bool | None | Unset
        if isinstance(self.has_audio, Unset):
            has_audio = UNSET
        else:
            has_audio = self.has_audio

        has_video: bool | None | Unset
        if isinstance(self.has_video, Unset):
            has_video = UNSET
        else:
            has_video = self.has_video

        output_mode: None | str | Unset
        if isinstance(self.output_mode, Unset):
            output_mode = UNSET
        else:
            output_mode = self.output_mode

        recording_layout: None | str | Unset
        if isinstance(self.recording_layout, Unset):
            recording_layout = UNSET
        else:
            recording_layout = self.recording_layout

        custom_layout: None | str | Unset
        if isinstance(self.custom_layout, Unset):
            custom_layout = UNSET
        else:
            custom_layout = self.custom_layout

        resolution: None | str | Unset
        if isinstance(self.resolution, Unset):
            resolution = UNSET
        else:
            resolution = self.resolution

        frame_rate: int | None | Unset
        if isinstance(self.frame_rate, Unset):
            frame_rate = UNSET
        else:
            frame_rate = self.frame_rate

        shm_size: int | None | Unset
        if isinstance(self.shm_size, Unset):
            shm_size = UNSET
        else:
            shm_size = self.shm_size

        ignore_failed_streams: bool | None | Unset
        if isinstance(self.ignore_failed_streams, Unset):
            ignore_failed_streams = UNSET
        else:
            ignore_failed_streams = self.ignore_failed_streams

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "session": session,
            }
        )
        if name is not UNSET:
            field_dict["name"] = name
        if has_audio is not UNSET:
            field_dict["hasAudio"] = has_audio
        if has_video is not UNSET:
            field_dict["hasVideo"] = has_video
        if output_mode is not UNSET:
            field_dict["outputMode"] = output_mode
        if recording_layout is not UNSET:
            field_dict["recordingLayout"] = recording_layout
        if custom_layout is not UNSET:
            field_dict["customLayout"] = custom_layout
        if resolution is not UNSET:
            field_dict["resolution"] = resolution
        if frame_rate is not UNSET:
            field_dict["frameRate"] = frame_rate
        if shm_size is not UNSET:
            field_dict["shmSize"] = shm_size
        if ignore_failed_streams is not UNSET:
            field_dict["ignoreFailedStreams"] = ignore_failed_streams

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        session = d.pop("session")

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_has_audio(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        has_audio = _parse_has_audio(d.pop("hasAudio", UNSET))

        def _parse_has_video(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        has_video = _parse_has_video(d.pop("hasVideo", UNSET))

        def _parse_output_mode(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        output_mode = _parse_output_mode(d.pop("outputMode", UNSET))

        def _parse_recording_layout(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        recording_layout = _parse_recording_layout(d.pop("recordingLayout", UNSET))

        def _parse_custom_layout(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        custom_layout = _parse_custom_layout(d.pop("customLayout", UNSET))

        def _parse_resolution(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        resolution = _parse_resolution(d.pop("resolution", UNSET))

        def _parse_frame_rate(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        frame_rate = _parse_frame_rate(d.pop("frameRate", UNSET))

        def _parse_shm_size(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        shm_size = _parse_shm_size(d.pop("shmSize", UNSET))

        def _parse_ignore_failed_streams(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        ignore_failed_streams = _parse_ignore_failed_streams(d.pop("ignoreFailedStreams", UNSET))

        recording_to_start = cls(
            session=session,
            name=name,
            has_audio=has_audio,
            has_video=has_video,
            output_mode=output_mode,
            recording_layout=recording_layout,
            custom_layout=custom_layout,
            resolution=resolution,
            frame_rate=frame_rate,
            shm_size=shm_size,
            ignore_failed_streams=ignore_failed_streams,
        )

        recording_to_start.additional_properties = d
        return recording_to_start

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
