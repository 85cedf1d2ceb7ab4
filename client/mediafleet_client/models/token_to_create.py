from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.token_to_create_kurento_options_type_0 import TokenToCreateKurentoOptionsType0


T = TypeVar("T", bound="TokenToCreate")


@_attrs_define
class TokenToCreate:
    """The participant that a new token is for. Members that are not listed here are ignored, and null counts as absent.

    Example:
        {'session': 'physics-101', 'role': 'PUBLISHER'}

    """

    session: str
    """ The id of the session. """
    role: None | str | Unset = UNSET
    """ What the participant may do, see `ConnectionRole`; `PUBLISHER` if absent. """
    data: None | str | Unset = UNSET
    """ What the application attaches to the participant; it becomes `serverData`. """
    kurento_options: None | TokenToCreateKurentoOptionsType0 | Unset = UNSET
    """ Bandwidths and filters for the participant; the members of `KurentoOptions`. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.token_to_create_kurento_options_type_0 import TokenToCreateKurentoOptionsType0  # noqa: PLC0415

        session = self.session

        role: None | str | Unset
        if isinstance(self.role, Unset):
            role = UNSET
        else:
            role = self.role

        data: None | str | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        else:
            data = self.data

        kurento_options: dict[str, Any] | None | Unset
        if isinstance(self.kurento_options, Unset):
            kurento_options = UNSET
        elif isinstance(self.kurento_options, TokenToCreateKurentoOptionsType0):
            kurento_options = self.kurento_options.to_dict()
        else:
            kurento_options = self.kurento_options

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "session": session,
            }
        )
        if role is not UNSET:
            field_dict["role"] = role
        if data is not UNSET:
            field_dict["data"] = data
        if kurento_options is not UNSET:
            field_dict["kurentoOptions"] = kurento_options

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.token_to_create_kurento_options_type_0 import TokenToCreateKurentoOptionsType0  # noqa: PLC0415

        d = dict(src_dict)
        session = d.pop("session")

        def _parse_role(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        role = _parse_role(d.pop("role", UNSET))

        def _parse_data(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

        def _parse_kurento_options(data: object) -> None | TokenToCreateKurentoOptionsType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                kurento_options_type_0 = TokenToCreateKurentoOptionsType0.from_dict(data)

                return kurento_options_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TokenToCreateKurentoOptionsType0 | Unset, data)

        kurento_options = _parse_kurento_options(d.pop("kurentoOptions", UNSET))

        token_to_create = cls(
            session=session,
            role=role,
            data=data,
            kurento_options=kurento_options,
        )

        token_to_create.additional_properties = d
        return token_to_create

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
