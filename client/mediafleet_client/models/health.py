from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.health_status import HealthStatus, check_health_status

if TYPE_CHECKING:
    from ..models.failed_component import FailedComponent
    from ..models.waiting_media_node import WaitingMediaNode


T = TypeVar("T", bound="Health")


@_attrs_define
class Health:
    """Whether the server works, since when it runs, which Media Nodes are disconnected, and what it waits for.

    Example:
        {'status': 'UP', 'startTime': 1600678236916, 'restartCounter': 1, 'lastRestartTime': 1600681836916,
            'failedComponents': [], 'disconnectedMediaNodes': ['kms_FVrQslIr'], 'waitingMediaNodes': []}

    """

    status: HealthStatus
    """ The health of the server.

    | value | meaning |
    |---|---|
    | `UP` | All its components work. |
    | `UNSTABLE` | It works, but a component fails that is not needed for now. |
    | `DOWN` | A component that is needed fails: changes are refused, or nothing happens by itself. |
     """
    start_time: int
    """ When the server's process began to serve, in UTC milliseconds. """
    restart_counter: int
    """ How often it was restarted with a new configuration since then. """
    last_restart_time: int
    """ When that was last, in UTC milliseconds; `startTime` if it never was. """
    failed_components: list[FailedComponent]
    """ Components of the server that do not work; none if the status is `UP`. """
    disconnected_media_nodes: list[str]
    """ Ids of Media Nodes in status `running` or `waiting-idle-to-terminate` that are not connected. """
    waiting_media_nodes: list[WaitingMediaNode]
    """ Media Nodes in status `launching`, `canceled`, `waiting-idle-to-terminate` or `terminating`, with the reason
    why they still are. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        status: str = self.status

        start_time = self.start_time

        restart_counter = self.restart_counter

        last_restart_time = self.last_restart_time

        failed_components = []
        for failed_components_item_data in self.failed_components:
            failed_components_item = failed_components_item_data.to_dict()
            failed_components.append(failed_components_item)

        disconnected_media_nodes = self.disconnected_media_nodes

        waiting_media_nodes = []
        for waiting_media_nodes_item_data in self.waiting_media_nodes:
            waiting_media_nodes_item = waiting_media_nodes_item_data.to_dict()
            waiting_media_nodes.append(waiting_media_nodes_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "status": status,
                "startTime": start_time,
                "restartCounter": restart_counter,
                "lastRestartTime": last_restart_time,
                "failedComponents": failed_components,
                "disconnectedMediaNodes": disconnected_media_nodes,
                "waitingMediaNodes": waiting_media_nodes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.failed_component import FailedComponent  # noqa: PLC0415
        from ..models.waiting_media_node import WaitingMediaNode  # noqa: PLC0415

        d = dict(src_dict)
        status = check_health_status(d.pop("status"))

        start_time = d.pop("startTime")

        restart_counter = d.pop("restartCounter")

        last_restart_time = d.pop("lastRestartTime")

        failed_components = []
        _failed_components = d.pop("failedComponents")
        for failed_components_item_data in _failed_components:
            failed_components_item = FailedComponent.from_dict(failed_components_item_data)

            failed_components.append(failed_components_item)

        disconnected_media_nodes = cast(list[str], d.pop("disconnectedMediaNodes"))

        waiting_media_nodes = []
        _waiting_media_nodes = d.pop("waitingMediaNodes")
        for waiting_media_nodes_item_data in _waiting_media_nodes:
            waiting_media_nodes_item = WaitingMediaNode.from_dict(waiting_media_nodes_item_data)

            waiting_media_nodes.append(waiting_media_nodes_item)

        health = cls(
            status=status,
            start_time=start_time,
            restart_counter=restart_counter,
            last_restart_time=last_restart_time,
            failed_components=failed_components,
            disconnected_media_nodes=disconnected_media_nodes,
            waiting_media_nodes=waiting_media_nodes,
        )

        health.additional_properties = d
        return health

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
