from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="IpCameraToPublish")


@_attrs_define
class IpCameraToPublish:
    """An IP camera. Members that are not listed here are ignored, and null counts as absent.

    Example:
        {'rtspUri': 'rtsp://192.0.2.15/live'}

    """

    rtsp_uri: str
    """ Where the stream is: an address that begins with `rtsp://` or `file://`. """
    adaptative_bitrate: bool | None | Unset = UNSET
    """ Whether the bitrate follows what the receivers can take; true if absent. """
    only_play_with_subscribers: bool | None | Unset = UNSET
    """ Whether the stream is fetched only while somebody receives it; true if absent. """
    network_cache: int | None | Unset = UNSET
    """ Milliseconds of the stream that are buffered; 2000 if absent. """
    data: None | str | Unset = UNSET
    """ What the application attaches to the participant; it becomes `serverData`. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        rtsp_uri = self.rtsp_uri

        adaptative_bitrate: bool | None | Unset
        if isinstance(self.adaptative_bitrate, Unset):
            adaptative_bitrate = UNSET
        else:
            adaptative_bitrate = self.adaptative_bitrate

        only_play_with_subscribers: bool | None | Unset
        if isinstance(self.only_play_with_subscribers, Unset):
            only_play_with_subscribers = UNSET
        else:
            only_play_with_subscribers = self.only_play_with_subscribers

        network_cache: int | None | Unset
        if isinstance(self.network_cache, Unset):
            network_cache = UNSET
        else:
            network_cache = self.network_cache

        data: None | str | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        else:
            data = self.data

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "rtspUri": rtsp_uri,
            }
        )
        if adaptative_bitrate is not UNSET:
            field_dict["adaptativeBitrate"] = adaptative_bitrate
        if only_play_with_subscribers is not UNSET:
            field_dict["onlyPlayWithSubscribers"] = only_play_with_subscribers
        if network_cache is not UNSET:
            field_dict["networkCache"] = network_cache
        if data is not UNSET:
            field_dict["data"] = data

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        rtsp_uri = d.pop("rtspUri")

        def _parse_adaptative_bitrate(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        adaptative_bitrate = _parse_adaptative_bitrate(d.pop("adaptativeBitrate", UNSET))

        def _parse_only_play_with_subscribers(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        only_play_with_subscribers = _parse_only_play_with_subscribers(d.pop("onlyPlayWithSubscribers", UNSET))

        def _parse_network_cache(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        network_cache = _parse_network_cache(d.pop("networkCache", UNSET))

        def _parse_data(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

        ip_camera_to_publish = cls(
            rtsp_uri=rtsp_uri,
            adaptative_bitrate=adaptative_bitrate,
            only_play_with_subscribers=only_play_with_subscribers,
            network_cache=network_cache,
            data=data,
        )

        ip_camera_to_publish.additional_properties = d
        return ip_camera_to_publish

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
