from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="FilterEventDispatchedEvent")


@_attrs_define
class FilterEventDispatchedEvent:
    """A filter of a stream emitted an event that a participant listens to.

    Example:
        {'sessionId': 'physics-101', 'timestamp': 1600678251771, 'participantId': 'con_Xp4kB2cQ71', 'connectionId':
            'con_Xp4kB2cQ71', 'streamId': 'str_CAM_A1b2_con_Xp4kB2cQ71', 'filterType': 'ZBarFilter', 'eventType':
            'CodeFound', 'data': '{codeType=EAN-13, value=4006381333931}'}

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
    """ When it happened, in UTC milliseconds. """
    participant_id: str
    """ The participant, by the id of its connection. """
    connection_id: str
    """ The same as `participantId`, as OpenVidu names it since 2.16. """
    stream_id: str
    """ The stream. """
    filter_type: str
    """ Class of the filter on the media server. """
    event_type: str
    """ Type of the filter's event. """
    data: str
    """ What the media server reports of it, as the text that OpenVidu, a Java program, makes of a map. """
    event: str | Unset = UNSET
    """ The name of the event. Only the body of a webhook has it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        session_id = self.session_id

        timestamp = self.timestamp

        participant_id = self.participant_id

        connection_id = self.connection_id

        stream_id = self.stream_id

        filter_type = self.filter_type

        event_type = self.event_type

        data = self.data

        event = self.event

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sessionId": session_id,
                "timestamp": timestamp,
                "participantId": participant_id,
                "connectionId": connection_id,
                "streamId": stream_id,
                "filterType": filter_type,
                "eventType": event_type,
                "data": data,
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

        participant_id = d.pop("participantId")

        connection_id = d.pop("connectionId")

        stream_id = d.pop("streamId")

        filter_type = d.pop("filterType")

        event_type = d.pop("eventType")

        data = d.pop("data")

        event = d.pop("event", UNSET)

        filter_event_dispatched_event = cls(
            session_id=session_id,
            timestamp=timestamp,
            participant_id=participant_id,
            connection_id=connection_id,
            stream_id=stream_id,
            filter_type=filter_type,
            event_type=event_type,
            data=data,
            event=event,
        )

        filter_event_dispatched_event.additional_properties = d
        return filter_event_dispatched_event

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
