from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.scaled_media_node import ScaledMediaNode


T = TypeVar("T", bound="AutoscalingStatus")


@_attrs_define
class AutoscalingStatus:
    """The Media Nodes before the change.

    Example:
        {'numNodes': 1, 'totalLoad': 73.18, 'avgLoad': 73.18, 'runningNodes': [{'id': 'kms_FVrQslIr', 'environmentId':
            'i-1234567890abcdef0', 'ip': '172.17.0.2', 'load': 73.18, 'status': 'running'}], 'launchingNodes': [],
            'waitingIdleToTerminateNodes': [], 'canceledNodes': []}

    """

    num_nodes: int
    """ Active Media Nodes, those that run or are launching. """
    total_load: float
    """ Sum of the loads of running and quarantined Media Nodes, in percent. """
    avg_load: float
    """ The same for each active Media Node. It can be above 100; it is 0 without active ones. """
    running_nodes: list[ScaledMediaNode]
    """ Those that run. """
    launching_nodes: list[ScaledMediaNode]
    """ Those that are launching. """
    waiting_idle_to_terminate_nodes: list[ScaledMediaNode]
    """ Those in quarantine. """
    canceled_nodes: list[ScaledMediaNode]
    """ Those whose launch was canceled. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        num_nodes = self.num_nodes

        total_load = self.total_load

        avg_load = self.avg_load

        running_nodes = []
        for running_nodes_item_data in self.running_nodes:
            running_nodes_item = running_nodes_item_data.to_dict()
            running_nodes.append(running_nodes_item)

        launching_nodes = []
        for launching_nodes_item_data in self.launching_nodes:
            launching_nodes_item = launching_nodes_item_data.to_dict()
            launching_nodes.append(launching_nodes_item)

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
                "numNodes": num_nodes,
                "totalLoad": total_load,
                "avgLoad": avg_load,
                "runningNodes": running_nodes,
                "launchingNodes": launching_nodes,
                "waitingIdleToTerminateNodes": waiting_idle_to_terminate_nodes,
                "canceledNodes": canceled_nodes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.scaled_media_node import ScaledMediaNode  # noqa: PLC0415

        d = dict(src_dict)
        num_nodes = d.pop("numNodes")

        total_load = d.pop("totalLoad")

        avg_load = d.pop("avgLoad")

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

        autoscaling_status = cls(
            num_nodes=num_nodes,
            total_load=total_load,
            avg_load=avg_load,
            running_nodes=running_nodes,
            launching_nodes=launching_nodes,
            waiting_idle_to_terminate_nodes=waiting_idle_to_terminate_nodes,
            canceled_nodes=canceled_nodes,
        )

        autoscaling_status.additional_properties = d
        return autoscaling_status

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
