from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.media_options import MediaOptions


T = TypeVar("T", bound="Publisher")


@_attrs_define
class Publisher:
    """A stream that a participant sends.

    Example:
        {'createdAt': 1600678302345, 'streamId': 'str_CAM_QTQ5_con_Xp4kB2cQeT', 'mediaOptions': {'hasAudio': True,
            'audioActive': True, 'hasVideo': False, 'filter': {}}}

    """

    created_at: int
    """ When the stream began, in UTC milliseconds. """
    stream_id: str
    """ Identifies the stream in its session. """
    media_options: MediaOptions
    """ What a stream consists of. """
    rtsp_uri: str | Unset = UNSET
    """ Where the stream is fetched from. Present for an IP camera only. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at

        stream_id = self.stream_id

        media_options = self.media_options.to_dict()

        rtsp_uri = self.rtsp_uri

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "createdAt": created_at,
                "streamId": stream_id,
                "mediaOptions": media_options,
            }
        )
        if rtsp_uri is not UNSET:
            field_dict["rtspUri"] = rtsp_uri

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.media_options import MediaOptions  # noqa: PLC0415

        d = dict(src_dict)
        created_at = d.pop("createdAt")

        stream_id = d.pop("streamId")

        media_options = MediaOptions.from_dict(d.pop("mediaOptions"))

        rtsp_uri = d.pop("rtspUri", UNSET)

        publisher = cls(
            created_at=created_at,
            stream_id=stream_id,
            media_options=media_options,
            rtsp_uri=rtsp_uri,
        )

        publisher.additional_properties = d
        return publisher

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
