from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="AutoscalingPolicy")


@_attrs_define
class AutoscalingPolicy:
    """The limits of the cluster.

    Example:
        {'minNodes': 1, 'maxNodes': 8, 'minLoad': 30, 'maxLoad': 70}

    """

    min_nodes: int
    """ Fewest active Media Nodes. """
    max_nodes: int
    """ Most active Media Nodes. """
    min_load: int
    """ Average load in percent below which the cluster shrinks. """
    max_load: int
    """ Average load in percent above which it grows. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        min_nodes = self.min_nodes

        max_nodes = self.max_nodes

        min_load = self.min_load

        max_load = self.max_load

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "minNodes": min_nodes,
                "maxNodes": max_nodes,
                "minLoad": min_load,
                "maxLoad": max_load,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        min_nodes = d.pop("minNodes")

        max_nodes = d.pop("maxNodes")

        min_load = d.pop("minLoad")

        max_load = d.pop("maxLoad")

        autoscaling_policy = cls(
            min_nodes=min_nodes,
            max_nodes=max_nodes,
            min_load=min_load,
            max_load=max_load,
        )

        autoscaling_policy.additional_properties = d
        return autoscaling_policy

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
