from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.event_payload import EventPayload


T = TypeVar("T", bound="StoredEvent")


@_attrs_define
class StoredEvent:
    """An event of the cluster. Its `hash` is the SHA-256, in hexadecimal, of the UTF-8 text that is made of the `hash`
    of the event before it (nothing for the first one) and of the JSON array `[sequence, event, payload]` without
    blanks, its members sorted by their names, and with all characters but `"`, `\\` and control characters written
    as they are.

        Example:
            {'sequence': 4711, 'event': 'mediaNodeStatusChanged', 'mediaNodeId': 'kms_FVrQslIr', 'timestamp': 1600678251771,
                'payload': {'timestamp': 1600678251771, 'id': 'kms_FVrQslIr', 'environmentId': None, 'ip': '172.17.0.2', 'uri':
                'ws://172.17.0.2:8888/kurento', 'newStatus': 'running', 'oldStatus': 'launching', 'clusterId': 'clu_Nb7Qx0aZe'},
                'hash': '7c0d7ad7e5a4dd5b7e7b6a0f1d2c3b4a5968778695a4b3c2d1e0f9a8b7c6d5e4'}

    """

    sequence: int
    """ Number of the event; 1 for the first one, then without gaps. """
    event: str
    """ The name of the event: `mediaNodeStatusChanged`, `mediaNodeForgotten`, `mediaNodeDeduplicated`,
    `nodeCrashed`, `nodeRecovered`, `sessionCreated`, `sessionDestroyed`, `participantJoined`, `participantLeft`,
    `webrtcConnectionCreated`, `webrtcConnectionDestroyed`, `filterEventDispatched`, `mediaNodeDrainChanged`,
    `mediaNodeLabelsChanged`, `autoscaling`, `autoscalingBlind`, or one of a later version. """
    media_node_id: None | str
    """ The Media Node it is about. Null if it is about the cluster. """
    timestamp: int
    """ When it happened, in UTC milliseconds. """
    payload: EventPayload
    """ What happened. The `event` names the schema: `nodeCrashed` has a `NodeCrashedEvent`, without the member
    `event`. """
    hash_: str
    """ Chains the event to the one before it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        sequence = self.sequence

        event = self.event

        media_node_id: None | str
        media_node_id = self.media_node_id

        timestamp = self.timestamp

        payload = self.payload.to_dict()

        hash_ = self.hash_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sequence": sequence,
                "event": event,
                "mediaNodeId": media_node_id,
                "timestamp": timestamp,
                "payload": payload,
                "hash": hash_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.event_payload import EventPayload  # noqa: PLC0415

        d = dict(src_dict)
        sequence = d.pop("sequence")

        event = d.pop("event")

        def _parse_media_node_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        media_node_id = _parse_media_node_id(d.pop("mediaNodeId"))

        timestamp = d.pop("timestamp")

        payload = EventPayload.from_dict(d.pop("payload"))

        hash_ = d.pop("hash")

        stored_event = cls(
            sequence=sequence,
            event=event,
            media_node_id=media_node_id,
            timestamp=timestamp,
            payload=payload,
            hash_=hash_,
        )

        stored_event.additional_properties = d
        return stored_event

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
