from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.connection_role import ConnectionRole, check_connection_role
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.kurento_options import KurentoOptions


T = TypeVar("T", bound="Token")


@_attrs_define
class Token:
    """A token, with which one participant can join a session once.

    Example:
        {'id': 'wss://media.example.com?sessionId=physics-101&token=tok_W1LlxOQElNQGcSIw&role=PUBLISHER&version=2.15.0',
            'session': 'physics-101', 'role': 'PUBLISHER', 'data': '', 'token':
            'wss://media.example.com?sessionId=physics-101&token=tok_W1LlxOQElNQGcSIw&role=PUBLISHER&version=2.15.0'}

    """

    id: str
    """ The same as `token`. """
    session: str
    """ The id of the session. """
    role: ConnectionRole
    """ What a participant may do in the session. A `SUBSCRIBER` receives streams, a `PUBLISHER` also sends, a
    `MODERATOR` also acts on the streams and connections of others. """
    data: str
    """ What the application attached to the participant. Empty if nothing. """
    token: str
    """ What the participant joins with: an address that its browser connects to. """
    kurento_options: KurentoOptions | Unset = UNSET
    """ Bandwidths of a participant's media, and the filters that it may apply. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        session = self.session

        role: str = self.role

        data = self.data

        token = self.token

        kurento_options: dict[str, Any] | Unset = UNSET
        if not isinstance(self.kurento_options, Unset):
            kurento_options = self.kurento_options.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "session": session,
                "role": role,
                "data": data,
                "token": token,
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

        session = d.pop("session")

        role = check_connection_role(d.pop("role"))

        data = d.pop("data")

        token = d.pop("token")

        _kurento_options = d.pop("kurentoOptions", UNSET)
        kurento_options: KurentoOptions | Unset = UNSET
        if _kurento_options is not UNSET and _kurento_options is not None:
            kurento_options = KurentoOptions.from_dict(_kurento_options)

        token = cls(
            id=id,
            session=session,
            role=role,
            data=data,
            token=token,
            kurento_options=kurento_options,
        )

        token.additional_properties = d
        return token

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
