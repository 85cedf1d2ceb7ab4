from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.connection_kind import ConnectionKind, check_connection_kind
from ..models.connection_object import ConnectionObject, check_connection_object
from ..models.connection_status import ConnectionStatus, check_connection_status

if TYPE_CHECKING:
    from ..models.ice_server import IceServer
    from ..models.kurento_options import KurentoOptions
    from ..models.publisher import Publisher
    from ..models.subscriber import Subscriber


T = TypeVar("T", bound="OpenViduConnection")


@_attrs_define
class OpenViduConnection:
    """A participant of a session, a camera in it, or a place that is kept for a participant; as OpenVidu 2.16 and later
    describe it.

        Example:
            {'id': 'con_Xp4kB2cQeT', 'object': 'connection', 'status': 'pending', 'connectionId': 'con_Xp4kB2cQeT',
                'sessionId': 'physics-101', 'createdAt': 1600678301234, 'activeAt': None, 'location': None, 'ip': None,
                'platform': None, 'token': 'wss://media.example.com?sessionId=physics-101&token=tok_W1LlxOQElNQGcSIw', 'type':
                'WEBRTC', 'record': True, 'role': 'PUBLISHER', 'kurentoOptions': {}, 'customIceServers': [], 'rtspUri': None,
                'adaptativeBitrate': None, 'onlyPlayWithSubscribers': None, 'networkCache': None, 'serverData': 'seat=12',
                'clientData': None, 'publishers': None, 'subscribers': None}

    """

    id: str
    """ The same as `connectionId`. """
    object_: ConnectionObject
    """ Marks an object as a connection. """
    status: ConnectionStatus
    """ Whether somebody uses a connection. `pending`: nobody has joined with its token yet; `active`: a participant
    or a camera is there. """
    connection_id: str
    """ Identifies the connection in its session. It begins with `con_`, for an IP camera with `ipc_`. """
    session_id: str
    """ The id of the session. """
    created_at: int
    """ When the connection was created, in UTC milliseconds. """
    active_at: int | None
    """ When the participant joined, in UTC milliseconds. Null while nobody has, as the other members that only a
    participant has. """
    location: None | str
    """ City and country of the participant, or `unknown`. """
    ip: None | str
    """ The address that the participant came from. """
    platform: None | str
    """ Browser and operating system of the participant, as far as they are known. """
    token: None | str
    """ The token to join with. Null for an IP camera. """
    type_: ConnectionKind
    """ For whom a connection is. `WEBRTC`: a participant; `IPCAM`: a camera. """
    record: bool
    """ Whether the streams of the participant are part of individual recordings. """
    role: None | str
    """ What the participant may do, see `ConnectionRole`. Null for an IP camera. """
    kurento_options: KurentoOptions
    """ Bandwidths of a participant's media, and the filters that it may apply. """
    custom_ice_servers: list[IceServer]
    """ The servers that the participant uses to find a way for its media, in place of the configured ones. """
    rtsp_uri: None | str
    """ Where the stream is fetched from. Null unless it is an IP camera, as the three following members. """
    adaptative_bitrate: bool | None
    """ Whether the bitrate follows what the receivers can take. """
    only_play_with_subscribers: bool | None
    """ Whether the stream is fetched only while somebody receives it. """
    network_cache: int | None
    """ Milliseconds of the stream that are buffered. """
    server_data: str
    """ What the application attached to the connection. Empty if nothing. """
    client_data: None | str
    """ What the participant's client stated about itself when it joined. """
    publishers: list[Publisher] | None
    """ The streams that the participant sends. """
    subscribers: list[Subscriber] | None
    """ The streams that the participant receives. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        object_: str = self.object_

        status: str = self.status

        connection_id = self.connection_id

        session_id = self.session_id

        created_at = self.created_at

        active_at: int | None
        active_at = self.active_at

        location: None | str
        location = self.location

        ip: None | str
        ip = self.ip

        platform: None | str
        platform = self.platform

        token: None | str
        token = self.token

        type_: str = self.type_

        record = self.record

        role: None | str
        role = self.role

        kurento_options = self.kurento_options.to_dict()

        custom_ice_servers = []
        for custom_ice_servers_item_data in self.custom_ice_servers:
            custom_ice_servers_item = custom_ice_servers_item_data.to_dict()
            custom_ice_servers.append(custom_ice_servers_item)

        rtsp_uri: None | str
        rtsp_uri = self.rtsp_uri

        adaptative_bitrate: bool | None
        adaptative_bitrate = self.adaptative_bitrate

        only_play_with_subscribers: bool | None
        only_play_with_subscribers = self.only_play_with_subscribers

        network_cache: int | None
        network_cache = self.network_cache

        server_data = self.server_data

        client_data: None | str
        client_data = self.client_data

        publishers: list[dict[str, Any]] | None
        if isinstance(self.publishers, list):
            publishers = []
            for publishers_type_0_item_data in self.publishers:
                publishers_type_0_item = publishers_type_0_item_data.to_dict()
                publishers.append(publishers_type_0_item)

        else:
            publishers = self.publishers

        subscribers: list[dict[str, Any]] | None
        if isinstance(self.subscribers, list):
            subscribers = []
            for subscribers_type_0_item_data in self.subscribers:
                subscribers_type_0_item = subscribers_type_0_item_data.to_dict()
                subscribers.append(subscribers_type_0_item)

        else:
            subscribers = self.subscribers

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "object": object_,
                "status": status,
                "connectionId": connection_id,
                "sessionId": session_id,
                "createdAt": created_at,
                "activeAt": active_at,
                "location": location,
                "ip": ip,
                "platform": platform,
                "token": token,
                "type": type_,
                "record": record,
                "role": role,
                "kurentoOptions": kurento_options,
                "customIceServers": custom_ice_servers,
                "rtspUri": rtsp_uri,
                "adaptativeBitrate": adaptative_bitrate,
                "onlyPlayWithSubscribers": only_play_with_subscribers,
                "networkCache": network_cache,
                "serverData": server_data,
                "clientData": client_data,
                "publishers": publishers,
                "subscribers": subscribers,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ice_server import IceServer  # noqa: PLC0415
        from ..models.kurento_options import KurentoOptions  # noqa: PLC0415
        from ..models.publisher import Publisher  # noqa: PLC0415
        from ..models.subscriber import Subscriber  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        object_ = check_connection_object(d.pop("object"))

        status = check_connection_status(d.pop("status"))

        connection_id = d.pop("connectionId")

        session_id = d.pop("sessionId")

        created_at = d.pop("createdAt")

        def _parse_active_at(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        active_at = _parse_active_at(d.pop("activeAt"))

        def _parse_location(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        location = _parse_location(d.pop("location"))

        def _parse_ip(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ip = _parse_ip(d.pop("ip"))

        def _parse_platform(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        platform = _parse_platform(d.pop("platform"))

        def _parse_token(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        token = _parse_token(d.pop("token"))

        type_ = check_connection_kind(d.pop("type"))

        record = d.pop("record")

        def _parse_role(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        role = _parse_role(d.pop("role"))

        kurento_options = KurentoOptions.from_dict(d.pop("kurentoOptions"))

        custom_ice_servers = []
        _custom_ice_servers = d.pop("customIceServers")
        for custom_ice_servers_item_data in _custom_ice_servers:
            custom_ice_servers_item = IceServer.from_dict(custom_ice_servers_item_data)

            custom_ice_servers.append(custom_ice_servers_item)

        def _parse_rtsp_uri(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        rtsp_uri = _parse_rtsp_uri(d.pop("rtspUri"))

        def _parse_adaptative_bitrate(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        adaptative_bitrate = _parse_adaptative_bitrate(d.pop("adaptativeBitrate"))

        def _parse_only_play_with_subscribers(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        only_play_with_subscribers = _parse_only_play_with_subscribers(d.pop("onlyPlayWithSubscribers"))

        def _parse_network_cache(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        network_cache = _parse_network_cache(d.pop("networkCache"))

        server_data = d.pop("serverData")

        def _parse_client_data(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        client_data = _parse_client_data(d.pop("clientData"))

        def _parse_publishers(data: object) -> list[Publisher] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                publishers_type_0 = []
                _publishers_type_0 = data
                for publishers_type_0_item_data in _publishers_type_0:
                    publishers_type_0_item = Publisher.from_dict(publishers_type_0_item_data)

                    publishers_type_0.append(publishers_type_0_item)

                return publishers_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Publisher] | None, data)

        publishers = _parse_publishers(d.pop("publishers"))

        def _parse_subscribers(data: object) -> list[Subscriber] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                subscribers_type_0 = []
                _subscribers_type_0 = data
                for subscribers_type_0_item_data in _subscribers_type_0:
                    subscribers_type_0_item = Subscriber.from_dict(subscribers_type_0_item_data)

                    subscribers_type_0.append(subscribers_type_0_item)

                return subscribers_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Subscriber] | None, data)

        subscribers = _parse_subscribers(d.pop("subscribers"))

        open_vidu_connection = cls(
            id=id,
            object_=object_,
            status=status,
            connection_id=connection_id,
            session_id=session_id,
            created_at=created_at,
            active_at=active_at,
            location=location,
            ip=ip,
            platform=platform,
            token=token,
            type_=type_,
            record=record,
            role=role,
            kurento_options=kurento_options,
            custom_ice_servers=custom_ice_servers,
            rtsp_uri=rtsp_uri,
            adaptative_bitrate=adaptative_bitrate,
            only_play_with_subscribers=only_play_with_subscribers,
            network_cache=network_cache,
            server_data=server_data,
            client_data=client_data,
            publishers=publishers,
            subscribers=subscribers,
        )

        open_vidu_connection.additional_properties = d
        return open_vidu_connection

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
