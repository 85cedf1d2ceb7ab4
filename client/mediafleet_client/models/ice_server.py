from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="IceServer")


@_attrs_define
class IceServer:
    """A STUN or TURN server.

    Example:
        {'url': 'stun:stun.example.com:3478'}

    """

    url: str
    """ Its address, with the scheme `stun`, `stuns`, `turn` or `turns`. """
    username: None | str | Unset = UNSET
    """ The user there. """
    credential: None | str | Unset = UNSET
    """ The password there. """
    static_auth_secret: None | str | Unset = UNSET
    """ The secret that the server has as static-auth-secret. User and password, valid for a day, are made of it
    when the connection is created, unless both are given. It is not kept, and not shown. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        url = self.url

        username: None | str | Unset
        if isinstance(self.username, Unset):
            username = UNSET
        else:
            username = self.username

        credential: None | str | Unset
        if isinstance(self.credential, Unset):
            credential = UNSET
        else:
            credential = self.credential

        static_auth_secret: None | str | Unset
        if isinstance(self.static_auth_secret, Unset):
            static_auth_secret = UNSET
        else:
            static_auth_secret = self.static_auth_secret

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "url": url,
            }
        )
        if username is not UNSET:
            field_dict["username"] = username
        if credential is not UNSET:
            field_dict["credential"] = credential
        if static_auth_secret is not UNSET:
            field_dict["staticAuthSecret"] = static_auth_secret

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        url = d.pop("url")

        def _parse_username(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        username = _parse_username(d.pop("username", UNSET))

        def _parse_credential(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        credential = _parse_credential(d.pop("credential", UNSET))

        def _parse_static_auth_secret(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        static_auth_secret = _parse_static_auth_secret(d.pop("staticAuthSecret", UNSET))

        ice_server = cls(
            url=url,
            username=username,
            credential=credential,
            static_auth_secret=static_auth_secret,
        )

        ice_server.additional_properties = d
        return ice_server

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
