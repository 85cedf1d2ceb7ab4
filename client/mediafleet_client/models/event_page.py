from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.stored_event import StoredEvent


T = TypeVar("T", bound="EventPage")


@_attrs_define
class EventPage:
    """Some events that follow one another, and the cursor to go on with.

    Example:
        {'numberOfElements': 1, 'content': [{'sequence': 4711, 'event': 'mediaNodeStatusChanged', 'mediaNodeId':
            'kms_FVrQslIr', 'timestamp': 1600678251771, 'payload': {'timestamp': 1600678251771, 'id': 'kms_FVrQslIr',
            'environmentId': None, 'ip': '172.17.0.2', 'uri': 'ws://172.17.0.2:8888/kurento', 'newStatus': 'running',
            'oldStatus': 'launching', 'clusterId': 'clu_Nb7Qx0aZe'}, 'hash':
            '7c0d7ad7e5a4dd5b7e7b6a0f1d2c3b4a5968778695a4b3c2d1e0f9a8b7c6d5e4'}], 'next': 4711, 'oldest': 1, 'newest': 4711}

    """

    number_of_elements: int
    """ The number of events in `content`. """
    content: list[StoredEvent]
    """ The events, the oldest first. """
    next_: int
    """ The cursor for the next page, `after`; the one of this page if that has no events. """
    oldest: int
    """ Number of the oldest event that is kept; one above `newest` if none is. """
    newest: int
    """ Number of the newest event; 0 if there was none yet. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        number_of_elements = self.number_of_elements

        content = []
        for content_item_data in self.content:
            content_item = content_item_data.to_dict()
            content.append(content_item)

        next_ = self.next_

        oldest = self.oldest

        newest = self.newest

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "numberOfElements": number_of_elements,
                "content": content,
                "next": next_,
                "oldest": oldest,
                "newest": newest,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.stored_event import StoredEvent  # noqa: PLC0415

        d = dict(src_dict)
        number_of_elements = d.pop("numberOfElements")

        content = []
        _content = d.pop("content")
        for content_item_data in _content:
            content_item = StoredEvent.from_dict(content_item_data)

            content.append(content_item)

        next_ = d.pop("next")

        oldest = d.pop("oldest")

        newest = d.pop("newest")

        event_page = cls(
            number_of_elements=number_of_elements,
            content=content,
            next_=next_,
            oldest=oldest,
            newest=newest,
        )

        event_page.additional_properties = d
        return event_page

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
