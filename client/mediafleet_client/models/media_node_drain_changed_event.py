from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.drain_change import DrainChange, check_drain_change
from ..types import UNSET, Unset

T = TypeVar("T", bound="MediaNodeDrainChangedEvent")


@_attrs_define
class MediaNodeDrainChangedEvent:
    """The deadline of a drain was set, or came. OpenVidu has no such event.

    Example:
        {'timestamp': 1600678251771, 'id': 'kms_FVrQslIr', 'change': 'limited', 'deadline': 1800, 'deadlineTime':
            1600680051771, 'atDeadline': 'force', 'extensions': 0, 'move': False, 'clusterId': 'clu_Nb7Qx0aZe'}

    """

    timestamp: int
    """ When it happened, in UTC milliseconds. """
    id: str
    """ Identifies the Media Node in this API. It stays the same as long as the node is a member, also when the
    server restarts, and is never given to another node. """
    change: DrainChange
    """ How a drain changed. `limited`: it has a deadline, or another one. `unlimited`: it has none any more.
    `extended`, `aborted` and `forced`: the deadline came, see `AtDeadline`; `forced` also if the node was removed
    at once. """
    deadline: int | None
    """ Seconds that the drain may take. Null if it may take any time. """
    deadline_time: int | None
    """ When the deadline is or was, in UTC milliseconds. Null if there is none. """
    at_deadline: None | str
    """ What happens at the deadline, see `AtDeadline`. Null if there is none. """
    extensions: int
    """ How often the deadline was extended. """
    move: bool
    """ Whether the sessions of calls are moved to other nodes. """
    cluster_id: str
    """ Identifies the cluster, see `OPENVIDU_PRO_CLUSTER_ID`. """
    event: str | Unset = UNSET
    """ The name of the event. Only the body of a webhook has it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        timestamp = self.timestamp

        id = self.id

        change: str = self.change

        deadline: int | None
        deadline = self.deadline

        deadline_time: int | None
        deadline_time = self.deadline_time

        at_deadline: None | str
        at_deadline = self.at_deadline

        extensions = self.extensions

        move = self.move

        cluster_id = self.cluster_id

        event = self.event

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "timestamp": timestamp,
                "id": id,
                "change": change,
                "deadline": deadline,
                "deadlineTime": deadline_time,
                "atDeadline": at_deadline,
                "extensions": extensions,
                "move": move,
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

        change = check_drain_change(d.pop("change"))

        def _parse_deadline(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        deadline = _parse_deadline(d.pop("deadline"))

        def _parse_deadline_time(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        deadline_time = _parse_deadline_time(d.pop("deadlineTime"))

        def _parse_at_deadline(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        at_deadline = _parse_at_deadline(d.pop("atDeadline"))

        extensions = d.pop("extensions")

        move = d.pop("move")

        cluster_id = d.pop("clusterId")

        event = d.pop("event", UNSET)

        media_node_drain_changed_event = cls(
            timestamp=timestamp,
            id=id,
            change=change,
            deadline=deadline,
            deadline_time=deadline_time,
            at_deadline=at_deadline,
            extensions=extensions,
            move=move,
            cluster_id=cluster_id,
            event=event,
        )

        media_node_drain_changed_event.additional_properties = d
        return media_node_drain_changed_event

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
