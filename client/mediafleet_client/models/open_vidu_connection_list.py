from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.open_vidu_connection import OpenViduConnection


T = TypeVar("T", bound="OpenViduConnectionList")


@_attrs_define
class OpenViduConnectionList:
    """The connections of a session, as OpenVidu 2.16 and later describe them.

    Example:
        {'numberOfElements': 0, 'content': []}

    """

    number_of_elements: int
    """ How many connections `content` holds. """
    content: list[OpenViduConnection]
    """ The connections. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        number_of_elements = self.number_of_elements

        content = []
        for content_item_data in self.content:
            content_item = content_item_data.to_dict()
            content.append(content_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "numberOfElements": number_of_elements,
                "content": content,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.open_vidu_connection import OpenViduConnection  # noqa: PLC0415

        d = dict(src_dict)
        number_of_elements = d.pop("numberOfElements")

        content = []
        _content = d.pop("content")
        for content_item_data in _content:
            content_item = OpenViduConnection.from_dict(content_item_data)

            content.append(content_item)

        open_vidu_connection_list = cls(
            number_of_elements=number_of_elements,
            content=content,
        )

        open_vidu_connection_list.additional_properties = d
        return open_vidu_connection_list

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
