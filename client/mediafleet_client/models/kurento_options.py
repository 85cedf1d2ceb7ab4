from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="KurentoOptions")


@_attrs_define
class KurentoOptions:
    """Bandwidths of a participant's media, and the filters that it may apply.

    Example:
        {'videoMaxRecvBandwidth': 500, 'allowedFilters': ['GStreamerFilter']}

    """

    video_max_recv_bandwidth: int | None | Unset = UNSET
    """ Highest bandwidth of the video that the media server receives from the participant, in kbit/s; 0 means no
    limit. Absent, the configured one. """
    video_min_recv_bandwidth: int | None | Unset = UNSET
    """ Lowest bandwidth of the video that the media server receives from the participant, in kbit/s; 0 means no
    limit. Absent, the configured one. """
    video_max_send_bandwidth: int | None | Unset = UNSET
    """ Highest bandwidth of the video that the media server sends to the participant, in kbit/s; 0 means no limit.
    Absent, the configured one. """
    video_min_send_bandwidth: int | None | Unset = UNSET
    """ Lowest bandwidth of the video that the media server sends to the participant, in kbit/s; 0 means no limit.
    Absent, the configured one. """
    allowed_filters: list[str] | None | Unset = UNSET
    """ The types of filters that the participant may apply to its streams. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        video_max_recv_bandwidth: int | None | Unset
        if isinstance(self.video_max_recv_bandwidth, Unset):
            video_max_recv_bandwidth = UNSET
        else:
            video_max_recv_bandwidth = self.video_max_recv_bandwidth

        video_min_recv_bandwidth: int | None | Unset
        if isinstance(self.video_min_recv_bandwidth, Unset):
            video_min_recv_bandwidth = UNSET
        else:
            video_min_recv_bandwidth = self.video_min_recv_bandwidth

        video_max_send_bandwidth: int | None | Unset
        if isinstance(self.video_max_send_bandwidth, Unset):
            video_max_send_bandwidth = UNSET
        else:
            video_max_send_bandwidth = self.video_max_send_bandwidth

        video_min_send_bandwidth: int | None | Unset
        if isinstance(self.video_min_send_bandwidth, Unset):
            video_min_send_bandwidth = UNSET
        else:
            video_min_send_bandwidth = self.video_min_send_bandwidth

        allowed_filters: list[str] | None | Unset
        if isinstance(self.allowed_filters, Unset):
            allowed_filters = UNSET
        elif isinstance(self.allowed_filters, list):
            allowed_filters = self.allowed_filters

        else:
            allowed_filters = self.allowed_filters

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if video_max_recv_bandwidth is not UNSET:
            field_dict["videoMaxRecvBandwidth"] = video_max_recv_bandwidth
        if video_min_recv_bandwidth is not UNSET:
            field_dict["videoMinRecvBandwidth"] = video_min_recv_bandwidth
        if video_max_send_bandwidth is not UNSET:
            field_dict["videoMaxSendBandwidth"] = video_max_send_bandwidth
        if video_min_send_bandwidth is not UNSET:
            field_dict["videoMinSendBandwidth"] = video_min_send_bandwidth
        if allowed_filters is not UNSET:
            field_dict["allowedFilters"] = allowed_filters

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_video_max_recv_bandwidth(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        video_max_recv_bandwidth = _parse_video_max_recv_bandwidth(d.pop("videoMaxRecvBandwidth", UNSET))

        def _parse_video_min_recv_bandwidth(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        video_min_recv_bandwidth = _parse_video_min_recv_bandwidth(d.pop("videoMinRecvBandwidth", UNSET))

        def _parse_video_max_send_bandwidth(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        video_max_send_bandwidth = _parse_video_max_send_bandwidth(d.pop("videoMaxSendBandwidth", UNSET))

        def _parse_video_min_send_bandwidth(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        video_min_send_bandwidth = _parse_video_min_send_bandwidth(d.pop("videoMinSendBandwidth", UNSET))

        def _parse_allowed_filters(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                allowed_filters_type_0 = cast(list[str], data)

                return allowed_filters_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        allowed_filters = _parse_allowed_filters(d.pop("allowedFilters", UNSET))

        kurento_options = cls(
            video_max_recv_bandwidth=video_max_recv_bandwidth,
            video_min_recv_bandwidth=video_min_recv_bandwidth,
            video_max_send_bandwidth=video_max_send_bandwidth,
            video_min_send_bandwidth=video_min_send_bandwidth,
            allowed_filters=allowed_filters,
        )

        kurento_options.additional_properties = d
        return kurento_options

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
