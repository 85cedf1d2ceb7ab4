from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ParticipantLeftEvent")


@_attrs_define
class ParticipantLeftEvent:
    """A participant left a session, or was removed.

    Example:
        {'sessionId': 'physics-101', 'timestamp': 1600678251771, 'startTime': 1600678236916, 'duration': 14, 'reason':
            'disconnect', 'participantId': 'con_A1b2C3d4E5', 'connectionId': 'con_A1b2C3d4E5', 'location': 'unknown', 'ip':
            '192.0.2.7', 'platform': 'Chrome 85.0.4183.102 on Linux 64-bit', 'clientData': '{"clientData":"Ada"}',
            'serverData': ''}

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
    start_time: int
    """ When it joined, in UTC milliseconds. """
    duration: int
    """ How many whole seconds lie between. """
    reason: str
    """ Why, in a word of OpenVidu such as `disconnect` or `unpublish`. """
    participant_id: str
    """ The participant, by the id of its connection. """
    connection_id: str
    """ The same as `participantId`, as OpenVidu names it since 2.16. """
    location: str
    """ Where the participant is. Always `unknown`. """
    ip: None | str
    """ Address of the browser, or null for an IP camera. """
    platform: str
    """ Browser and operating system, as the browser says. """
    client_data: str
    """ Data that the browser passed when it joined. """
    server_data: str
    """ Data that were given when the token or connection was created. """
    event: str | Unset = UNSET
    """ The name of the event. Only the body of a webhook has it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        session_id = self.session_id

        timestamp = self.timestamp

        start_time = self.start_time

        duration = self.duration

        reason = self.reason

        participant_id = self.participant_id

        connection_id = self.connection_id

        location = self.location

        ip: None | str
        ip = self.ip

        platform = self.platform

        client_data = self.client_data

        server_data = self.server_data

        event = self.event

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sessionId": session_id,
                "timestamp": timestamp,
                "startTime": start_time,
                "duration": duration,
                "reason": reason,
                "participantId": participant_id,
                "connectionId": connection_id,
                "location": location,
                "ip": ip,
                "platform": platform,
                "clientData": client_data,
                "serverData": server_data,
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

        start_time = d.pop("startTime")

        duration = d.pop("duration")

        reason = d.pop("reason")

        participant_id = d.pop("participantId")

        connection_id = d.pop("connectionId")

        location = d.pop("location")

        def _parse_ip(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ip = _parse_ip(d.pop("ip"))

        platform = d.pop("platform")

        client_data = d.pop("clientData")

        server_data = d.pop("serverData")

        event = d.pop("event", UNSET)

        participant_left_event = cls(
            session_id=session_id,
            timestamp=timestamp,
            start_time=start_time,
            duration=duration,
            reason=reason,
            participant_id=participant_id,
            connection_id=connection_id,
            location=location,
            ip=ip,
            platform=platform,
            client_data=client_data,
            server_data=server_data,
            event=event,
        )

        participant_left_event.additional_properties = d
        return participant_left_event

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
