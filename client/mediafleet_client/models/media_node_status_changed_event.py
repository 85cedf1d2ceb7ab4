from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.media_node_status import MediaNodeStatus, check_media_node_status
from ..types import UNSET, Unset

T = TypeVar("T", bound="MediaNodeStatusChangedEvent")


@_attrs_define
class MediaNodeStatusChangedEvent:
    """A Media Node has another status, or is new.

    Example:
        {'timestamp': 1600678251771, 'id': 'kms_FVrQslIr', 'environmentId': None, 'ip': '172.17.0.2', 'uri':
            'ws://172.17.0.2:8888/kurento', 'newStatus': 'running', 'oldStatus': 'launching', 'clusterId': 'clu_Nb7Qx0aZe'}

    """

    timestamp: int
    """ When it happened, in UTC milliseconds. """
    id: str
    """ Identifies the Media Node in this API. It stays the same as long as the node is a member, also when the
    server restarts, and is never given to another node. """
    environment_id: None | str
    """ Identifies the node's machine in its environment: an EC2 instance id, a container id, a process. Null while
    it is not known yet, and in the environment `on_premise` unless the node was discovered. """
    ip: None | str
    """ The address of the Media Node: the host of its `uri`, for IPv6 without the brackets. A host name, where the
    `uri` has one. Null while it is not known yet. """
    uri: None | str
    """ The WebSocket endpoint that the server connects to. Null while it is not known yet. """
    new_status: MediaNodeStatus
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
    old_status: None | str
    """ The status before, see `MediaNodeStatus`. Null if the node is new. """
    cluster_id: str
    """ Identifies the cluster, see `OPENVIDU_PRO_CLUSTER_ID`. """
    event: str | Unset = UNSET
    """ The name of the event. Only the body of a webhook has it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        timestamp = self.timestamp

        id = self.id

        environment_id: None | str
        environment_id = self.environment_id

        ip: None | str
        ip = self.ip

        uri: None | str
        uri = self.uri

        new_status: str = self.new_status

        old_status: None | str
        old_status = self.old_status

        cluster_id = self.cluster_id

        event = self.event

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "timestamp": timestamp,
                "id": id,
                "environmentId": environment_id,
                "ip": ip,
                "uri": uri,
                "newStatus": new_status,
                "oldStatus": old_status,
                "clusterId": cluster_id,
            }
        )
        if event is not UNSET:
            field_dict["event"] = event

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        timestamp = d.pop("timestamp")

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

        def _parse_uri(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        uri = _parse_uri(d.pop("uri"))

        new_status = check_media_node_status(d.pop("newStatus"))

        def _parse_old_status(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        old_status = _parse_old_status(d.pop("oldStatus"))

        cluster_id = d.pop("clusterId")

        event = d.pop("event", UNSET)

        media_node_status_changed_event = cls(
            timestamp=timestamp,
            id=id,
            environment_id=environment_id,
            ip=ip,
            uri=uri,
            new_status=new_status,
            old_status=old_status,
            cluster_id=cluster_id,
            event=event,
        )

        media_node_status_changed_event.additional_properties = d
        return media_node_status_changed_event

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
