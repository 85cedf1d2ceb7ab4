from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.health_status import HealthStatus

T = TypeVar("T", bound="Health")


@_attrs_define
class Health:
    """Since when the server runs, and what it has lost touch with.

    Example:
        {'status': 'UP', 'startTime': 1600678236916, 'restartCounter': 1, 'lastRestartTime': 1600681836916,
            'disconnectedMediaNodes': ['kms_FVrQslIr']}

    """

    status: HealthStatus
    """ The health of the server.

    | value | meaning |
    |---|---|
    | `UP` | It serves requests. |
     """
    start_time: int
    """ When the server's process began to serve, in UTC milliseconds. """
    restart_counter: int
    """ How often it was restarted with a new configuration since then. """
    last_restart_time: int
    """ When that was last, in UTC milliseconds; `startTime` if it never was. """
    disconnected_media_nodes: list[str]
    """ Ids of Media Nodes in status `running` or `waiting-idle-to-terminate` that are not connected. """

    def to_dict(self) -> dict[str, Any]:
        status = self.status.value

        start_time = self.start_time

        restart_counter = self.restart_counter

        last_restart_time = self.last_restart_time

        disconnected_media_nodes = self.disconnected_media_nodes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "status": status,
                "startTime": start_time,
                "restartCounter": restart_counter,
                "lastRestartTime": last_restart_time,
                "disconnectedMediaNodes": disconnected_media_nodes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        status = HealthStatus(d.pop("status"))

        start_time = d.pop("startTime")

        restart_counter = d.pop("restartCounter")

        last_restart_time = d.pop("lastRestartTime")

        disconnected_media_nodes = cast(list[str], d.pop("disconnectedMediaNodes"))

        health = cls(
            status=status,
            start_time=start_time,
            restart_counter=restart_counter,
            last_restart_time=last_restart_time,
            disconnected_media_nodes=disconnected_media_nodes,
        )

        return health
