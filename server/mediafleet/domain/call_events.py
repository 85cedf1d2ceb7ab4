"""The events of calls, with their names and payloads on the wire.

Source: OpenVidu CE 2.15, CDR and webhook events of the same names. ``id`` is the Media Node that
hosts the session; it is not part of the payloads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mediafleet.domain.formats import to_milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mediafleet.domain.calls import CallConnection, Stream, Subscription

Payload = dict[str, Any]
LOCATION = "unknown"
"""Where a browser is: its address is not looked up."""


def _begin(session_id: str, timestamp: datetime) -> Payload:
    return {"sessionId": session_id, "timestamp": to_milliseconds(timestamp)}


def _end(start: datetime, timestamp: datetime, reason: str) -> Payload:
    seconds = (timestamp - start).total_seconds()
    return {
        "startTime": to_milliseconds(start),
        "duration": max(0, int(seconds)),
        "reason": reason,
    }


@dataclass(frozen=True, slots=True)
class SessionCreated:
    """The first connection joins a session.

    Attributes:
        timestamp: When the session was created.
    """

    name: ClassVar[str] = "sessionCreated"

    timestamp: datetime
    id: str
    session_id: str

    def payload(self, _: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return _begin(self.session_id, self.timestamp)


@dataclass(frozen=True, slots=True)
class ParticipantJoined:
    """A connection joined a session."""

    name: ClassVar[str] = "participantJoined"

    timestamp: datetime
    id: str
    session_id: str
    connection: CallConnection

    def payload(self, _: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return _begin(self.session_id, self.timestamp) | _participant(self.connection)


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    """A connection ended."""

    name: ClassVar[str] = "participantLeft"

    timestamp: datetime
    id: str
    session_id: str
    connection: CallConnection
    reason: str

    def payload(self, _: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        start = self.connection.active_at or self.connection.created_at
        return (
            _begin(self.session_id, self.timestamp)
            | _end(start, self.timestamp, self.reason)
            | _participant(self.connection)
        )


@dataclass(frozen=True, slots=True)
class WebrtcConnectionCreated:
    """A stream is published (OUTBOUND), or received (INBOUND).

    Attributes:
        connection: The one that publishes or receives.
        stream: The stream.
        received: The subscription; ``None`` for the publisher.
    """

    name: ClassVar[str] = "webrtcConnectionCreated"

    timestamp: datetime
    id: str
    session_id: str
    connection: CallConnection
    stream: Stream
    received: Subscription | None = None

    def payload(self, _: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return _begin(self.session_id, self.timestamp) | _webrtc(
            self.connection, self.stream, self.received
        )


@dataclass(frozen=True, slots=True)
class WebrtcConnectionDestroyed:
    """A stream is not published or received any more."""

    name: ClassVar[str] = "webrtcConnectionDestroyed"

    timestamp: datetime
    id: str
    session_id: str
    connection: CallConnection
    stream: Stream
    reason: str
    received: Subscription | None = None

    def payload(self, _: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        start = self.received.created_at if self.received else self.stream.created_at
        return (
            _begin(self.session_id, self.timestamp)
            | _end(start, self.timestamp, self.reason)
            | _webrtc(self.connection, self.stream, self.received)
        )


@dataclass(frozen=True, slots=True)
class FilterEventDispatched:
    """A filter of a stream sent an event.

    Attributes:
        filter_type: Class of the filter.
        event_type: Type of the event.
        data: Of the event, as the media server sent it.
    """

    name: ClassVar[str] = "filterEventDispatched"

    timestamp: datetime
    id: str
    session_id: str
    connection: CallConnection
    stream: Stream
    filter_type: str
    event_type: str
    data: Mapping[str, Any]

    def payload(self, _: str) -> Payload:
        """The event as readers of the ``events`` table get it; times in UTC milliseconds."""
        return _begin(self.session_id, self.timestamp) | {
            "participantId": self.connection.id,
            "streamId": self.stream.id,
            "filterType": self.filter_type,
            "eventType": self.event_type,
            "data": dict(self.data),
        }


def _participant(connection: CallConnection) -> Payload:
    return {
        "participantId": connection.id,
        "location": LOCATION,
        "platform": connection.platform,
        "clientData": connection.client_data,
        "serverData": connection.properties.data,
    }


def _webrtc(connection: CallConnection, stream: Stream, received: Subscription | None) -> Payload:
    payload: Payload = {
        "streamId": stream.id,
        "participantId": connection.id,
        "connection": "OUTBOUND" if received is None else "INBOUND",
    }
    if received is not None:
        payload["receivingFrom"] = received.sender_id
    camera = connection.properties.camera
    if received is None and camera is not None:
        payload |= {
            "rtspUri": camera.rtsp_uri,
            "adaptativeBitrate": camera.adaptative_bitrate,
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
