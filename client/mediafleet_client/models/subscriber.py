from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.endpoint_event import EndpointEvent
    from ..models.offered_candidate import OfferedCandidate


T = TypeVar("T", bound="Subscriber")


@_attrs_define
class Subscriber:
    """A stream that a participant receives.

    Example:
        {'createdAt': 1600678303456, 'streamId': 'str_CAM_QTQ5_con_Xp4kB2cQeT'}

    """

    created_at: int
    """ When the participant began to receive the stream, in UTC milliseconds. """
    stream_id: str
    """ The `streamId` of the stream's publisher. """
    webrtc_endpoint_name: str | Unset = UNSET
    """ The name of the stream's media endpoint. Present, as the following members, only with `webRtcStats=true`.
    """
    remote_sdp: None | str | Unset = UNSET
    """ What the browser sent as its description of the media, or null. """
    local_sdp: None | str | Unset = UNSET
    """ What the media server sent, or null. """
    received_candidates: list[OfferedCandidate] | Unset = UNSET
    """ The network addresses that the browser offered, the last 100. """
    gathered_candidates: list[OfferedCandidate] | Unset = UNSET
    """ The network addresses that the media server offered, the last 100. """
    client_ice_candidates: list[OfferedCandidate] | Unset = UNSET
    """ The same as `receivedCandidates`, as later versions name it. Below `/openvidu/api` only. """
    server_ice_candidates: list[OfferedCandidate] | Unset = UNSET
    """ The same as `gatheredCandidates`, as later versions name it. Below `/openvidu/api` only. """
    local_candidate: None | str | Unset = UNSET
    """ The address of the media server that is in use, or null. """
    remote_candidate: None | str | Unset = UNSET
    """ The address of the browser that is in use, or null. """
    events: list[EndpointEvent] | Unset = UNSET
    """ What happened to the endpoint, the oldest first, the last 100 events. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at

        stream_id = self.stream_id

        webrtc_endpoint_name = self.webrtc_endpoint_name

        remote_sdp: None | str | Unset
        if isinstance(self.remote_sdp, Unset):
            remote_sdp = UNSET
        else:
            remote_sdp = self.remote_sdp

        local_sdp: None | str | Unset
        if isinstance(self.local_sdp, Unset):
            local_sdp = UNSET
        else:
            local_sdp = self.local_sdp

        received_candidates: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.received_candidates, Unset):
            received_candidates = []
            for received_candidates_item_data in self.received_candidates:
                received_candidates_item = received_candidates_item_data.to_dict()
                received_candidates.append(received_candidates_item)

        gathered_candidates: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.gathered_candidates, Unset):
            gathered_candidates = []
            for gathered_candidates_item_data in self.gathered_candidates:
                gathered_candidates_item = gathered_candidates_item_data.to_dict()
                gathered_candidates.append(gathered_candidates_item)

        client_ice_candidates: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.client_ice_candidates, Unset):
            client_ice_candidates = []
            for client_ice_candidates_item_data in self.client_ice_candidates:
                client_ice_candidates_item = client_ice_candidates_item_data.to_dict()
                client_ice_candidates.append(client_ice_candidates_item)

        server_ice_candidates: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.server_ice_candidates, Unset):
            server_ice_candidates = []
            for server_ice_candidates_item_data in self.server_ice_candidates:
                server_ice_candidates_item = server_ice_candidates_item_data.to_dict()
                server_ice_candidates.append(server_ice_candidates_item)

        local_candidate: None | str | Unset
        if isinstance(self.local_candidate, Unset):
            local_candidate = UNSET
        else:
            local_candidate = self.local_candidate

        remote_candidate: None | str | Unset
        if isinstance(self.remote_candidate, Unset):
            remote_candidate = UNSET
        else:
            remote_candidate = self.remote_candidate

        events: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.events, Unset):
            events = []
            for events_item_data in self.events:
                events_item = events_item_data.to_dict()
                events.append(events_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "createdAt": created_at,
                "streamId": stream_id,
            }
        )
        if webrtc_endpoint_name is not UNSET:
            field_dict["webrtcEndpointName"] = webrtc_endpoint_name
        if remote_sdp is not UNSET:
            field_dict["remoteSdp"] = remote_sdp
        if local_sdp is not UNSET:
            field_dict["localSdp"] = local_sdp
        if received_candidates is not UNSET:
            field_dict["receivedCandidates"] = received_candidates
        if gathered_candidates is not UNSET:
            field_dict["gatheredCandidates"] = gathered_candidates
        if client_ice_candidates is not UNSET:
            field_dict["clientIceCandidates"] = client_ice_candidates
        if server_ice_candidates is not UNSET:
            field_dict["serverIceCandidates"] = server_ice_candidates
        if local_candidate is not UNSET:
            field_dict["localCandidate"] = local_candidate
        if remote_candidate is not UNSET:
            field_dict["remoteCandidate"] = remote_candidate
        if events is not UNSET:
            field_dict["events"] = events

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.endpoint_event import EndpointEvent  # noqa: PLC0415
        from ..models.offered_candidate import OfferedCandidate  # noqa: PLC0415

        d = dict(src_dict)
        created_at = d.pop("createdAt")

        stream_id = d.pop("streamId")

        webrtc_endpoint_name = d.pop("webrtcEndpointName", UNSET)

        def _parse_remote_sdp(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        remote_sdp = _parse_remote_sdp(d.pop("remoteSdp", UNSET))

        def _parse_local_sdp(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        local_sdp = _parse_local_sdp(d.pop("localSdp", UNSET))

        _received_candidates = d.pop("receivedCandidates", UNSET)
        received_candidates: list[OfferedCandidate] | Unset = UNSET
        if _received_candidates is not UNSET and _received_candidates is not None:
            received_candidates = []
            for received_candidates_item_data in _received_candidates:
                received_candidates_item = OfferedCandidate.from_dict(received_candidates_item_data)

                received_candidates.append(received_candidates_item)

        _gathered_candidates = d.pop("gatheredCandidates", UNSET)
        gathered_candidates: list[OfferedCandidate] | Unset = UNSET
        if _gathered_candidates is not UNSET and _gathered_candidates is not None:
            gathered_candidates = []
            for gathered_candidates_item_data in _gathered_candidates:
                gathered_candidates_item = OfferedCandidate.from_dict(gathered_candidates_item_data)

                gathered_candidates.append(gathered_candidates_item)

        _client_ice_candidates = d.pop("clientIceCandidates", UNSET)
        client_ice_candidates: list[OfferedCandidate] | Unset = UNSET
        if _client_ice_candidates is not UNSET and _client_ice_candidates is not None:
            client_ice_candidates = []
            for client_ice_candidates_item_data in _client_ice_candidates:
                client_ice_candidates_item = OfferedCandidate.from_dict(client_ice_candidates_item_data)

                client_ice_candidates.append(client_ice_candidates_item)

        _server_ice_candidates = d.pop("serverIceCandidates", UNSET)
        server_ice_candidates: list[OfferedCandidate] | Unset = UNSET
        if _server_ice_candidates is not UNSET and _server_ice_candidates is not None:
            server_ice_candidates = []
            for server_ice_candidates_item_data in _server_ice_candidates:
                server_ice_candidates_item = OfferedCandidate.from_dict(server_ice_candidates_item_data)

                server_ice_candidates.append(server_ice_candidates_item)

        def _parse_local_candidate(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        local_candidate = _parse_local_candidate(d.pop("localCandidate", UNSET))

        def _parse_remote_candidate(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        remote_candidate = _parse_remote_candidate(d.pop("remoteCandidate", UNSET))

        _events = d.pop("events", UNSET)
        events: list[EndpointEvent] | Unset = UNSET
        if _events is not UNSET and _events is not None:
            events = []
            for events_item_data in _events:
                events_item = EndpointEvent.from_dict(events_item_data)

                events.append(events_item)

        subscriber = cls(
            created_at=created_at,
            stream_id=stream_id,
            webrtc_endpoint_name=webrtc_endpoint_name,
            remote_sdp=remote_sdp,
            local_sdp=local_sdp,
            received_candidates=received_candidates,
            gathered_candidates=gathered_candidates,
            client_ice_candidates=client_ice_candidates,
            server_ice_candidates=server_ice_candidates,
            local_candidate=local_candidate,
            remote_candidate=remote_candidate,
            events=events,
        )

        subscriber.additional_properties = d
        return subscriber

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
