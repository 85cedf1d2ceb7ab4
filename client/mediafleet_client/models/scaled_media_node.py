from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.media_node_status import MediaNodeStatus, check_media_node_status

T = TypeVar("T", bound="ScaledMediaNode")


@_attrs_define
class ScaledMediaNode:
    """A Media Node as an `autoscaling` event shows it: as it was before the change.

    Example:
        {'id': 'kms_FVrQslIr', 'environmentId': 'i-1234567890abcdef0', 'ip': '172.17.0.2', 'load': 73.18, 'status':
            'running'}

    """

    id: str
    """ Identifies the Media Node in this API. It stays the same as long as the node is a member, also when the
    server restarts, and is never given to another node. """
    environment_id: None | str
    """ Identifies the node's machine in its environment: an EC2 instance id, a container id, a process. Null while
    it is not known yet, and in the environment `on_premise` unless the node was discovered. """
    ip: None | str
    """ The address of the Media Node: the host of its `uri`, for IPv6 without the brackets. A host name, where the
    `uri` has one. Null while it is not known yet. """
    load: float
    """ Its CPU load in percent; the last one if it is unknown, and 0 while it is launching. """
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
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        environment_id: None | str
        environment_id = self.environment_id

        ip: None | str
        ip = self.ip

        load = self.load

        status: str = self.status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "environmentId": environment_id,
                "ip": ip,
                "load": load,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        def _parse_environment_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        environment_id = _parse_environment_id(d.pop("environmentId"))

        def _parse_ip(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ip = _parse_ip(d.pop("ip"))

        load = d.pop("load")

        status = check_media_node_status(d.pop("status"))

        scaled_media_node = cls(
            id=id,
            environment_id=environment_id,
            ip=ip,
            load=load,
            status=status,
        )

        scaled_media_node.additional_properties = d
        return scaled_media_node

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
