"""Calls in the forms of both families, held against the schemas of the contract."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from mediafleet.api.session_json import (
    InvalidMemberError,
    SessionJson,
    camera_properties,
    connection_properties,
    session_properties,
    token_url,
)
from mediafleet.app import load_contract
from mediafleet.contract import ContractSchemas
from mediafleet.domain.calls import (
    Call,
    CallConnection,
    CallMedia,
    CallSession,
    Camera,
    ConnectionProperties,
    ConnectionType,
    Filter,
    KurentoOptions,
    MediaOptions,
    RecordingProperties,
    Role,
    SessionProperties,
    Stream,
    Subscription,
)
from mediafleet.domain.media import IceCandidate, MediaEvent
from mediafleet.domain.turn import TurnServer

AT = datetime(2020, 9, 21, 8, 50, tzinfo=UTC)
MS = 1600678200000
URL = "https://media.example.com:4443"
SCHEMAS = ContractSchemas(load_contract())
EARLY_CONNECTION = {
    *("connectionId", "createdAt", "location", "platform", "token", "role"),
    *("serverData", "clientData", "publishers", "subscribers"),
}
LATER_CONNECTION = {
    *("id", "object", "status", "connectionId", "sessionId", "createdAt", "activeAt", "location"),
    *("ip", "platform", "token", "type", "record", "role", "kurentoOptions", "customIceServers"),
    *("rtspUri", "adaptativeBitrate", "onlyPlayWithSubscribers", "networkCache", "serverData"),
    *("clientData", "publishers", "subscribers"),
}


@dataclass
class Trace:
    """As the service keeps them."""

    name: str
    remote_sdp: str
    local_sdp: str
    received: deque[IceCandidate] = field(default_factory=deque)
    gathered: deque[IceCandidate] = field(default_factory=deque)
    events: deque[MediaEvent] = field(default_factory=deque)


def holds(component: str, value: Any) -> Any:
    SCHEMAS.component(component).check(value)
    return value


def stream(owner: str, **changes: Any) -> Stream:
    made = Stream(f"str_CAM_QTQ5_{owner}", AT, MediaOptions(), "endpoint", "pass")
    return replace(made, **changes)


def connection(number: int = 1, **changes: Any) -> CallConnection:
    id_ = f"con_A{number:09}"
    made = CallConnection(id_, AT, "tok_W1LlxOQElNQGcSIw", active_at=AT, platform="Chrome 85")
    return replace(made, **changes)


def call(*connections: CallConnection, **properties: Any) -> Call:
    session = CallSession("physics", AT, SessionProperties(**properties))
    if any(each.is_active for each in connections):
        session = replace(session, media=CallMedia("kms_FVrQslIr"))
    return Call(session, {each.id: each for each in connections})


def camera_connection() -> CallConnection:
    properties = ConnectionProperties(ConnectionType.IPCAM, camera=Camera("rtsp://192.0.2.15/live"))
    return connection(
        9,
        id="ipc_IPCAM_rtsp_QTQ5_192_0_2_15_live",
        token="",
        properties=properties,
        stream=stream("ipc_x", media=MediaOptions(type_of_video="IPCAM")),
    )


def test_a_session_of_2_15_has_exactly_its_members() -> None:
    pending = connection(2, active_at=None)
    shown = holds("Session", SessionJson(URL).early_session(call(connection(), pending)))

    assert set(shown) == {
        *("sessionId", "createdAt", "mediaMode", "recordingMode", "defaultOutputMode"),
        *("defaultRecordingLayout", "connections", "recording"),
    }
    assert shown["createdAt"] == MS
    assert shown["connections"]["numberOfElements"] == 1
    assert set(shown["connections"]["content"][0]) == EARLY_CONNECTION


def test_members_of_2_15_that_depend_on_others() -> None:
    individual = RecordingProperties(output_mode="INDIVIDUAL")
    shown = SessionJson(URL).early_session(call(recording=individual))
    assert "defaultRecordingLayout" not in shown
    own = RecordingProperties(recording_layout="CUSTOM", custom_layout="hall")
    shown = SessionJson(URL).early_session(call(recording=own, custom_session_id="physics"))
    assert (shown["defaultCustomLayout"], shown["customSessionId"]) == ("hall", "physics")


def test_a_session_of_later_versions() -> None:
    pending = connection(2, active_at=None)
    value = call(connection(), pending, media_node="kms_FVrQslIr", custom_session_id="physics")
    shown = holds("OpenViduSession", SessionJson(URL).session(value))
    assert (shown["id"], shown["object"], shown["mediaNodeId"]) == (
        *("physics", "session"),
        "kms_FVrQslIr",
    )
    assert shown["defaultRecordingProperties"]["resolution"] == "1280x720"
    assert shown["connections"]["numberOfElements"] == 1
    both = holds("OpenViduSession", SessionJson(URL).session(value, pending=True))
    assert [each["status"] for each in both["connections"]["content"]] == ["active", "pending"]


def test_a_session_that_nobody_has_joined_has_no_media_node() -> None:
    shown = holds("OpenViduSession", SessionJson(URL).session(call()))
    assert "mediaNodeId" not in shown
    assert shown["customSessionId"] == ""


def test_a_pending_connection_has_every_member_and_nulls() -> None:
    shown = holds(
        "OpenViduConnection", SessionJson(URL).connection("physics", connection(active_at=None))
    )
    assert set(shown) == LATER_CONNECTION
    assert {name for name, value in shown.items() if value is None} == {
        *("activeAt", "location", "ip", "platform", "clientData", "publishers", "subscribers"),
        *("rtspUri", "adaptativeBitrate", "onlyPlayWithSubscribers", "networkCache"),
    }


def test_a_camera_of_2_15_has_ten_media_options() -> None:
    shown = holds("Connection", SessionJson(URL).early_connection("physics", camera_connection()))
    assert set(shown) == EARLY_CONNECTION - {"token"}
    (publisher,) = shown["publishers"]
    assert set(publisher) == {"createdAt", "streamId", "rtspUri", "mediaOptions"}
    assert set(publisher["mediaOptions"]) == {
        *("hasAudio", "audioActive", "hasVideo", "videoActive", "typeOfVideo", "frameRate"),
        *("videoDimensions", "filter", "adaptativeBitrate", "onlyPlayWithSubscribers"),
    }


def test_a_camera_of_later_versions() -> None:
    shown = holds("OpenViduConnection", SessionJson(URL).connection("physics", camera_connection()))
    assert (shown["token"], shown["role"], shown["networkCache"]) == (None, None, 2000)
    assert shown["publishers"][0]["mediaOptions"]["networkCache"] == 2000


@pytest.mark.parametrize(
    ("media", "members"),
    [
        (MediaOptions(has_video=False), {"hasAudio", "audioActive", "hasVideo", "filter"}),
        (
            MediaOptions(has_audio=False, type_of_video=""),
            {"hasAudio", "hasVideo", "videoActive", "frameRate", "videoDimensions", "filter"},
        ),
    ],
)
def test_media_options_of_what_is_there(media: MediaOptions, members: set[str]) -> None:
    owner = connection(stream=stream("con_x", media=media))
    shown = holds("Connection", SessionJson(URL).early_connection("physics", owner))
    assert set(shown["publishers"][0]["mediaOptions"]) == members


@pytest.mark.parametrize("method", [None, ("setElementProperty", '{"a": 1}')])
def test_a_filter(method: tuple[str, str] | None) -> None:
    applied = Filter("GStreamerFilter", '{"command": "x"}', last_method=method)
    owner = connection(stream=stream("con_x", filter=applied))
    shown = holds("Connection", SessionJson(URL).early_connection("physics", owner))
    assert shown["publishers"][0]["mediaOptions"]["filter"] == {
        "type": "GStreamerFilter",
        "options": {"command": "x"},
        "lastExecMethod": {"method": method[0], "params": {"a": 1}} if method else {},
    }


def test_what_is_known_about_media_connections_is_added_when_it_is_asked_for() -> None:
    candidate = IceCandidate("candidate:1", "0", 0)
    pair = {"candidatePair": {"localCandidate": "here", "remoteCandidate": "there"}}
    event = MediaEvent("endpoint", "NewCandidatePairSelected", pair)
    trace = Trace("str_x", "v=0", "v=0", deque([candidate]), deque(), deque([event]))
    subscription = Subscription("str_y", "con_y", AT, "another")
    owner = connection(stream=stream("con_x"), subscriptions={"str_y": subscription})
    traces: Any = {"endpoint": trace}

    json = SessionJson(URL, traces)
    shown = holds("OpenViduConnection", json.connection("physics", owner))
    (publisher,), (subscriber,) = shown["publishers"], shown["subscribers"]
    assert (publisher["localCandidate"], publisher["remoteCandidate"]) == ("here", "there")
    assert publisher["receivedCandidates"] == [
        {"candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0}
    ]
    assert publisher["clientIceCandidates"] == publisher["receivedCandidates"]
    assert publisher["serverIceCandidates"] == publisher["gatheredCandidates"] == []
    early = json.early_connection("physics", owner)["publishers"][0]
    assert "clientIceCandidates" not in holds("Publisher", early)
    assert "localSdp" not in subscriber
    without = SessionJson(URL).connection("physics", owner)
    assert "localSdp" not in without["publishers"][0]


@pytest.mark.parametrize(
    "pair", [None, 7, [], {}, {"localCandidate": 7, "remoteCandidate": "x" * 1025}]
)
def test_no_media_server_makes_a_session_unreadable(pair: Any) -> None:
    events = deque([MediaEvent("endpoint", "NewCandidatePairSelected", {"candidatePair": pair})])
    traces: Any = {"endpoint": Trace("str_x", "v=0", "v=0", events=events)}
    owner = connection(stream=stream("con_x"))
    shown = holds("OpenViduConnection", SessionJson(URL, traces).connection("physics", owner))
    (publisher,) = shown["publishers"]
    assert publisher["localCandidate"] is publisher["remoteCandidate"] is None


def test_no_browser_makes_a_session_unreadable() -> None:
    """With the longest of everything that the contract of the signalling lets through."""
    dimensions = '{"width":' + "1" * 1014 + "}"
    media = MediaOptions(frame_rate=1000, video_dimensions=dimensions, type_of_video="CUSTOM")
    applied = Filter("F" * 128, '{"' + "k" * 1000 + '": [[]]}', last_method=("m" * 128, "{}"))
    owner = connection(
        platform="p" * 1024,
        client_data="c" * 10_000,
        stream=stream("con_x", media=media, filter=applied),
    )
    holds("Session", SessionJson(URL).early_session(call(owner)))
    holds("OpenViduSession", SessionJson(URL).session(call(owner)))


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (None, None),
        (KurentoOptions(), {}),
        (
            KurentoOptions(500, allowed_filters=("A",)),
            {"videoMaxRecvBandwidth": 500, "allowedFilters": ["A"]},
        ),
    ],
)
def test_a_token_repeats_the_options_that_were_given(
    options: KurentoOptions | None, shown: dict[str, Any] | None
) -> None:
    owner = connection(properties=ConnectionProperties(kurento_options=options))
    early = holds("Token", SessionJson(URL).early_token("physics", owner))
    later = holds("OpenViduToken", SessionJson(URL).token("physics", owner))
    assert early.get("kurentoOptions") == later.get("kurentoOptions") == shown
    assert early["id"] == early["token"] == later["token"]
    assert later["connectionId"] == owner.id


def test_browsers_find_their_parameters_in_a_token() -> None:
    token = token_url(URL, "physics", connection())
    address, _, query = token.partition("?")
    assert address == "wss://media.example.com:4443"
    assert dict(part.split("=") for part in query.split("&")) == {
        "sessionId": "physics",
        "token": "tok_W1LlxOQElNQGcSIw",
        "role": "PUBLISHER",
        "version": "2.15.0",
    }


def test_null_is_the_same_as_absent() -> None:
    names = ("mediaMode", "customSessionId", "defaultRecordingProperties", "mediaNode")
    defaults = SessionProperties(forced_video_codec="VP8", allow_transcoding=True)
    assert session_properties(dict.fromkeys(names), defaults) == defaults
    names = ("type", "data", "role", "kurentoOptions", "customIceServers", "rtspUri")
    assert connection_properties(dict.fromkeys(names), AT) == ConnectionProperties()


def test_recording_properties_go_before_the_members_of_2_15() -> None:
    body = {
        "defaultOutputMode": "COMPOSED",
        "defaultRecordingProperties": {"outputMode": "INDIVIDUAL", "frameRate": 30, "name": None},
        "mediaNode": {"id": "kms_FVrQslIr"},
    }
    found = session_properties(body, SessionProperties())
    assert found.recording == RecordingProperties(output_mode="INDIVIDUAL", frame_rate=30)
    assert found.media_node == "kms_FVrQslIr"


@pytest.mark.parametrize("media_node", [{}, {"id": ""}, {"id": 7}])
def test_a_media_node_without_an_id_is_an_error(media_node: dict[str, Any]) -> None:
    with pytest.raises(InvalidMemberError, match="body/mediaNode: must have the id"):
        session_properties({"mediaNode": media_node}, SessionProperties())


def test_a_connection_with_everything() -> None:
    body = {
        "role": "MODERATOR",
        "data": "seat=1",
        "record": False,
        "kurentoOptions": {"videoMinSendBandwidth": 0, "other": 1, "allowedFilters": ["A"]},
        "customIceServers": [{"url": "turn:a", "username": "u", "credential": "secret"}],
    }
    found = connection_properties(body, AT)
    assert (found.role, found.data, found.record) == (Role.MODERATOR, "seat=1", False)
    assert found.kurento_options == KurentoOptions(
        video_min_send_bandwidth=0, allowed_filters=("A",)
    )
    shown = SessionJson(URL).connection("physics", connection(properties=found))
    assert shown["customIceServers"] == [{"url": "turn:a", "username": "u"}], "without its password"


def test_a_secret_of_an_ice_server_becomes_credentials_and_is_not_kept() -> None:
    server = {"url": "turn:a", "staticAuthSecret": "s3cr3t", "username": None}
    (made,) = connection_properties({"customIceServers": [server]}, AT).custom_ice_servers
    expected = TurnServer("", 0, "s3cr3t").credentials("browser", at=AT)
    assert (made.username, made.credential) == expected
    given = {**server, "username": "u", "credential": "c"}
    (kept,) = connection_properties({"customIceServers": [given]}, AT).custom_ice_servers
    assert (kept.username, kept.credential) == ("u", "c")


@pytest.mark.parametrize(
    "uri", ["rtsp://192.0.2.15/live", "file:///opt/a.mp4", "rtsp://user:pass@host:554/x"]
)
def test_addresses_of_cameras(uri: str) -> None:
    assert camera_properties({"rtspUri": uri}).camera == Camera(uri)
    later = connection_properties({"type": "IPCAM", "rtspUri": uri, "networkCache": 0}, AT)
    assert later.camera == Camera(uri, network_cache=0)


@pytest.mark.parametrize(
    "uri", ["", "x", "rtsp:", "rtsp://", "rtsp:///live", "ftp://host/x", "file:x", "rtsp://[::1/x"]
)
def test_addresses_that_nothing_can_be_fetched_from(uri: str) -> None:
    for read in (camera_properties, partial(connection_properties, at=AT)):
        with pytest.raises(InvalidMemberError, match="body/rtspUri: must be an address"):
            read({"type": "IPCAM", "rtspUri": uri})


def test_the_families_take_cameras_of_different_schemes() -> None:
    body = {"type": "IPCAM", "rtspUri": "https://host/x"}
    assert connection_properties(body, AT).camera == Camera("https://host/x")
    with pytest.raises(InvalidMemberError, match="file://, rtsp://"):
        camera_properties(body)
