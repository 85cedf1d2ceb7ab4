from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.open_vidu_session_to_create_default_recording_properties_type_0 import (
        OpenViduSessionToCreateDefaultRecordingPropertiesType0,
    )
    from ..models.open_vidu_session_to_create_media_node_type_0 import OpenViduSessionToCreateMediaNodeType0


T = TypeVar("T", bound="OpenViduSessionToCreate")


@_attrs_define
class OpenViduSessionToCreate:
    """What a new session shall be like, as OpenVidu 2.16 and later take it. Members that are not listed here are ignored,
    and null counts as absent.

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
    default_recording_properties: None | OpenViduSessionToCreateDefaultRecordingPropertiesType0 | Unset = UNSET
    """ How the session is recorded unless a recording says otherwise; the members of `DefaultRecordingProperties`.
    It goes before the three members of 2.15 with the same meaning. """
    media_node: None | OpenViduSessionToCreateMediaNodeType0 | Unset = UNSET
    """ The Media Node that must host the session, as `{id}`. Absent, the server chooses one when the first
    participant joins. """
    forced_video_codec: None | str | Unset = UNSET
    """ The video codec that all participants must use, see `VideoCodec`. Without it the one of the property
    `OPENVIDU_STREAMS_FORCED_VIDEO_CODEC`. """
    allow_transcoding: bool | None | Unset = UNSET
    """ Whether media may be transcoded for participants who lack the codec. Without it the value of the property
    `OPENVIDU_STREAMS_ALLOW_TRANSCODING`. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.open_vidu_session_to_create_default_recording_properties_type_0 import (
            OpenViduSessionToCreateDefaultRecordingPropertiesType0,  # noqa: PLC0415
        )
        from ..models.open_vidu_session_to_create_media_node_type_0 import OpenViduSessionToCreateMediaNodeType0  # noqa: PLC0415

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

        default_recording_properties: dict[str, Any] | None | Unset
        if isinstance(self.default_recording_properties, Unset):
            default_recording_properties = UNSET
        elif isinstance(self.default_recording_properties, OpenViduSessionToCreateDefaultRecordingPropertiesType0):
            default_recording_properties = self.default_recording_properties.to_dict()
        else:
            default_recording_properties = self.default_recording_properties

        media_node: dict[str, Any] | None | Unset
        if isinstance(self.media_node, Unset):
            media_node = UNSET
        elif isinstance(self.media_node, OpenViduSessionToCreateMediaNodeType0):
            media_node = self.media_node.to_dict()
        else:
            media_node = self.media_node

        forced_video_codec: None | str | Unset
        if isinstance(self.forced_video_codec, Unset):
            forced_video_codec = UNSET
        else:
            forced_video_codec = self.forced_video_codec

        allow_transcoding: bool | None | Unset
        if isinstance(self.allow_transcoding, Unset):
            allow_transcoding = UNSET
        else:
            allow_transcoding = self.allow_transcoding

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
        if default_recording_properties is not UNSET:
            field_dict["defaultRecordingProperties"] = default_recording_properties
        if media_node is not UNSET:
            field_dict["mediaNode"] = media_node
        if forced_video_codec is not UNSET:
            field_dict["forcedVideoCodec"] = forced_video_codec
        if allow_transcoding is not UNSET:
            field_dict["allowTranscoding"] = allow_transcoding

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.open_vidu_session_to_create_default_recording_properties_type_0 import (
            OpenViduSessionToCreateDefaultRecordingPropertiesType0,  # noqa: PLC0415
        )
        from ..models.open_vidu_session_to_create_media_node_type_0 import OpenViduSessionToCreateMediaNodeType0  # noqa: PLC0415

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

        def _parse_default_recording_properties(
            data: object,
        ) -> None | OpenViduSessionToCreateDefaultRecordingPropertiesType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                default_recording_properties_type_0 = OpenViduSessionToCreateDefaultRecordingPropertiesType0.from_dict(
                    data
                )

                return default_recording_properties_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | OpenViduSessionToCreateDefaultRecordingPropertiesType0 | Unset, data)

        default_recording_properties = _parse_default_recording_properties(d.pop("defaultRecordingProperties", UNSET))

        def _parse_media_node(data: object) -> None | OpenViduSessionToCreateMediaNodeType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                media_node_type_0 = OpenViduSessionToCreateMediaNodeType0.from_dict(data)

                return media_node_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | OpenViduSessionToCreateMediaNodeType0 | Unset, data)

        media_node = _parse_media_node(d.pop("mediaNode", UNSET))

        def _parse_forced_video_codec(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        forced_video_codec = _parse_forced_video_codec(d.pop("forcedVideoCodec", UNSET))

        def _parse_allow_transcoding(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        allow_transcoding = _parse_allow_transcoding(d.pop("allowTranscoding", UNSET))

        open_vidu_session_to_create = cls(
            media_mode=media_mode,
            recording_mode=recording_mode,
            custom_session_id=custom_session_id,
            default_output_mode=default_output_mode,
            default_recording_layout=default_recording_layout,
            default_custom_layout=default_custom_layout,
            default_recording_properties=default_recording_properties,
            media_node=media_node,
            forced_video_codec=forced_video_codec,
            allow_transcoding=allow_transcoding,
        )

        open_vidu_session_to_create.additional_properties = d
        return open_vidu_session_to_create

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
