from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="SessionToCreate")


@_attrs_define
class SessionToCreate:
    """What a new session shall be like. Members that are not listed here are ignored, and null counts as absent.

    Example:
        {'customSessionId': 'physics-101'}

    """

    media_mode: None | str | Unset = UNSET
    """ How media flows, see `MediaMode`; `ROUTED` if absent. """
    recording_mode: None | str | Unset = UNSET
    """ How its recording starts, see `RecordingMode`; `MANUAL` if absent. """
    custom_session_id: None | str | Unset = UNSET
    """ The id of the session. Absent or empty, the server makes one. """
    default_output_mode: None | str | Unset = UNSET
    """ What its recordings consist of, see `RecordingOutputMode`; `COMPOSED` if absent. """
    default_recording_layout: None | str | Unset = UNSET
    """ How composed recordings place the streams, see `RecordingLayout`; `BEST_FIT` if absent. """
    default_custom_layout: None | str | Unset = UNSET
    """ The folder of the layout `CUSTOM`. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        media_mode: None | str | Unset
        if isinstance(self.media_mode, Unset):
            media_mode = UNSET
        else:
            media_mode = self.media_mode

        recording_mode: None | str | Unset
        if isinstance(self.recording_mode, Unset):
            recording_mode = UNSET
        else:
            recording_mode = self.recording_mode

        custom_session_id: None | str | Unset
        if isinstance(self.custom_session_id, Unset):
            custom_session_id = UNSET
        else:
            custom_session_id = self.custom_session_id

        default_output_mode: None | str | Unset
        if isinstance(self.default_output_mode, Unset):
            default_output_mode = UNSET
        else:
            default_output_mode = self.default_output_mode

        default_recording_layout: None | str | Unset
        if isinstance(self.default_recording_layout, Unset):
            default_recording_layout = UNSET
        else:
            default_recording_layout = self.default_recording_layout

        default_custom_layout: None | str | Unset
        if isinstance(self.default_custom_layout, Unset):
            default_custom_layout = UNSET
        else:
            default_custom_layout = self.default_custom_layout

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if media_mode is not UNSET:
            field_dict["mediaMode"] = media_mode
        if recording_mode is not UNSET:
            field_dict["recordingMode"] = recording_mode
        if custom_session_id is not UNSET:
            field_dict["customSessionId"] = custom_session_id
        if default_output_mode is not UNSET:
            field_dict["defaultOutputMode"] = default_output_mode
        if default_recording_layout is not UNSET:
            field_dict["defaultRecordingLayout"] = default_recording_layout
        if default_custom_layout is not UNSET:
            field_dict["defaultCustomLayout"] = default_custom_layout

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_media_mode(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        media_mode = _parse_media_mode(d.pop("mediaMode", UNSET))

        def _parse_recording_mode(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        recording_mode = _parse_recording_mode(d.pop("recordingMode", UNSET))

        def _parse_custom_session_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        custom_session_id = _parse_custom_session_id(d.pop("customSessionId", UNSET))

        def _parse_default_output_mode(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        default_output_mode = _parse_default_output_mode(d.pop("defaultOutputMode", UNSET))

        def _parse_default_recording_layout(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        default_recording_layout = _parse_default_recording_layout(d.pop("defaultRecordingLayout", UNSET))

        def _parse_default_custom_layout(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        default_custom_layout = _parse_default_custom_layout(d.pop("defaultCustomLayout", UNSET))

        session_to_create = cls(
            media_mode=media_mode,
            recording_mode=recording_mode,
            custom_session_id=custom_session_id,
            default_output_mode=default_output_mode,
            default_recording_layout=default_recording_layout,
            default_custom_layout=default_custom_layout,
        )

        session_to_create.additional_properties = d
        return session_to_create

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
