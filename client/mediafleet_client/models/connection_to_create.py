from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.connection_to_create_kurento_options_type_0 import ConnectionToCreateKurentoOptionsType0
    from ..models.ice_server import IceServer


T = TypeVar("T", bound="ConnectionToCreate")


@_attrs_define
class ConnectionToCreate:
    """What a new connection shall be like. Members that are not listed here are ignored, and null counts as absent.

    Example:
        {'role': 'PUBLISHER', 'data': 'seat=12'}

    """

    type_: None | str | Unset = UNSET
    """ For whom it is, see `ConnectionKind`; `WEBRTC` if absent. """
    data: None | str | Unset = UNSET
    """ What the application attaches to the participant; it becomes `serverData`. """
    record: bool | None | Unset = UNSET
    """ Whether the streams of the participant are part of individual recordings; true if absent. """
    role: None | str | Unset = UNSET
    """ What the participant may do, see `ConnectionRole`; `PUBLISHER` if absent. """
    kurento_options: ConnectionToCreateKurentoOptionsType0 | None | Unset = UNSET
    """ Bandwidths and filters for the participant; the members of `KurentoOptions`. """
    custom_ice_servers: list[IceServer] | None | Unset = UNSET
    """ Servers that the participant uses to find a way for its media, in place of the configured ones. """
    rtsp_uri: None | str | Unset = UNSET
    """ Where the stream is: an address with the scheme `rtsp`, `rtsps`, `http`, `https` or `file`. """
    adaptative_bitrate: bool | None | Unset = UNSET
    """ Whether the bitrate follows what the receivers can take; true if absent. """
    only_play_with_subscribers: bool | None | Unset = UNSET
    """ Whether the stream is fetched only while somebody receives it; true if absent. """
    network_cache: int | None | Unset = UNSET
    """ Milliseconds of the stream that are buffered; 2000 if absent. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.connection_to_create_kurento_options_type_0 import ConnectionToCreateKurentoOptionsType0  # noqa: PLC0415

        type_: None | str | Unset
        if isinstance(self.type_, Unset):
            type_ = UNSET
        else:
            type_ = self.type_

        data: None | str | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        else:
            data = self.data

        record: bool | None | Unset
        if isinstance(self.record, Unset):
            record = UNSET
        else:
            record = self.record

        role: None | str | Unset
        if isinstance(self.role, Unset):
            role = UNSET
        else:
            role = self.role

        kurento_options: dict[str, Any] | None | Unset
        if isinstance(self.kurento_options, Unset):
            kurento_options = UNSET
        elif isinstance(self.kurento_options, ConnectionToCreateKurentoOptionsType0):
            kurento_options = self.kurento_options.to_dict()
        else:
            kurento_options = self.kurento_options

        custom_ice_servers: list[dict[str, Any]] | None | Unset
        if isinstance(self.custom_ice_servers, Unset):
            custom_ice_servers = UNSET
        elif isinstance(self.custom_ice_servers, list):
            custom_ice_servers = []
            for custom_ice_servers_type_0_item_data in self.custom_ice_servers:
                custom_ice_servers_type_0_item = custom_ice_servers_type_0_item_data.to_dict()
                custom_ice_servers.append(custom_ice_servers_type_0_item)

        else:
            custom_ice_servers = self.custom_ice_servers

        rtsp_uri: None | str | Unset
        if isinstance(self.rtsp_uri, Unset):
            rtsp_uri = UNSET
        else:
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

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if type_ is not UNSET:
            field_dict["type"] = type_
        if data is not UNSET:
            field_dict["data"] = data
        if record is not UNSET:
            field_dict["record"] = record
        if role is not UNSET:
            field_dict["role"] = role
        if kurento_options is not UNSET:
            field_dict["kurentoOptions"] = kurento_options
        if custom_ice_servers is not UNSET:
            field_dict["customIceServers"] = custom_ice_servers
        if rtsp_uri is not UNSET:
            field_dict["rtspUri"] = rtsp_uri
        if adaptative_bitrate is not UNSET:
            field_dict["adaptativeBitrate"] = adaptative_bitrate
        if only_play_with_subscribers is not UNSET:
            field_dict["onlyPlayWithSubscribers"] = only_play_with_subscribers
        if network_cache is not UNSET:
            field_dict["networkCache"] = network_cache

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.connection_to_create_kurento_options_type_0 import ConnectionToCreateKurentoOptionsType0  # noqa: PLC0415
        from ..models.ice_server import IceServer  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_type_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        type_ = _parse_type_(d.pop("type", UNSET))

        def _parse_data(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

        def _parse_record(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        record = _parse_record(d.pop("record", UNSET))

        def _parse_role(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        role = _parse_role(d.pop("role", UNSET))

        def _parse_kurento_options(data: object) -> ConnectionToCreateKurentoOptionsType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                kurento_options_type_0 = ConnectionToCreateKurentoOptionsType0.from_dict(data)

                return kurento_options_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ConnectionToCreateKurentoOptionsType0 | None | Unset, data)

        kurento_options = _parse_kurento_options(d.pop("kurentoOptions", UNSET))

        def _parse_custom_ice_servers(data: object) -> list[IceServer] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                custom_ice_servers_type_0 = []
                _custom_ice_servers_type_0 = data
                for custom_ice_servers_type_0_item_data in _custom_ice_servers_type_0:
                    custom_ice_servers_type_0_item = IceServer.from_dict(custom_ice_servers_type_0_item_data)

                    custom_ice_servers_type_0.append(custom_ice_servers_type_0_item)

                return custom_ice_servers_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[IceServer] | None | Unset, data)

        custom_ice_servers = _parse_custom_ice_servers(d.pop("customIceServers", UNSET))

        def _parse_rtsp_uri(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        rtsp_uri = _parse_rtsp_uri(d.pop("rtspUri", UNSET))

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

        connection_to_create = cls(
            type_=type_,
            data=data,
            record=record,
            role=role,
            kurento_options=kurento_options,
            custom_ice_servers=custom_ice_servers,
            rtsp_uri=rtsp_uri,
            adaptative_bitrate=adaptative_bitrate,
            only_play_with_subscribers=only_play_with_subscribers,
            network_cache=network_cache,
        )

        connection_to_create.additional_properties = d
        return connection_to_create

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
