from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.scaled_media_node import ScaledMediaNode


T = TypeVar("T", bound="AutoscalingLaunch")


@_attrs_define
class AutoscalingLaunch:
    """The Media Nodes that are added.

    Example:
        {'total': 1, 'newNodes': 1, 'waitingIdleToTerminateNodes': [], 'canceledNodes': []}

    """

    total: int
    """ How many, the sum of the others. """
    new_nodes: int
    """ How many are launched; on premises, how many must be added to the cluster. """
    waiting_idle_to_terminate_nodes: list[ScaledMediaNode]
    """ Those that go from `waiting-idle-to-terminate` to `running`. """
    canceled_nodes: list[ScaledMediaNode]
    """ Those that go from `canceled` to `launching`. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        total = self.total

        new_nodes = self.new_nodes

        waiting_idle_to_terminate_nodes = []
        for waiting_idle_to_terminate_nodes_item_data in self.waiting_idle_to_terminate_nodes:
            waiting_idle_to_terminate_nodes_item = waiting_idle_to_terminate_nodes_item_data.to_dict()
            waiting_idle_to_terminate_nodes.append(waiting_idle_to_terminate_nodes_item)

        canceled_nodes = []
        for canceled_nodes_item_data in self.canceled_nodes:
            canceled_nodes_item = canceled_nodes_item_data.to_dict()
            canceled_nodes.append(canceled_nodes_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "total": total,
                "newNodes": new_nodes,
                "waitingIdleToTerminateNodes": waiting_idle_to_terminate_nodes,
                "canceledNodes": canceled_nodes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.scaled_media_node import ScaledMediaNode  # noqa: PLC0415

        d = dict(src_dict)
        total = d.pop("total")

        new_nodes = d.pop("newNodes")

        waiting_idle_to_terminate_nodes = []
        _waiting_idle_to_terminate_nodes = d.pop("waitingIdleToTerminateNodes")
        for waiting_idle_to_terminate_nodes_item_data in _waiting_idle_to_terminate_nodes:
            waiting_idle_to_terminate_nodes_item = ScaledMediaNode.from_dict(waiting_idle_to_terminate_nodes_item_data)

            waiting_idle_to_terminate_nodes.append(waiting_idle_to_terminate_nodes_item)

        canceled_nodes = []
        _canceled_nodes = d.pop("canceledNodes")
        for canceled_nodes_item_data in _canceled_nodes:
            canceled_nodes_item = ScaledMediaNode.from_dict(canceled_nodes_item_data)

            canceled_nodes.append(canceled_nodes_item)

        autoscaling_launch = cls(
            total=total,
            new_nodes=new_nodes,
            waiting_idle_to_terminate_nodes=waiting_idle_to_terminate_nodes,
            canceled_nodes=canceled_nodes,
        )

        autoscaling_launch.additional_properties = d
        return autoscaling_launch

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
