from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="NodeCrashedEvent")


@_attrs_define
class NodeCrashedEvent:
    """A Media Node was disconnected for longer than it may be, or its machine has ended. Its sessions go on if only the
    connection is lost.

        Example:
            {'timestamp': 1600678251771, 'timeOfDisconnection': 1600678248771, 'id': 'kms_FVrQslIr', 'environmentId': None,
                'ip': '172.17.0.2', 'uri': 'ws://172.17.0.2:8888/kurento', 'nodeRole': 'medianode', 'sessionIds':
                ['physics-101'], 'recordingIds': [], 'clusterId': 'clu_Nb7Qx0aZe'}

    """

    timestamp: int
    """ When it happened, in UTC milliseconds. """
    time_of_disconnection: int
    """ When the connection was lost, in UTC milliseconds. """
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
    node_role: str
    """ Always `medianode`. """
    session_ids: list[str]
    """ Ids of the sessions that the Media Node hosted, as far as it is known. """
    recording_ids: list[str]
    """ Ids of the recordings that were made on the Media Node. There are none yet. """
    cluster_id: str
    """ Identifies the cluster, see `OPENVIDU_PRO_CLUSTER_ID`. """
    event: str | Unset = UNSET
    """ The name of the event. Only the body of a webhook has it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        timestamp = self.timestamp

        time_of_disconnection = self.time_of_disconnection

        id = self.id

        environment_id: None | str
        environment_id = self.environment_id

        ip: None | str
        ip = self.ip

        uri: None | str
        uri = self.uri

        node_role = self.node_role

        session_ids = self.session_ids

        recording_ids = self.recording_ids

        cluster_id = self.cluster_id

        event = self.event

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "timestamp": timestamp,
                "timeOfDisconnection": time_of_disconnection,
                "id": id,
                "environmentId": environment_id,
                "ip": ip,
                "uri": uri,
                "nodeRole": node_role,
                "sessionIds": session_ids,
                "recordingIds": recording_ids,
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

        time_of_disconnection = d.pop("timeOfDisconnection")

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

        node_role = d.pop("nodeRole")

        session_ids = cast(list[str], d.pop("sessionIds"))

        recording_ids = cast(list[str], d.pop("recordingIds"))

        cluster_id = d.pop("clusterId")

        event = d.pop("event", UNSET)

        node_crashed_event = cls(
            timestamp=timestamp,
            time_of_disconnection=time_of_disconnection,
            id=id,
            environment_id=environment_id,
            ip=ip,
            uri=uri,
            node_role=node_role,
            session_ids=session_ids,
            recording_ids=recording_ids,
            cluster_id=cluster_id,
            event=event,
        )

        node_crashed_event.additional_properties = d
        return node_crashed_event

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
