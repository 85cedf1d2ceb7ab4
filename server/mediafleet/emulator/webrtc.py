"""WebRtcEndpoints: their operations and their events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mediafleet.emulator.json_text import as_text
from mediafleet.emulator.media import InvalidSdpError, SocketError, parse_offer
from mediafleet.emulator.media_links import KINDS, update_links
from mediafleet.emulator.rpc_errors import KurentoError, MarshallError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediafleet.emulator.json_text import Json
    from mediafleet.emulator.media import WebRtcSession
    from mediafleet.emulator.media.tracks import IncomingTrack, OutgoingTrack
    from mediafleet.emulator.media_server import MediaServer
    from mediafleet.emulator.operations import Invocation, Operation
    from mediafleet.emulator.registry import MediaObject

_STREAM: Final = "1"
_COMPONENT: Final = 1


class WebRtcEndpoint:
    """The connection of one WebRtcEndpoint; it emits the events of the real server.

    Attributes:
        session: Its session.
        pair: The selected pair of candidates, as (local, remote); None before.
        ice_state: The state of its only component.
        media_state: CONNECTED while the peer sends RTCP.
    """

    def __init__(self, server: MediaServer, target: MediaObject, number: int) -> None:
        self._server = server
        self._target = target
        self._number = number
        self._stats_ids: dict[int, str] = {}
        self.session: WebRtcSession | None = None
        self.offer = ""
        self.pair: tuple[str, str] | None = None
        self.ice_state = ""
        self.media_state = "DISCONNECTED"

    def emit(self, event: str, **data: Json) -> None:
        """Emit an event of the element."""
        self._server.registry.emit(self._target, event, data, typed=True)

    def _set_ice_state(self, state: str) -> None:
        self.ice_state = state
        self.emit(
            "IceComponentStateChanged", componentId=_COMPONENT, state=state, streamId=int(_STREAM)
        )

    def gather(self) -> None:
        """Announce the only candidate, for each m-line that is answered."""
        session = self.session
        if session is None:
            self.emit("IceGatheringDone")  # no media, or no offer: nothing to gather
            return
        if self.ice_state:
            return
        self._set_ice_state("GATHERING")
        for number in sorted(session.offer.accepted.values()):
            candidate: Json = {
                "__module__": "kurento",
                "__type__": "IceCandidate",
                "candidate": session.candidate(),
                "sdpMLineIndex": number,
                "sdpMid": session.offer.sections[number].mid,
            }
            self.emit("IceCandidateFound", candidate=candidate)
        self.emit("IceGatheringDone")

    def on_check(self) -> None:
        """The first authentic binding request arrived."""
        self._set_ice_state("CONNECTING")

    def on_selected(self, candidate: str) -> None:
        """A pair with this candidate of the peer is used from now on."""
        if self.session is None:
            return
        self.pair = (self.session.candidate(), candidate)
        self.emit("NewCandidatePairSelected", candidatePair=self._pair())
        if self.ice_state != "READY":
            self._set_ice_state("CONNECTED")
            self._set_ice_state("READY")

    def _pair(self) -> Json:
        if self.pair is None:
            return None
        return {
            "__module__": "kurento",
            "__type__": "IceCandidatePair",
            "componentId": _COMPONENT,
            "localCandidate": self.pair[0],
            "remoteCandidate": self.pair[1],
            "streamId": _STREAM,
        }

    def on_connected(self) -> None:
        """The DTLS handshake is complete."""
        self.emit("ConnectionStateChanged", newState="CONNECTED", oldState="DISCONNECTED")

    def on_media(self, *, is_active: bool) -> None:
        """RTCP begins to arrive, or has not arrived for a long time."""
        old, self.media_state = self.media_state, "CONNECTED" if is_active else "DISCONNECTED"
        self.emit("MediaStateChanged", newState=self.media_state, oldState=old)

    def on_flow(self) -> None:
        """Packets of a kind begin to arrive, or have not arrived for some seconds."""
        update_links(self._server.registry, self._target.root())

    def apply_properties(self) -> None:
        """Use the limit of the bitrate that the element has now."""
        limit = self._target.properties.get("maxVideoRecvBandwidth", 0)
        if self.session is not None and isinstance(limit, int):
            self.session.max_bitrate = 1000 * max(0, limit)

    def close(self) -> None:
        """End the session; the element is destroyed."""
        if self.session is not None:
            self.session.close()

    def set_flow(self, direction: str, kind: str, *, is_flowing: bool) -> None:
        """Emit what the real server emits besides the change of a flow."""
        if direction == "Out" and is_flowing:
            bin_name = f"kmswebrtcendpoint{self._number}_kmsagnosticbin2-{2 + KINDS.index(kind)}"
            self.emit(
                "MediaTranscodingStateChanged",
                binName=bin_name,
                mediaType=kind.upper(),
                state="NOT_TRANSCODING",
            )

    # What operations read.

    def pairs(self) -> Json:
        """The selected pair, in a list."""
        return [] if self.pair is None else [self._pair()]

    def ice_connections(self) -> Json:
        """The state of its component, in a list."""
        if not self.ice_state:
            return []
        connection: Json = {
            "__module__": "kurento",
            "__type__": "IceConnection",
            "componentId": _COMPONENT,
            "state": self.ice_state,
            "streamId": _STREAM,
        }
        return [connection]

    @property
    def is_connected(self) -> bool:
        """Whether the handshake with the peer is complete."""
        return self.session is not None and self.session.is_connected

    def dtls_connections(self) -> Json:
        """The states of decryption and encryption."""
        if not self.is_connected:
            return []
        number = self._number
        return [
            {
                "__module__": "kurento",
                "__type__": "DtlsConnection",
                "componentId": f"[bundle/{name}]",
                "connectionId": f"dtlssrtpenc{number}-dtlssrtpdec{number}-1-1",
                "state": "CONNECTED",
                "streamId": _STREAM,
            }
            for name in ("dtlssrtpdec", "dtlssrtpenc")
        ]

    def stats(self, kind: str | None) -> Json:
        """The statistics of its tracks by id; None before the first packet."""
        session = self.session
        if session is None:
            return None
        now = int(self._server.clock.now().timestamp() * 1000)
        found: dict[str, Json] = {}
        for incoming in session.incoming.values():
            if kind in {None, incoming.kind}:
                name = self._stats_id(incoming.ssrc)
                found[name] = _inbound(name, incoming, session, now)
        for outgoing in session.outgoing.values():
            if kind in {None, outgoing.kind} and outgoing.packets:
                name = self._stats_id(outgoing.ssrc)
                found[name] = _outbound(name, outgoing, now)
        return found or None

    def _stats_id(self, ssrc: int) -> str:
        return self._stats_ids.setdefault(ssrc, self._server.new_id())


def _common(name: str, kind: str, ssrc: int, now: int) -> dict[str, Json]:
    return {
        "__module__": "kurento",
        "__type__": f"RTC{kind.capitalize()}RTPStreamStats",
        "associateStatsId": "",
        "codecId": "",
        "id": name,
        "isRemote": False,
        "mediaTrackId": "",
        "sliCount": 0,
        "ssrc": str(ssrc),
        "timestampMillis": now,
        "transportId": "",
        "type": f"{kind}rtp",
    }


def _inbound(name: str, track: IncomingTrack, session: WebRtcSession, now: int) -> Json:
    return {
        **_common(name, "inbound", track.ssrc, now),
        "bytesReceived": track.octets,
        "firCount": 0,
        "fractionLost": track.fraction_lost,
        "jitter": track.jitter / track.clock_rate,
        "nackCount": 0,
        "packetsLost": track.lost,
        "packetsReceived": track.packets,
        "pliCount": track.key_frame_requests,
        "remb": session.max_bitrate if track.kind == "video" else 0,
    }


def _outbound(name: str, track: OutgoingTrack, now: int) -> Json:
    return {
        **_common(name, "outbound", track.ssrc, now),
        "bytesSent": track.octets,
        "firCount": 0,
        "fractionLost": track.fraction_lost,
        "nackCount": track.nacks,
        "packetsLost": track.lost,
        "packetsSent": track.packets,
        "pliCount": track.key_frame_requests,
        "remb": track.bitrate_limit,
        "roundTripTime": track.round_trip,
        "targetBitrate": 0.0,
    }


# Operations.


def _endpoint(call: Invocation) -> WebRtcEndpoint:
    if call.target.endpoint is None:
        number = call.server.next_endpoint_number()
        call.target.endpoint = WebRtcEndpoint(call.server, call.target, number)
    return call.target.endpoint


def _process_offer(call: Invocation) -> str:
    call.require_params()
    text = call.text("offer")
    port = call.server.media
    if port is None:
        raise KurentoError(
            "NOT_IMPLEMENTED",
            "'processOffer': this server is emulated without media; install mediafleet[media]",
        )
    endpoint = _endpoint(call)
    if endpoint.session is not None:
        raise KurentoError("SDP_END_POINT_ALREADY_NEGOTIATED", "Endpoint already negotiated")
    if not text:
        raise KurentoError("SDP_PARSE_ERROR", "Empty offer not valid")
    most = call.server.settings.max_media_endpoints
    if len(port.sessions) >= most:
        raise KurentoError("NOT_ENOUGH_RESOURCES", f"Reached the limit of {most} WebRtcEndpoints")
    try:
        endpoint.session = port.open(parse_offer(text), endpoint)
    except InvalidSdpError as error:
        raise KurentoError("SDP_PARSE_ERROR", str(error)) from error
    except SocketError as error:
        raise KurentoError("NOT_ENOUGH_RESOURCES", str(error)) from error
    endpoint.offer = text
    endpoint.apply_properties()
    endpoint.emit("MediaSessionStarted")
    call.server.registry.relinked.add(call.target.root())
    return endpoint.session.answer


def _process_answer(_call: Invocation) -> Json:
    raise KurentoError(
        "SDP_END_POINT_NOT_OFFER_GENERATED",
        "Offer not generated. It is not possible to process an answer.",
    )


def _local_descriptor(call: Invocation) -> str:
    session = _endpoint(call).session
    if session is None:
        raise KurentoError("SDP_END_POINT_NO_LOCAL_SDP_ERROR", "No local SDP")
    return session.answer


def _remote_descriptor(call: Invocation) -> str:
    endpoint = _endpoint(call)
    if endpoint.session is None:
        raise KurentoError("SDP_END_POINT_NO_REMOTE_SDP_ERROR", "No remote SDP")
    return endpoint.offer


def _add_ice_candidate(call: Invocation) -> None:
    call.require_params()
    candidate = call.raw.get("candidate") if isinstance(call.raw, dict) else None
    if not isinstance(candidate, dict):
        raise MarshallError("'candidate' parameter should be a object")
    index = candidate.get("sdpMLineIndex")
    if not isinstance(index, int):
        raise MarshallError("'sdpMLineIndex' property should be a integer")
    text = as_text(candidate.get("candidate"))
    endpoint = _endpoint(call)
    session = endpoint.session
    if session is None or not text:
        return
    if endpoint.ice_state and not 0 <= index < len(session.offer.sections):
        raise KurentoError("ICE_ADD_CANDIDATE_ERROR", "Error adding candidate")
    session.add_candidate(text)


def _stats(call: Invocation) -> Json:
    kind = None
    if call.given("mediaType"):
        kind = call.text("mediaType").lower()
        if kind not in {*KINDS, "data"}:
            raise MarshallError("Invalid value for 'MediaType'")
    return _endpoint(call).stats(kind)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "addIceCandidate": _add_ice_candidate,
    "gatherCandidates": lambda call: _endpoint(call).gather(),
    "getConnectionState": lambda call: (
        "CONNECTED" if _endpoint(call).is_connected else "DISCONNECTED"
    ),
    "getDtlsConnectionState": lambda call: _endpoint(call).dtls_connections(),
    "getICECandidatePairs": lambda call: _endpoint(call).pairs(),
    "getIceConnectionState": lambda call: _endpoint(call).ice_connections(),
    "getLocalSessionDescriptor": _local_descriptor,
    "getMediaState": lambda call: _endpoint(call).media_state,
    "getRemoteSessionDescriptor": _remote_descriptor,
    "getStats": _stats,
    "processAnswer": _process_answer,
    "processOffer": _process_offer,
}
"""The operations of WebRtcEndpoints by name."""
