"""What media servers report of the endpoints of calls: candidates, events, and lost pipelines."""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from mediafleet.domain.call_notifications import Notification
from mediafleet.domain.media import IceCandidate, MediaEvent, MediaObserver

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from mediafleet.services.rooms import Room

log = logging.getLogger(__name__)

_EARLY_ENDPOINTS, _EARLY_REPORTS = 1000, 64
_TRACED: Final = 100
"""Candidates and events of an endpoint that are kept for `webRtcStats`."""


@dataclass(slots=True)
class EndpointTrace:
    """What was seen of a WebRtcEndpoint since it was created; not kept over restarts.

    Attributes:
        name: Of the endpoint.
        remote_sdp: The offer.
        local_sdp: The answer.
        received: Candidates of the browser.
        gathered: Candidates of the media server.
        events: Other events, the oldest first.
    """

    name: str
    remote_sdp: str
    local_sdp: str
    received: deque[IceCandidate] = field(default_factory=lambda: deque(maxlen=_TRACED))
    gathered: deque[IceCandidate] = field(default_factory=lambda: deque(maxlen=_TRACED))
    events: deque[MediaEvent] = field(default_factory=lambda: deque(maxlen=_TRACED))


class MediaReports(MediaObserver):
    """Passes on what is reported of endpoints, and keeps a part of it for `webRtcStats`.

    Args:
        hosted: Returns the calls on a Media Node.
        notify: Sends notifications to browsers.

    Attributes:
        on_filter_event: Called with the room and an event of a filter in it.
        on_lost: Called with the room of a call whose pipeline is gone.
    """

    def __init__(
        self,
        hosted: Callable[[str], Iterable[Room]],
        notify: Callable[[Iterable[Notification]], None],
    ) -> None:
        self._hosted = hosted
        self._notify = notify
        self._rooms: dict[str, Room] = {}
        self._early: OrderedDict[str, list[IceCandidate | MediaEvent]] = OrderedDict()
        self.on_filter_event: Callable[[Room, MediaEvent], None] = lambda *_: None
        self.on_lost: Callable[[Room], None] = lambda _: None

    def __contains__(self, endpoint: str) -> bool:
        return endpoint in self._rooms

    def add(self, endpoint: str, room: Room) -> None:
        """Expect reports of an endpoint."""
        self._rooms[endpoint] = room

    def remove(self, endpoint: str) -> None:
        """Expect no more reports of an endpoint."""
        self._rooms.pop(endpoint, None)

    def begin(self, endpoint: str, trace: EndpointTrace) -> None:
        """Trace an endpoint, and take what was reported of it before it was added."""
        if (room := self._rooms.get(endpoint)) is not None:
            room.traces[endpoint] = trace
            for each in self._early.pop(endpoint, ()):
                if isinstance(each, IceCandidate):
                    self._pass_on(room, endpoint, each)
                else:
                    self._take_event(room, each)

    def drop_early(self, endpoint: str) -> None:
        """Drop what was reported of an endpoint that is not added after all."""
        self._early.pop(endpoint, None)

    @override
    def on_candidate(self, node_id: str, endpoint: str, candidate: IceCandidate) -> None:
        """Pass a candidate of the media server to its browser; it may precede the answer."""
        room = self._rooms.get(endpoint)
        if room is None or room.call.node_id != node_id:
            self._hold(endpoint, candidate)
        else:
            self._pass_on(room, endpoint, candidate)

    def _hold(self, endpoint: str, reported: IceCandidate | MediaEvent) -> None:
        """Keep what is reported of an endpoint before it is committed."""
        early = self._early.setdefault(endpoint, [])
        if len(early) < _EARLY_REPORTS:
            early.append(reported)
        if len(self._early) > _EARLY_ENDPOINTS:
            self._early.popitem(last=False)

    def _pass_on(self, room: Room, endpoint: str, candidate: IceCandidate) -> None:
        receiver_id, sender_id = room.endpoints[endpoint]
        receiver = room.call.connections[receiver_id]
        name = ""
        if (trace := room.traces.get(endpoint)) is not None:
            trace.gathered.append(candidate)
            name = trace.name
        params = {
            "senderConnectionId": sender_id,
            "endpointName": name,
            "sdpMLineIndex": candidate.sdp_m_line_index,
            "sdpMid": candidate.sdp_mid,
            "candidate": candidate.candidate,
        }
        if receiver.rpc_session is not None:
            self._notify([Notification((receiver.rpc_session,), "iceCandidate", params)])

    @override
    def on_media_event(self, node_id: str, event: MediaEvent) -> None:
        """Keep an event for the statistics; an error goes to the browser, a camera's to the log."""
        room = self._rooms.get(event.endpoint)
        if room is None or room.call.node_id != node_id:
            self._hold(event.endpoint, event)
        else:
            self._take_event(room, event)

    def _take_event(self, room: Room, event: MediaEvent) -> None:
        if (trace := room.traces.get(event.endpoint)) is not None:
            trace.events.append(event)
        receiver = room.call.connections[room.endpoints[event.endpoint][0]]
        applied = None if receiver.stream is None else receiver.stream.filter
        if applied is not None and applied.element == event.endpoint:
            self.on_filter_event(room, event)
            return
        if event.type != "Error":
            return
        description = str(event.data.get("description", ""))[:1000]
        if receiver.rpc_session is not None:
            error = {"error": description}
            self._notify([Notification((receiver.rpc_session,), "mediaError", error)])
        elif receiver.properties.camera is not None:
            extra = {
                "session_id": room.call.id,
                "connection_id": receiver.id,
                "reason": description,
            }
            log.warning("camera failed", extra=extra)

    @override
    def on_media_lost(self, node_id: str, pipelines: Collection[str]) -> None:
        """Pipelines ended, and nobody released them, though their node is connected."""
        for room in self._hosted(node_id):
            media = room.call.session.media
            if media is not None and media.pipeline in pipelines:
                self.on_lost(room)
