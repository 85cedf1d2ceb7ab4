from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

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

    def to_dict(self) -> dict[str, Any]:
        start_time = self.start_time

        restart_counter = self.restart_counter

        last_restart_time = self.last_restart_time

        field_dict: dict[str, Any] = {}

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

        return open_vidu_status
