from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.connection_role import ConnectionRole, check_connection_role
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.kurento_options import KurentoOptions


T = TypeVar("T", bound="OpenViduToken")


@_attrs_define
class OpenViduToken:
    """A token, with which one participant can join a session once, as OpenVidu 2.16 and later describe it.

    Example:
        {'id': 'wss://media.example.com?sessionId=physics-101&token=tok_W1LlxOQElNQGcSIw&role=PUBLISHER&version=2.15.0',
            'token':
            'wss://media.example.com?sessionId=physics-101&token=tok_W1LlxOQElNQGcSIw&role=PUBLISHER&version=2.15.0',
            'createdAt': 1600678301234, 'connectionId': 'con_Xp4kB2cQeT', 'session': 'physics-101', 'data': '', 'role':
            'PUBLISHER'}

    """

    id: str
    """ The same as `token`. """
    token: str
    """ What the participant joins with: an address that its browser connects to. """
    created_at: int
    """ When it was created, in UTC milliseconds. """
    connection_id: str
    """ The id of the connection that the participant will have. """
    session: str
    """ The id of the session. """
    data: str
    """ What the application attached to the participant. Empty if nothing. """
    role: ConnectionRole
    """ What a participant may do in the session. A `SUBSCRIBER` receives streams, a `PUBLISHER` also sends, a
    `MODERATOR` also acts on the streams and connections of others. """
    kurento_options: KurentoOptions | Unset = UNSET
    """ Bandwidths of a participant's media, and the filters that it may apply. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        token = self.token

        created_at = self.created_at

        connection_id = self.connection_id

        session = self.session

        data = self.data

        role: str = self.role

        kurento_options: dict[str, Any] | Unset = UNSET
        if not isinstance(self.kurento_options, Unset):
            kurento_options = self.kurento_options.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "token": token,
                "createdAt": created_at,
                "connectionId": connection_id,
                "session": session,
                "data": data,
                "role": role,
            }
        )
        if kurento_options is not UNSET:
            field_dict["kurentoOptions"] = kurento_options

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.kurento_options import KurentoOptions  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        token = d.pop("token")

        created_at = d.pop("createdAt")

        connection_id = d.pop("connectionId")

        session = d.pop("session")

        data = d.pop("data")

        role = check_connection_role(d.pop("role"))

        _kurento_options = d.pop("kurentoOptions", UNSET)
        kurento_options: KurentoOptions | Unset = UNSET
        if _kurento_options is not UNSET and _kurento_options is not None:
            kurento_options = KurentoOptions.from_dict(_kurento_options)

        open_vidu_token = cls(
            id=id,
            token=token,
            created_at=created_at,
            connection_id=connection_id,
            session=session,
            data=data,
            role=role,
            kurento_options=kurento_options,
        )

        open_vidu_token.additional_properties = d
        return open_vidu_token

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
