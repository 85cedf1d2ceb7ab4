from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.labels import Labels


T = TypeVar("T", bound="LabelsToSet")


@_attrs_define
class LabelsToSet:
    """All labels that a Media Node gets.

    Example:
        {'labels': {'zone': 'eu-1'}}

    """

    labels: Labels
    """ Labels of Media Nodes: values by name, 16 at most. A name has 1 to 63 letters, digits, `.`, `_`, `/` or `-`,
    a
    value up to 63 letters, digits, `.`, `_` or `-`; both begin and end with a letter or a digit, and a value may be
    empty. """

    def to_dict(self) -> dict[str, Any]:
        labels = self.labels.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "labels": labels,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.labels import Labels  # noqa: PLC0415

        d = dict(src_dict)
        labels = Labels.from_dict(d.pop("labels"))

        labels_to_set = cls(
            labels=labels,
        )

        return labels_to_set
