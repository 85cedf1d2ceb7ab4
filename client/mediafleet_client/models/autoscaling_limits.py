from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="AutoscalingLimits")


@_attrs_define
class AutoscalingLimits:
    """The limits of the cluster.

    Example:
        {'maxNodes': 8, 'minNodes': 1, 'maxAvgLoad': 70, 'minAvgLoad': 30}

    """

    max_nodes: int
    """ Most active Media Nodes. """
    min_nodes: int
    """ Fewest active Media Nodes. """
    max_avg_load: int
    """ Average load in percent above which the cluster grows. """
    min_avg_load: int
    """ Average load in percent below which the cluster shrinks. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        max_nodes = self.max_nodes

        min_nodes = self.min_nodes

        max_avg_load = self.max_avg_load

        min_avg_load = self.min_avg_load

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "maxNodes": max_nodes,
                "minNodes": min_nodes,
                "maxAvgLoad": max_avg_load,
                "minAvgLoad": min_avg_load,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        max_nodes = d.pop("maxNodes")

        min_nodes = d.pop("minNodes")

        max_avg_load = d.pop("maxAvgLoad")

        min_avg_load = d.pop("minAvgLoad")

        autoscaling_limits = cls(
            max_nodes=max_nodes,
            min_nodes=min_nodes,
            max_avg_load=max_avg_load,
            min_avg_load=min_avg_load,
        )

        autoscaling_limits.additional_properties = d
        return autoscaling_limits

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
