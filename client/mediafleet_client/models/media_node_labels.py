from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.labels import Labels


T = TypeVar("T", bound="MediaNodeLabels")


@_attrs_define
class MediaNodeLabels:
    """The labels of a Media Node.

    Example:
        {'id': 'kms_FVrQslIr', 'labels': {'zone': 'eu-1'}}

    """

    id: str
    """ Identifies the Media Node in this API. It stays the same as long as the node is a member, also when the
    server restarts, and is never given to another node. """
    labels: Labels
    """ Labels of Media Nodes: values by name, 16 at most. A name has 1 to 63 letters, digits, `.`, `_`, `/` or `-`,
    a
    value up to 63 letters, digits, `.`, `_` or `-`; both begin and end with a letter or a digit, and a value may be
    empty. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        labels = self.labels.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "labels": labels,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.labels import Labels  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        labels = Labels.from_dict(d.pop("labels"))

        media_node_labels = cls(
            id=id,
            labels=labels,
        )

        media_node_labels.additional_properties = d
        return media_node_labels

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
