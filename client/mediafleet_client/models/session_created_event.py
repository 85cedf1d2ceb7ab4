from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="SessionCreatedEvent")


@_attrs_define
class SessionCreatedEvent:
    """The first participant joined a session.

    Example:
        {'sessionId': 'physics-101', 'timestamp': 1600678251771}

    """

    session_id: str
    """ Identifies the session for as long as it lives, here, in drains and in events. A session that was created
    here has the id that the application chose, or one that begins with `ses_`. Of a session that another client
    made on the Media Node it is the name that its media pipeline has when the session is first listed, if that fits
    and no other session of the node has this id; else the pipeline's object id. Such a session is listed once its
    pipeline was asked for its name, usually 0.3 s after it began. A name that is set or changed later changes
    `customSessionId` alone; a server that is started again lists these sessions anew, under the names that they
    have then. """
    timestamp: int
    """ When the REST API created the session, in UTC milliseconds. """
    event: str | Unset = UNSET
    """ The name of the event. Only the body of a webhook has it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        session_id = self.session_id

        timestamp = self.timestamp

        event = self.event

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sessionId": session_id,
                "timestamp": timestamp,
            }
        )
        if event is not UNSET:
            field_dict["event"] = event

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        session_id = d.pop("sessionId")

        timestamp = d.pop("timestamp")

        event = d.pop("event", UNSET)

        session_created_event = cls(
            session_id=session_id,
            timestamp=timestamp,
            event=event,
        )

        session_created_event.additional_properties = d
        return session_created_event

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
