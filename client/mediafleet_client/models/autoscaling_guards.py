from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="AutoscalingGuards")


@_attrs_define
class AutoscalingGuards:
    """What keeps changes back, see the properties `MEDIAFLEET_AUTOSCALING_…` of a restart.

    Example:
        {'evaluations': 1, 'growthCooldown': 0, 'shrinkCooldown': 0, 'maxStep': 0, 'launchesPerHour': 0,
            'failedLaunches': 0, 'backOff': 60}

    """

    evaluations: int
    """ Evaluations in a row that must find the load beyond a limit. """
    growth_cooldown: int
    """ Seconds without growth after a change. """
    shrink_cooldown: int
    """ Seconds without shrinking after a change. """
    max_step: int
    """ Most Media Nodes that are added or removed at once; 0 is any number. """
    launches_per_hour: int
    """ Most launches within an hour; 0 is any number. """
    failed_launches: int
    """ Launches in a row that must fail until further ones wait; 0 is never. """
    back_off: int
    """ Seconds that they wait then. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        evaluations = self.evaluations

        growth_cooldown = self.growth_cooldown

        shrink_cooldown = self.shrink_cooldown

        max_step = self.max_step

        launches_per_hour = self.launches_per_hour

        failed_launches = self.failed_launches

        back_off = self.back_off

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "evaluations": evaluations,
                "growthCooldown": growth_cooldown,
                "shrinkCooldown": shrink_cooldown,
                "maxStep": max_step,
                "launchesPerHour": launches_per_hour,
                "failedLaunches": failed_launches,
                "backOff": back_off,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        evaluations = d.pop("evaluations")

        growth_cooldown = d.pop("growthCooldown")

        shrink_cooldown = d.pop("shrinkCooldown")

        max_step = d.pop("maxStep")

        launches_per_hour = d.pop("launchesPerHour")

        failed_launches = d.pop("failedLaunches")

        back_off = d.pop("backOff")

        autoscaling_guards = cls(
            evaluations=evaluations,
            growth_cooldown=growth_cooldown,
            shrink_cooldown=shrink_cooldown,
            max_step=max_step,
            launches_per_hour=launches_per_hour,
            failed_launches=failed_launches,
            back_off=back_off,
        )

        autoscaling_guards.additional_properties = d
        return autoscaling_guards

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
