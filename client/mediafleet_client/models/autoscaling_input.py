from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.media_node_status import MediaNodeStatus, check_media_node_status

T = TypeVar("T", bound="AutoscalingInput")


@_attrs_define
class AutoscalingInput:
    """What autoscaling knows of a Media Node that counts.

    Example:
        {'id': 'kms_FVrQslIr', 'status': 'running', 'load': 73.18, 'sessions': 2}

    """

    id: str
    """ Identifies the Media Node in this API. It stays the same as long as the node is a member, also when the
    server restarts, and is never given to another node. """
    status: MediaNodeStatus
    """ Where a Media Node is in its life. A node begins as `launching` and makes only these moves:

    | status | meaning | goes on to |
    |---|---|---|
    | `launching` | It is being started or connected, and hosts nothing. | `running`, `failed`, `canceled` |
    | `canceled` | Its launch was cancelled but is still under way. It will not come to run. | `launching`,
    `terminating` |
    | `failed` | Its launch failed. It stays listed until it is removed or an hour has passed. | nothing |
    | `running` | It is at work and gets new sessions while it is connected. | `waiting-idle-to-terminate`,
    `terminating` |
    | `waiting-idle-to-terminate` | Quarantine: no new session; it goes when its last one has ended. | `running`,
    `terminating` |
    | `terminating` | Its sessions are being closed and its machine is being ended. | `terminated` |
    | `terminated` | It is gone, and no longer listed. | nothing |

    A node whose launch ends while it is `canceled` goes to `terminating` without ever running. The sessions of a
    node in quarantine go on, and participants may still come and go. Losing the connection to a node does not
    change its status: see `connected`.
     """
    load: float | None
    """ Its CPU load in percent. Null if it is unknown: it was not measured yet, the last measurement failed, or the
    Media Node is not connected or not running. """
    sessions: int
    """ How many sessions it hosts, as last known. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        status: str = self.status

        load: float | None
        load = self.load

        sessions = self.sessions

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "status": status,
                "load": load,
                "sessions": sessions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        status = check_media_node_status(d.pop("status"))

        def _parse_load(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        load = _parse_load(d.pop("load"))

        sessions = d.pop("sessions")

        autoscaling_input = cls(
            id=id,
            status=status,
            load=load,
            sessions=sessions,
        )

        autoscaling_input.additional_properties = d
        return autoscaling_input

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
