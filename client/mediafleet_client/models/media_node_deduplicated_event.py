from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="MediaNodeDeduplicatedEvent")


@_attrs_define
class MediaNodeDeduplicatedEvent:
    """A Media Node is removed, since another one is the same media server under another address. OpenVidu has no such
    event.

        Example:
            {'timestamp': 1600678251771, 'id': 'kms_FVrQslIr', 'uri': 'ws://172.17.0.2:8888/kurento', 'duplicateOf':
                'kms_Xp4kB2cQ', 'reason': 'its media server is in the cluster already, as Media Node kms_Xp4kB2cQ', 'clusterId':
                'clu_Nb7Qx0aZe'}

    """

    timestamp: int
    """ When it happened, in UTC milliseconds. """
    id: str
    """ Identifies the Media Node in this API. It stays the same as long as the node is a member, also when the
    server restarts, and is never given to another node. """
    uri: None | str
    """ The WebSocket endpoint that the server connects to. Null while it is not known yet. """
    duplicate_of: str
    """ Identifies the Media Node in this API. It stays the same as long as the node is a member, also when the
    server restarts, and is never given to another node. """
    reason: str
    """ Why. For people; its wording may change. """
    cluster_id: str
    """ Identifies the cluster, see `OPENVIDU_PRO_CLUSTER_ID`. """
    event: str | Unset = UNSET
    """ The name of the event. Only the body of a webhook has it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        timestamp = self.timestamp

        id = self.id

        uri: None | str
        uri = self.uri

        duplicate_of = self.duplicate_of

        reason = self.reason

        cluster_id = self.cluster_id

        event = self.event

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "timestamp": timestamp,
                "id": id,
                "uri": uri,
                "duplicateOf": duplicate_of,
                "reason": reason,
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

        def _parse_uri(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        uri = _parse_uri(d.pop("uri"))

        duplicate_of = d.pop("duplicateOf")

        reason = d.pop("reason")

        cluster_id = d.pop("clusterId")

        event = d.pop("event", UNSET)

        media_node_deduplicated_event = cls(
            timestamp=timestamp,
            id=id,
            uri=uri,
            duplicate_of=duplicate_of,
            reason=reason,
            cluster_id=cluster_id,
            event=event,
        )

        media_node_deduplicated_event.additional_properties = d
        return media_node_deduplicated_event

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
