from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Capacity")


@_attrs_define
class Capacity:
    """What is left of the cluster without this Media Node and all others that are drained.

    Example:
        {'remaining': 2, 'load': 60, 'moved': 31.4, 'suffices': True}

    """

    remaining: int
    """ How many Media Nodes that are running and connected. """
    load: float
    """ Their load, added up, in percent of one machine. One that was not measured counts as 100 if the Media Node
    is connected and hosts sessions, else as 0. """
    moved: float
    """ The load of the others, likewise, which they would take over. """
    suffices: bool
    """ Whether there are any, and both loads together are at most 100 for each of them. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        remaining = self.remaining

        load = self.load

        moved = self.moved

        suffices = self.suffices

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "remaining": remaining,
                "load": load,
                "moved": moved,
                "suffices": suffices,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        remaining = d.pop("remaining")

        load = d.pop("load")

        moved = d.pop("moved")

        suffices = d.pop("suffices")

        capacity = cls(
            remaining=remaining,
            load=load,
            moved=moved,
            suffices=suffices,
        )

        capacity.additional_properties = d
        return capacity

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
