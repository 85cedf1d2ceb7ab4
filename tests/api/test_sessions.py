"""Sessions over REST, as the official clients of OpenVidu 2.15 and 2.32 ask for them."""

from typing import Any

import anyio
import httpx
import pytest

from mediafleet.emulator import EmulatedCluster
from support.cluster_client import add, delete, until_sessions

pytestmark = pytest.mark.anyio

FAMILIES = ("/api", "/openvidu/api")
FORM = {"content-type": "application/x-www-form-urlencoded"}
"""What `openvidu-node-client` declares on requests without a body."""
EARLY_CREATION = {
    "mediaMode": "ROUTED",
    "recordingMode": "MANUAL",
    "defaultOutputMode": "COMPOSED",
    "defaultRecordingLayout": "BEST_FIT",
    "defaultCustomLayout": "",
    "customSessionId": "",
}
NULLS = dict.fromkeys(
    (
        *("type", "data", "record", "role", "kurentoOptions", "customIceServers", "rtspUri"),
        *("adaptativeBitrate", "onlyPlayWithSubscribers", "networkCache"),
    )
)


async def create(api: httpx.AsyncClient, base: str, **body: Any) -> Any:
    response = await api.post(f"{base}/sessions", json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def test_what_the_client_of_2_15_sends_and_gets(api: httpx.AsyncClient) -> None:
    made = await create(api, "/api", **EARLY_CREATION)
    assert set(made) == {"id", "createdAt"}
    assert made["id"].startswith("ses_")

    body = {"session": made["id"], "role": "PUBLISHER", "data": "", "kurentoOptions": {}}
    token = (await api.post("/api/tokens", json=body)).json()
    assert set(token) == {"id", "session", "role", "data", "token", "kurentoOptions"}
    assert token["id"] == token["token"]
    assert token["token"].startswith(f"wss://localhost?sessionId={made['id']}&token=tok_")

    listed = (await api.get("/api/sessions", headers=FORM)).json()
    assert listed["numberOfElements"] == 1
    assert listed["content"][0]["connections"] == {"numberOfElements": 0, "content": []}
    gone = await api.delete(f"/api/sessions/{made['id']}", headers=FORM)
    assert (gone.status_code, gone.content) == (204, b"")


async def test_what_the_client_of_2_32_sends_and_gets(api: httpx.AsyncClient) -> None:
    base = "/openvidu/api"
    recording = {"outputMode": "INDIVIDUAL", "frameRate": 30}
    made = await create(
        api,
        base,
        customSessionId="room",
        forcedVideoCodec="MEDIA_SERVER_PREFERRED",
        allowTranscoding=False,
        defaultRecordingProperties=recording,
    )
    assert made["defaultRecordingProperties"].items() >= recording.items()
    token = (await api.post(f"{base}/tokens", json={**NULLS, "session": "room"})).json()
    assert (token["role"], token["data"]) == ("PUBLISHER", "")
    assert "kurentoOptions" not in token
    connection = (await api.post(f"{base}/sessions/room/connection", json=NULLS)).json()
    assert (connection["status"], connection["publishers"]) == ("pending", None)

    fetched = await api.get(f"{base}/sessions/room", params={"pendingConnections": "true"})
    shown = fetched.json()["connections"]["content"]
    assert [each["id"] for each in shown] == [token["connectionId"], connection["id"]]
    modified = await api.patch(
        f"{base}/sessions/room/connection/{connection['id']}",
        json={"role": "MODERATOR", "record": None, "other": 1},
    )
    assert (modified.json()["role"], modified.json()["record"]) == ("MODERATOR", True)


async def test_both_families_and_paths_with_a_slash_show_the_same_sessions(
    api: httpx.AsyncClient,
) -> None:
    await create(api, "/api", customSessionId="room")
    for base in FAMILIES:
        assert (await api.get(f"{base}/sessions/room/")).json()["sessionId"] == "room"
        listed = (await api.get(f"{base}/sessions/")).json()
        assert [each["sessionId"] for each in listed["content"]] == ["room"]


@pytest.mark.parametrize("base", FAMILIES)
async def test_parameters_of_other_versions_and_of_caches_are_ignored(
    api: httpx.AsyncClient, base: str
) -> None:
    habits = {"pendingConnections": True, "webRtcStats": "True", "_": 1600678300000, "t": ""}
    await create(api, base, customSessionId="room")
    for path in ("sessions", "sessions/room"):
        assert (await api.get(f"{base}/{path}", params=habits)).status_code == 200
    for path, body in (("tokens", {"session": "room"}), ("sessions", {})):
        assert (await api.post(f"{base}/{path}", params=habits, json=body)).status_code == 200
    assert (await api.delete(f"{base}/sessions/room", params=habits)).status_code == 204


@pytest.mark.parametrize("base", FAMILIES)
async def test_errors_without_a_body(api: httpx.AsyncClient, base: str) -> None:
    await create(api, base, customSessionId="room")
    for method, path, status in (
        ("GET", "sessions/nobody", 404),
        ("DELETE", "sessions/nobody", 404),
        ("POST", "sessions", 409),
        ("DELETE", "sessions/room/connection/con_x", 404),
        ("DELETE", "sessions/room/stream/str_x", 404),
    ):
        body = {"json": {"customSessionId": "room"}} if method == "POST" else {"headers": FORM}
        found = await api.request(method, f"{base}/{path}", **body)  # type: ignore[arg-type]
        assert (found.status_code, found.content) == (status, b"")
        assert "content-type" not in found.headers


ERRORS: list[tuple[str, Any, int, str]] = [
    ("sessions", {"customSessionId": 7}, 400, "customSessionId: must be of type null or string"),
    ("sessions", {"customSessionId": "a b"}, 400, "customSessionId: must match"),
    ("sessions", {"recordingMode": True}, 400, "recordingMode: must be of type"),
    ("sessions", {"mediaMode": "FAST"}, 400, "mediaMode: must match the pattern ^(ROUTED"),
    ("tokens", {}, 400, "property 'session' is missing"),
    ("tokens", {"session": "room", "role": "KING"}, 400, "role: must match"),
    ("tokens", {"session": "room", "kurentoOptions": []}, 400, "must be of type"),
    (
        "tokens",
        {"session": "room", "kurentoOptions": {"videoMaxRecvBandwidth": -1}},
        400,
        "body/kurentoOptions/videoMaxRecvBandwidth: must be 0 or more",
    ),
    ("tokens", {"session": "nobody"}, 404, "There is no session with the id nobody"),
    ("signal", {"session": "room", "to": "x"}, 400, "to: must be of type"),
    ("signal", {"session": "room"}, 406, "Nobody has joined the session room"),
    (
        "sessions/room/connection",
        {"type": "IPCAM", "rtspUri": "ftp://host"},
        400,
        "body/rtspUri: must be an address that begins with one of file://",
    ),
]


@pytest.mark.parametrize("base", FAMILIES)
async def test_errors_with_a_body(api: httpx.AsyncClient, base: str) -> None:
    await create(api, base, customSessionId="room")
    for path, body, status, message in ERRORS:
        found = await api.post(f"{base}/{path}", json=body)
        assert (found.status_code, found.json()["status"]) == (status, status)
        assert message in found.json()["message"]
        assert found.json()["path"] == f"{base}/{path}"


@pytest.mark.parametrize("base", FAMILIES)
async def test_a_session_that_is_closed_can_be_made_again_without_its_tokens(
    api: httpx.AsyncClient, base: str
) -> None:
    await create(api, base, customSessionId="room")
    await api.post(f"{base}/tokens", json={"session": "room"})
    await api.delete(f"{base}/sessions/room")
    await create(api, base, customSessionId="room")
    shown = await api.get("/openvidu/api/sessions/room/connection")
    assert shown.json()["numberOfElements"] == 0


@pytest.mark.parametrize("base", FAMILIES)
async def test_recordings_are_refused_with_a_reason(api: httpx.AsyncClient, base: str) -> None:
    stopped = await api.post(f"{base}/recordings/stop/room", headers=FORM)
    assert stopped.status_code == 501
    assert "OPENVIDU_RECORDING turns it on" in stopped.json()["message"]
    assert (await api.post(f"{base}/recordings/stop")).status_code == 405
    # What clients of 2.15 send by default, and what OpenVidu takes for absent.
    body = {"session": "room", "name": "", "outputMode": "", "recordingLayout": ""}
    for resolution, status in (("1920x1080", 501), ("1099x100", 501), ("99x1080", 400)):
        started = await api.post(
            f"{base}/recordings/start", json={**body, "resolution": resolution}
        )
        assert started.status_code == status


async def test_a_session_may_have_any_resolution_of_openvidu(api: httpx.AsyncClient) -> None:
    for resolution, status in (("1920x1080", 200), ("1999x1000", 200), ("2000x100", 400)):
        body = {"defaultRecordingProperties": {"resolution": resolution}}
        answer = await api.post("/openvidu/api/sessions", json=body)
        assert answer.status_code == status


async def test_a_node_with_sessions_of_ours_and_of_another_client_is_removed(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    await create(api, "/openvidu/api", customSessionId="room")
    camera = {"type": "IPCAM", "rtspUri": "rtsp://127.0.0.1/live"}
    path = "/openvidu/api/sessions/room/connection"
    assert (await api.post(path, json=camera)).status_code == 200
    fleet.nodes[0].create_pipeline("another")
    await until_sessions(api, node["id"], 2)
    with anyio.fail_after(10):
        removed = await delete(api, node["id"], deletion_strategy="now", wait="true")
    assert removed.status_code == 204
    assert (await api.get("/api/sessions")).json()["numberOfElements"] == 0


async def test_single_properties_of_the_configuration(api: httpx.AsyncClient) -> None:
    for name, value in (
        ("version", "2.15.0"),
        ("publicurl", "https://localhost/"),
        ("recording", "false"),
        ("recording-path", "/opt/openvidu/recordings/"),
        ("cdr", "false"),
    ):
        for base in ("", "/openvidu/api"):
            assert (await api.get(f"{base}/config/openvidu-{name}")).text == value
    for base in ("", "/openvidu"):
        assert (await api.get(f"{base}/accept-certificate", auth=None)).status_code == 200
    shown = (await api.get("/config")).json()
    assert (shown["VERSION"], shown["HTTPS_PORT"]) == ("2.15.0", 443)
    assert "KMS_URIS" not in shown
