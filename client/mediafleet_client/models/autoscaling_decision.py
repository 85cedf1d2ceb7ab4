from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.autoscaling_cause import AutoscalingCause, check_autoscaling_cause

T = TypeVar("T", bound="AutoscalingDecision")


@_attrs_define
class AutoscalingDecision:
    """What evaluations decided. Several in a row that change nothing for the same cause are shown as one, with the numbers
    of the last.

        Example:
            {'timestamp': 1600678251771, 'evaluations': 1, 'cause': 'highLoad', 'reason': 'The average load (73.18%) is
                above the limits [30.00%, 70.00%] and the maximum of nodes (8) is not reached. Active nodes: 1 (0 launching and
                1 running). 1 new node is launched.', 'numNodes': 1, 'totalLoad': 73.18, 'avgLoad': 73.18, 'unknownLoads': 0,
                'restored': [], 'resumed': [], 'newNodes': 1, 'canceled': [], 'removed': []}

    """

    timestamp: int
    """ When the last of them was, in UTC milliseconds. """
    evaluations: int
    """ How many there were. """
    cause: AutoscalingCause
    """ Why autoscaling changes the cluster, or leaves it as it is. `belowMinNodes`, `aboveMaxNodes`: the number of
    active Media Nodes is out of its bounds. `highLoad`, `lowLoad`: the average load is beyond a limit.
    `withinLimits`: it is not. `atMaxNodes`, `atMinNodes`: it is, and the bound is reached. `loadOfFewerNodes`: it
    is low, and with a node fewer it would be too high. `reserved`: nodes would leave, but sessions were placed on
    them. `blind`: nodes would leave, but not all loads are known. """
    reason: str
    """ Why, with all numbers, for people; it must not be parsed. """
    num_nodes: int
    """ Active Media Nodes, those that run or are launching. """
    total_load: float
    """ Sum of the known loads of running and quarantined Media Nodes, in percent. """
    avg_load: float
    """ The same for each active Media Node; 0 without active ones. """
    unknown_loads: int
    """ How many of these loads are unknown. """
    restored: list[str]
    """ Media Nodes that go from quarantine to `running`. """
    resumed: list[str]
    """ Media Nodes that go from `canceled` to `launching`. """
    new_nodes: int
    """ How many Media Nodes are launched; on premises, how many are requested. """
    canceled: list[str]
    """ Media Nodes that go from `launching` to `canceled`. """
    removed: list[str]
    """ Media Nodes that go from `running` to quarantine, or to `terminating`. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        timestamp = self.timestamp

        evaluations = self.evaluations

        cause: str = self.cause

        reason = self.reason

        num_nodes = self.num_nodes

        total_load = self.total_load

        avg_load = self.avg_load

        unknown_loads = self.unknown_loads

        restored = self.restored

        resumed = self.resumed

        new_nodes = self.new_nodes

        canceled = self.canceled

        removed = self.removed

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "timestamp": timestamp,
                "evaluations": evaluations,
                "cause": cause,
                "reason": reason,
                "numNodes": num_nodes,
                "totalLoad": total_load,
                "avgLoad": avg_load,
                "unknownLoads": unknown_loads,
                "restored": restored,
                "resumed": resumed,
                "newNodes": new_nodes,
                "canceled": canceled,
                "removed": removed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        timestamp = d.pop("timestamp")

        evaluations = d.pop("evaluations")

        cause = check_autoscaling_cause(d.pop("cause"))

        reason = d.pop("reason")

        num_nodes = d.pop("numNodes")

        total_load = d.pop("totalLoad")

        avg_load = d.pop("avgLoad")

        unknown_loads = d.pop("unknownLoads")

        restored = cast(list[str], d.pop("restored"))

        resumed = cast(list[str], d.pop("resumed"))

        new_nodes = d.pop("newNodes")

        canceled = cast(list[str], d.pop("canceled"))

        removed = cast(list[str], d.pop("removed"))

        autoscaling_decision = cls(
            timestamp=timestamp,
            evaluations=evaluations,
            cause=cause,
            reason=reason,
            num_nodes=num_nodes,
            total_load=total_load,
            avg_load=avg_load,
            unknown_loads=unknown_loads,
            restored=restored,
            resumed=resumed,
            new_nodes=new_nodes,
            canceled=canceled,
            removed=removed,
        )

        autoscaling_decision.additional_properties = d
        return autoscaling_decision

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
