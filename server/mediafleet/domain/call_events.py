"""The events of calls, with their names and payloads on the wire.

Source: OpenVidu CE, CDR and webhook events of the same names: the members of 2.15, and those that
later versions added. ``participantId`` is ``connectionId`` since 2.16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mediafleet.domain.events import SessionEvent

if TYPE_CHECKING:
    from mediafleet.domain.calls import CallConnection, Stream, Subscription
    from mediafleet.domain.events import Payload

LOCATION = "unknown"
"""Where a browser is: its address is not looked up."""


@dataclass(frozen=True, slots=True)
class SessionCreated(SessionEvent):
    """The first connection joins a session.

    Attributes:
        timestamp: When the session was created.
    """

    name: ClassVar[str] = "sessionCreated"

    def _members(self) -> Payload:
        return {}


@dataclass(frozen=True, slots=True)
class ParticipantJoined(SessionEvent):
    """A connection joined a session."""

    name: ClassVar[str] = "participantJoined"

    connection: CallConnection

    def _members(self) -> Payload:
        return _participant(self.connection)


@dataclass(frozen=True, slots=True)
class ParticipantLeft(SessionEvent):
    """A connection ended."""

    name: ClassVar[str] = "participantLeft"

    connection: CallConnection
    reason: str

    def _members(self) -> Payload:
        start = self.connection.active_at or self.connection.created_at
        return self._end(start, self.reason) | _participant(self.connection)


@dataclass(frozen=True, slots=True)
class WebrtcConnectionCreated(SessionEvent):
    """A stream is published (OUTBOUND), or received (INBOUND).

    Attributes:
        connection: The one that publishes or receives.
        stream: The stream.
        received: The subscription; ``None`` for the publisher.
    """

    name: ClassVar[str] = "webrtcConnectionCreated"

    connection: CallConnection
    stream: Stream
    received: Subscription | None = None

    def _members(self) -> Payload:
        return _webrtc(self.connection, self.stream, self.received)


@dataclass(frozen=True, slots=True)
class WebrtcConnectionDestroyed(SessionEvent):
    """A stream is not published or received any more."""

    name: ClassVar[str] = "webrtcConnectionDestroyed"

    connection: CallConnection
    stream: Stream
    reason: str
    received: Subscription | None = None

    def _members(self) -> Payload:
        start = self.received.created_at if self.received else self.stream.created_at
        stream = _webrtc(self.connection, self.stream, self.received)
        return self._end(start, self.reason) | stream


@dataclass(frozen=True, slots=True)
class FilterEventDispatched(SessionEvent):
    """A filter of a stream sent an event.

    Attributes:
        filter_type: Class of the filter.
        event_type: Type of the event.
        data: Of the event, as the text that OpenVidu makes of it.
    """

    name: ClassVar[str] = "filterEventDispatched"

    connection: CallConnection
    stream: Stream
    filter_type: str
    event_type: str
    data: str

    def _members(self) -> Payload:
        return {
            "participantId": self.connection.id,
            "connectionId": self.connection.id,
            "streamId": self.stream.id,
            "filterType": self.filter_type,
            "eventType": self.event_type,
            "data": self.data,
        }


def _participant(connection: CallConnection) -> Payload:
    return {
        "participantId": connection.id,
        "connectionId": connection.id,
        "location": LOCATION,
        "ip": connection.ip or None,
        "platform": connection.platform,
        "clientData": connection.client_data,
        "serverData": connection.properties.data,
    }


def _webrtc(connection: CallConnection, stream: Stream, received: Subscription | None) -> Payload:
    payload: Payload = {
        "streamId": stream.id,
        "participantId": connection.id,
        "connectionId": connection.id,
        "connection": "OUTBOUND" if received is None else "INBOUND",
    }
    if received is not None:
        payload["receivingFrom"] = received.sender_id
    camera = connection.properties.camera
    if received is None and camera is not None:
        payload |= {
            "rtspUri": camera.address,
            "adaptativeBitrate": camera.adaptative_bitrate,
            "networkCache": camera.network_cache,
            "onlyPlayWithSubscribers": camera.only_play_with_subscribers,
        }
    media = stream.media
    if media.has_video:
        payload |= {
            "videoSource": media.type_of_video,
            "videoFramerate": media.frame_rate,
            "videoDimensions": media.video_dimensions,
        }
    return payload | {"audioEnabled": media.has_audio, "videoEnabled": media.has_video}
