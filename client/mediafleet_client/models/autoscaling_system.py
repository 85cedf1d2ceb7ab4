from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.autoscaling_limits import AutoscalingLimits
    from ..models.autoscaling_status import AutoscalingStatus


T = TypeVar("T", bound="AutoscalingSystem")


@_attrs_define
class AutoscalingSystem:
    """What the decision is based on.

    Example:
        {'config': {'maxNodes': 8, 'minNodes': 1, 'maxAvgLoad': 70, 'minAvgLoad': 30}, 'status': {'numNodes': 1,
            'totalLoad': 73.18, 'avgLoad': 73.18, 'runningNodes': [{'id': 'kms_FVrQslIr', 'environmentId':
            'i-1234567890abcdef0', 'ip': '172.17.0.2', 'load': 73.18, 'status': 'running'}], 'launchingNodes': [],
            'waitingIdleToTerminateNodes': [], 'canceledNodes': []}}

    """

    config: AutoscalingLimits
    """ The limits of the cluster. """
    status: AutoscalingStatus
    """ The Media Nodes before the change. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        config = self.config.to_dict()

        status = self.status.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "config": config,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.autoscaling_limits import AutoscalingLimits  # noqa: PLC0415
        from ..models.autoscaling_status import AutoscalingStatus  # noqa: PLC0415

        d = dict(src_dict)
        config = AutoscalingLimits.from_dict(d.pop("config"))

        status = AutoscalingStatus.from_dict(d.pop("status"))

        autoscaling_system = cls(
            config=config,
            status=status,
        )

        autoscaling_system.additional_properties = d
        return autoscaling_system

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
