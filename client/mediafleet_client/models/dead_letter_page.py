from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.dead_letter import DeadLetter


T = TypeVar("T", bound="DeadLetterPage")


@_attrs_define
class DeadLetterPage:
    """Some dead letters, and the cursor to go on with.

    Example:
        {'numberOfElements': 0, 'content': [], 'next': 4711, 'total': 0}

    """

    number_of_elements: int
    """ The number of dead letters in `content`. """
    content: list[DeadLetter]
    """ The dead letters, the oldest first. """
    next_: int
    """ The cursor for the next page, `after`; the one of this page if that has no dead letters. """
    total: int
    """ How many dead letters are kept. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        number_of_elements = self.number_of_elements

        content = []
        for content_item_data in self.content:
            content_item = content_item_data.to_dict()
            content.append(content_item)

        next_ = self.next_

        total = self.total

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "numberOfElements": number_of_elements,
                "content": content,
                "next": next_,
                "total": total,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.dead_letter import DeadLetter  # noqa: PLC0415

        d = dict(src_dict)
        number_of_elements = d.pop("numberOfElements")

        content = []
        _content = d.pop("content")
        for content_item_data in _content:
            content_item = DeadLetter.from_dict(content_item_data)

            content.append(content_item)

        next_ = d.pop("next")

        total = d.pop("total")

        dead_letter_page = cls(
            number_of_elements=number_of_elements,
            content=content,
            next_=next_,
            total=total,
        )

        dead_letter_page.additional_properties = d
        return dead_letter_page

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
