from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.media_node_status import MediaNodeStatus, check_media_node_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.kurento_info import KurentoInfo
    from ..models.session import Session


T = TypeVar("T", bound="MediaNode")


@_attrs_define
class MediaNode:
    """A Media Node of the cluster.

    Example:
        {'id': 'kms_FVrQslIr', 'environmentId': 'i-0c58bcdd26011d0fd', 'ip': '172.17.0.2', 'uri':
            'ws://172.17.0.2:8888/kurento', 'launchingTime': 1600678236916, 'connected': True, 'connectionTime':
            1600678251771, 'load': 12.45, 'status': 'running'}

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
    uri: None | str
    """ The WebSocket endpoint that the server connects to. Null while it is not known yet. """
    launching_time: int
    """ When the Media Node first became `launching`, in UTC milliseconds. """
    connected: bool
    """ Whether the server has a working connection to the Media Node. False before the first connection, and while
    a lost one is being made again; the status does not change by that. """
    connection_time: int | None
    """ When the present connection was made, or the last one if there is none now, in UTC milliseconds. Null before
    the first connection. """
    load: float
    """ How much of all processors of the Media Node its media server uses, in percent with at most two decimals.
    The last value that was measured of the media server's present process, also while measurements fail or the node
    is not connected; 0 before the first measurement. `loadTime` of its diagnostics says how old it is. """
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
    disconnection_time: int | None | Unset = UNSET
    """ When the connection was lost, in UTC milliseconds. Present only if `connected` is false; null if there never
    was a connection to lose. """
    sessions: list[Session] | Unset = UNSET
    """ The sessions that this Media Node hosts. Present only if asked for with `sessions=true`. """
    kurento_info: KurentoInfo | Unset = UNSET
    """ The media server process of a Media Node, as it describes itself. Present only if asked for with `extra-
    info=true`, and if the node is connected and answered in time. Meant for diagnosis: what a media server reports
    depends on its version. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        environment_id: None | str
        environment_id = self.environment_id

        ip: None | str
        ip = self.ip

        uri: None | str
        uri = self.uri

        launching_time = self.launching_time

        connected = self.connected

        connection_time: int | None
        connection_time = self.connection_time

        load = self.load

        status: str = self.status

        disconnection_time: int | None | Unset
        if isinstance(self.disconnection_time, Unset):
            disconnection_time = UNSET
        else:
            disconnection_time = self.disconnection_time

        sessions: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.sessions, Unset):
            sessions = []
            for sessions_item_data in self.sessions:
                sessions_item = sessions_item_data.to_dict()
                sessions.append(sessions_item)

        kurento_info: dict[str, Any] | Unset = UNSET
        if not isinstance(self.kurento_info, Unset):
            kurento_info = self.kurento_info.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "environmentId": environment_id,
                "ip": ip,
                "uri": uri,
                "launchingTime": launching_time,
                "connected": connected,
                "connectionTime": connection_time,
                "load": load,
                "status": status,
            }
        )
        if disconnection_time is not UNSET:
            field_dict["disconnectionTime"] = disconnection_time
        if sessions is not UNSET:
            field_dict["sessions"] = sessions
        if kurento_info is not UNSET:
            field_dict["kurentoInfo"] = kurento_info

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.kurento_info import KurentoInfo  # noqa: PLC0415
        from ..models.session import Session  # noqa: PLC0415

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

        def _parse_uri(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        uri = _parse_uri(d.pop("uri"))

        launching_time = d.pop("launchingTime")

        connected = d.pop("connected")

        def _parse_connection_time(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        connection_time = _parse_connection_time(d.pop("connectionTime"))

        load = d.pop("load")

        status = check_media_node_status(d.pop("status"))

        def _parse_disconnection_time(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        disconnection_time = _parse_disconnection_time(d.pop("disconnectionTime", UNSET))

        _sessions = d.pop("sessions", UNSET)
        sessions: list[Session] | Unset = UNSET
        if _sessions is not UNSET and _sessions is not None:
            sessions = []
            for sessions_item_data in _sessions:
                sessions_item = Session.from_dict(sessions_item_data)

                sessions.append(sessions_item)

        _kurento_info = d.pop("kurentoInfo", UNSET)
        kurento_info: KurentoInfo | Unset = UNSET
        if _kurento_info is not UNSET and _kurento_info is not None:
            kurento_info = KurentoInfo.from_dict(_kurento_info)

        media_node = cls(
            id=id,
            environment_id=environment_id,
            ip=ip,
            uri=uri,
            launching_time=launching_time,
            connected=connected,
            connection_time=connection_time,
            load=load,
            status=status,
            disconnection_time=disconnection_time,
            sessions=sessions,
            kurento_info=kurento_info,
        )

        media_node.additional_properties = d
        return media_node

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
