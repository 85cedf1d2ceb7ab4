from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="FailedComponent")


@_attrs_define
class FailedComponent:
    """A component of the server that does not work.

    Example:
        {'component': 'store', 'reason': 'OperationalError: database or disk is full'}

    """

    component: str
    """ Which: `store` keeps the cluster on the disk or in PostgreSQL; `lifecycle` reconciles the Media Nodes,
    `links` connects to them, `heartbeat` measures the delays of the event loop, `sizing` brings the cluster to its
    size, `environment` watches the machines, and `calls` keeps calls going. """
    reason: str
    """ Why, as far as it is known. For people; its wording may change. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        component = self.component

        reason = self.reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "component": component,
                "reason": reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        component = d.pop("component")

        reason = d.pop("reason")

        failed_component = cls(
            component=component,
            reason=reason,
        )

        failed_component.additional_properties = d
        return failed_component

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
