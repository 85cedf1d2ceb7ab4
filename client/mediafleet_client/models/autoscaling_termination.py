from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.scaled_media_node import ScaledMediaNode


T = TypeVar("T", bound="AutoscalingTermination")


@_attrs_define
class AutoscalingTermination:
    """The Media Nodes that are removed.

    Example:
        {'total': 0, 'runningNodes': [], 'launchingNodes': []}

    """

    total: int
    """ How many, the sum of the others. """
    running_nodes: list[ScaledMediaNode]
    """ Those that go from `running` to `waiting-idle-to-terminate`, or to `terminating` if they host no session.
    """
    launching_nodes: list[ScaledMediaNode]
    """ Those that go from `launching` to `canceled`. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        total = self.total

        running_nodes = []
        for running_nodes_item_data in self.running_nodes:
            running_nodes_item = running_nodes_item_data.to_dict()
            running_nodes.append(running_nodes_item)

        launching_nodes = []
        for launching_nodes_item_data in self.launching_nodes:
            launching_nodes_item = launching_nodes_item_data.to_dict()
            launching_nodes.append(launching_nodes_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "total": total,
                "runningNodes": running_nodes,
                "launchingNodes": launching_nodes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.scaled_media_node import ScaledMediaNode  # noqa: PLC0415

        d = dict(src_dict)
        total = d.pop("total")

        running_nodes = []
        _running_nodes = d.pop("runningNodes")
        for running_nodes_item_data in _running_nodes:
            running_nodes_item = ScaledMediaNode.from_dict(running_nodes_item_data)

            running_nodes.append(running_nodes_item)

        launching_nodes = []
        _launching_nodes = d.pop("launchingNodes")
        for launching_nodes_item_data in _launching_nodes:
            launching_nodes_item = ScaledMediaNode.from_dict(launching_nodes_item_data)

            launching_nodes.append(launching_nodes_item)

        autoscaling_termination = cls(
            total=total,
            running_nodes=running_nodes,
            launching_nodes=launching_nodes,
        )

        autoscaling_termination.additional_properties = d
        return autoscaling_termination

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
