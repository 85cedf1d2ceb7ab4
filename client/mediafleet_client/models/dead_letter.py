from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.event_payload import EventPayload


T = TypeVar("T", bound="DeadLetter")


@_attrs_define
class DeadLetter:
    """An event that the receiver of the webhook refused for good.

    Example:
        {'sequence': 4711, 'event': 'mediaNodeForgotten', 'mediaNodeId': 'kms_FVrQslIr', 'timestamp': 1600678251771,
            'payload': {'timestamp': 1600678251771, 'id': 'kms_FVrQslIr', 'reason': None, 'clusterId': 'clu_Nb7Qx0aZe'},
            'reason': 'answered HTTP 422', 'givenUpTime': 1600679031771}

    """

    sequence: int
    """ Number of the event; 1 for the first one, then without gaps. """
    event: str
    """ The name of the event: `mediaNodeStatusChanged`, `mediaNodeForgotten`, `mediaNodeDeduplicated`,
    `nodeCrashed`, `nodeRecovered`, `sessionDestroyed`, `mediaNodeDrainChanged`, or one of a later version. """
    media_node_id: None | str
    """ The Media Node it is about. Null if it is about the cluster. """
    timestamp: int
    """ When it happened, in UTC milliseconds. """
    payload: EventPayload
    """ What happened. The `event` names the schema: `nodeCrashed` has a `NodeCrashedEvent`, without the member
    `event`. """
    reason: str
    """ Why the last try failed. For people; its wording may change. """
    given_up_time: int
    """ When it was given up, in UTC milliseconds. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        sequence = self.sequence

        event = self.event

        media_node_id: None | str
        media_node_id = self.media_node_id

        timestamp = self.timestamp

        payload = self.payload.to_dict()

        reason = self.reason

        given_up_time = self.given_up_time

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sequence": sequence,
                "event": event,
                "mediaNodeId": media_node_id,
                "timestamp": timestamp,
                "payload": payload,
                "reason": reason,
                "givenUpTime": given_up_time,
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

        reason = d.pop("reason")

        given_up_time = d.pop("givenUpTime")

        dead_letter = cls(
            sequence=sequence,
            event=event,
            media_node_id=media_node_id,
            timestamp=timestamp,
            payload=payload,
            reason=reason,
            given_up_time=given_up_time,
        )

        dead_letter.additional_properties = d
        return dead_letter

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
