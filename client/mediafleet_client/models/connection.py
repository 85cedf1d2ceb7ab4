from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.connection_role import ConnectionRole, check_connection_role
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.publisher import Publisher
    from ..models.subscriber import Subscriber


T = TypeVar("T", bound="Connection")


@_attrs_define
class Connection:
    """A participant of a session.

    Example:
        {'connectionId': 'con_Xp4kB2cQeT', 'createdAt': 1600678301234, 'location': 'unknown', 'platform': 'Chrome
            85.0.4183.102 on Linux 64-bit', 'role': 'PUBLISHER', 'serverData': '', 'clientData': 'Ada', 'publishers': [],
            'subscribers': []}

    """

    connection_id: str
    """ Identifies the participant in its session. It begins with `con_`, for an IP camera with `ipc_`. """
    created_at: int
    """ When the participant joined, in UTC milliseconds. """
    location: str
    """ City and country of the participant, or `unknown`. """
    platform: str
    """ Browser and operating system of the participant, as far as they are known. """
    role: ConnectionRole
    """ What a participant may do in the session. A `SUBSCRIBER` receives streams, a `PUBLISHER` also sends, a
    `MODERATOR` also acts on the streams and connections of others. """
    server_data: str
    """ What the application attached to the participant when it made the token. Empty if nothing. """
    client_data: str
    """ What the participant's client stated about itself when it joined. Empty if nothing. """
    publishers: list[Publisher]
    """ The streams that the participant sends. """
    subscribers: list[Subscriber]
    """ The streams that the participant receives. """
    token: str | Unset = UNSET
    """ The token that the participant joined with. Absent for an IP camera. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        connection_id = self.connection_id

        created_at = self.created_at

        location = self.location

        platform = self.platform

        role: str = self.role

        server_data = self.server_data

        client_data = self.client_data

        publishers = []
        for publishers_item_data in self.publishers:
            publishers_item = publishers_item_data.to_dict()
            publishers.append(publishers_item)

        subscribers = []
        for subscribers_item_data in self.subscribers:
            subscribers_item = subscribers_item_data.to_dict()
            subscribers.append(subscribers_item)

        token = self.token

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "connectionId": connection_id,
                "createdAt": created_at,
                "location": location,
                "platform": platform,
                "role": role,
                "serverData": server_data,
                "clientData": client_data,
                "publishers": publishers,
                "subscribers": subscribers,
            }
        )
        if token is not UNSET:
            field_dict["token"] = token

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.publisher import Publisher  # noqa: PLC0415
        from ..models.subscriber import Subscriber  # noqa: PLC0415

        d = dict(src_dict)
        connection_id = d.pop("connectionId")

        created_at = d.pop("createdAt")

        location = d.pop("location")

        platform = d.pop("platform")

        role = check_connection_role(d.pop("role"))

        server_data = d.pop("serverData")

        client_data = d.pop("clientData")

        publishers = []
        _publishers = d.pop("publishers")
        for publishers_item_data in _publishers:
            publishers_item = Publisher.from_dict(publishers_item_data)

            publishers.append(publishers_item)

        subscribers = []
        _subscribers = d.pop("subscribers")
        for subscribers_item_data in _subscribers:
            subscribers_item = Subscriber.from_dict(subscribers_item_data)

            subscribers.append(subscribers_item)

        token = d.pop("token", UNSET)

        connection = cls(
            connection_id=connection_id,
            created_at=created_at,
            location=location,
            platform=platform,
            role=role,
            server_data=server_data,
            client_data=client_data,
            publishers=publishers,
            subscribers=subscribers,
            token=token,
        )

        connection.additional_properties = d
        return connection

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
