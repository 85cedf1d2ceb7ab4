from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.autoscaling_launch import AutoscalingLaunch
    from ..models.autoscaling_termination import AutoscalingTermination


T = TypeVar("T", bound="AutoscalingMediaNodes")


@_attrs_define
class AutoscalingMediaNodes:
    """The Media Nodes that are added and removed.

    Example:
        {'launch': {'total': 1, 'newNodes': 1, 'waitingIdleToTerminateNodes': [], 'canceledNodes': []}, 'terminate':
            {'total': 0, 'runningNodes': [], 'launchingNodes': []}}

    """

    launch: AutoscalingLaunch
    """ The Media Nodes that are added. """
    terminate: AutoscalingTermination
    """ The Media Nodes that are removed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        launch = self.launch.to_dict()

        terminate = self.terminate.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "launch": launch,
                "terminate": terminate,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.autoscaling_launch import AutoscalingLaunch  # noqa: PLC0415
        from ..models.autoscaling_termination import AutoscalingTermination  # noqa: PLC0415

        d = dict(src_dict)
        launch = AutoscalingLaunch.from_dict(d.pop("launch"))

        terminate = AutoscalingTermination.from_dict(d.pop("terminate"))

        autoscaling_media_nodes = cls(
            launch=launch,
            terminate=terminate,
        )

        autoscaling_media_nodes.additional_properties = d
        return autoscaling_media_nodes

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
