from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="OpenViduStatus")


@_attrs_define
class OpenViduStatus:
    """When the server started and was restarted.

    Example:
        {'startTime': 1600678236916, 'restartCounter': 1, 'lastRestartTime': 1600681836916}

    """

    start_time: int
    """ When the server's process began to serve, in UTC milliseconds. """
    restart_counter: int
    """ How often it was restarted with a new configuration since then. """
    last_restart_time: int
    """ When that was last, in UTC milliseconds; `startTime` if it never was. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        start_time = self.start_time

        restart_counter = self.restart_counter

        last_restart_time = self.last_restart_time

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "startTime": start_time,
                "restartCounter": restart_counter,
                "lastRestartTime": last_restart_time,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        start_time = d.pop("startTime")

        restart_counter = d.pop("restartCounter")

        last_restart_time = d.pop("lastRestartTime")

        open_vidu_status = cls(
            start_time=start_time,
            restart_counter=restart_counter,
            last_restart_time=last_restart_time,
        )

        open_vidu_status.additional_properties = d
        return open_vidu_status

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
