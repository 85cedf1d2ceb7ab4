from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.autoscaling_media_nodes import AutoscalingMediaNodes
    from ..models.autoscaling_system import AutoscalingSystem


T = TypeVar("T", bound="AutoscalingEvent")


@_attrs_define
class AutoscalingEvent:
    """Autoscaling changes the size of the cluster: a `mediaNodeStatusChanged` event follows for each Media Node. On
    premises Media Nodes that are missing are only requested, once for each request.

        Example:
            {'clusterId': 'clu_Nb7Qx0aZe', 'reason': 'The average load (73.18%) is above the limits [30.00%, 70.00%] and the
                maximum of nodes (8) is not reached. Active nodes: 1 (0 launching and 1 running). 1 new node is launched.',
                'mediaNodes': {'launch': {'total': 1, 'newNodes': 1, 'waitingIdleToTerminateNodes': [], 'canceledNodes': []},
                'terminate': {'total': 0, 'runningNodes': [], 'launchingNodes': []}}, 'system': {'config': {'maxNodes': 8,
                'minNodes': 1, 'maxAvgLoad': 70, 'minAvgLoad': 30}, 'status': {'numNodes': 1, 'totalLoad': 73.18, 'avgLoad':
                73.18, 'runningNodes': [{'id': 'kms_FVrQslIr', 'environmentId': 'i-1234567890abcdef0', 'ip': '172.17.0.2',
                'load': 73.18, 'status': 'running'}], 'launchingNodes': [], 'waitingIdleToTerminateNodes': [], 'canceledNodes':
                []}}, 'timestamp': 1600678251771}

    """

    cluster_id: str
    """ Identifies the cluster, see `OPENVIDU_PRO_CLUSTER_ID`. """
    reason: str
    """ Why, with all numbers, for people; it must not be parsed. """
    media_nodes: AutoscalingMediaNodes
    """ The Media Nodes that are added and removed. """
    system: AutoscalingSystem
    """ What the decision is based on. """
    timestamp: int
    """ When it happened, in UTC milliseconds. """
    event: str | Unset = UNSET
    """ The name of the event. Only the body of a webhook has it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cluster_id = self.cluster_id

        reason = self.reason

        media_nodes = self.media_nodes.to_dict()

        system = self.system.to_dict()

        timestamp = self.timestamp

        event = self.event

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "clusterId": cluster_id,
                "reason": reason,
                "mediaNodes": media_nodes,
                "system": system,
                "timestamp": timestamp,
            }
        )
        if event is not UNSET:
            field_dict["event"] = event

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.autoscaling_media_nodes import AutoscalingMediaNodes  # noqa: PLC0415
        from ..models.autoscaling_system import AutoscalingSystem  # noqa: PLC0415

        d = dict(src_dict)
        cluster_id = d.pop("clusterId")

        reason = d.pop("reason")

        media_nodes = AutoscalingMediaNodes.from_dict(d.pop("mediaNodes"))

        system = AutoscalingSystem.from_dict(d.pop("system"))

        timestamp = d.pop("timestamp")

        event = d.pop("event", UNSET)

        autoscaling_event = cls(
            cluster_id=cluster_id,
            reason=reason,
            media_nodes=media_nodes,
            system=system,
            timestamp=timestamp,
            event=event,
        )

        autoscaling_event.additional_properties = d
        return autoscaling_event

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
