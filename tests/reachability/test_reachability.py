"""Every documented answer of every operation is reached, and no other appears."""

import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from mediafleet import contract
from mediafleet.api.errors import describe_error
from mediafleet.app import load_contract
from mediafleet.domain.errors import StoreUnavailableError
from mediafleet.emulator import EmulatedCluster
from support import live, rpc_calls
from support.cluster_client import (
    NODES,
    PREFIXES,
    add,
    below,
    delete,
    members,
    patch,
    until,
    until_gone,
    until_sessions,
)
from support.machine_scripts import AUTODISCOVER, DROP, MachineScripts, write_script
from support.reachability import DOCUMENT, Reached, document, operations
from support.webhook_receiver import status as webhook_receiver_status
from support.webhook_receiver import webhook_receiver

pytestmark = pytest.mark.anyio

UNKNOWN = "kms_Unknown1"
DIAGNOSTICS = "/fleet/media-nodes/{}/diagnostics"
DRAIN = "/fleet/media-nodes/{}/drain"
SESSION_PREFIXES = ("/api", "/openvidu/api")
"""Of the paths of sessions."""
COMMUNITY_PROPERTIES = ("version", "publicurl", "recording", "recording-path", "cdr")
LABELS = "/fleet/media-nodes/{}/labels"
REACHED = Reached()


def noting(how: str) -> Any:
    """An event hook that notes every answer under its operation."""
    patterns = [
        (each.method, re.compile(re.sub(r"\{.*?\}", "[^/]+", each.path) + "/?"), each.id)
        for each in operations()
    ]

    async def note(response: httpx.Response) -> None:
        request = response.request
        (operation,) = (
            operation
            for method, pattern, operation in patterns
            if method == request.method and pattern.fullmatch(request.url.path)
        )
        REACHED.note(operation, response.status_code, how)

    return note


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with live.mediafleet(tmp_path, MEDIAFLEET_LAUNCH_TIMEOUT="5") as client:
        client.event_hooks["response"].append(noting("live"))
        yield client


@pytest.fixture
def scripts(tmp_path: Path) -> Iterator[MachineScripts]:
    yield (scripts := MachineScripts(tmp_path))
    scripts.end_all()


def url_of(operation: Any) -> str:
    path = operation.path.replace("{mediaNodeId}", UNKNOWN).replace("{file}", "unknown.log")
    path = path.replace("{sequence}", "4711")
    path = path.replace("{placementId}", "plc_Unknown1")
    path = re.sub(r"\{(session|connection|stream|recording)Id\}", "unknown", path)
    # A stream has no end of its own.
    return f"{path}?duration=0" if path.endswith("/stream") else path


async def test_errors_that_every_operation_shares(api: httpx.AsyncClient) -> None:
    for each in operations():
        wrong = await api.request(each.method, url_of(each), auth=("OPENVIDUAPP", "wrong"))
        assert wrong.status_code == (401 if 401 in each.statuses else 200)
        if each.method != "GET":
            foreign = {"sec-fetch-site": "cross-site"}
            refused = await api.request(each.method, url_of(each), headers=foreign)
            assert refused.status_code == 403
        separator = "&" if "?" in url_of(each) else "?"
        malformed = await api.request(each.method, f"{url_of(each)}{separator}%zz", json={})
        assert malformed.status_code == 400
        if each.takes_body:
            for body, kind, status in (
                (b" " * (1 << 20) + b"{}", "application/json", 413),
                (b"a=b", "application/x-www-form-urlencoded", 415),
            ):
                answer = await api.request(
                    each.method, url_of(each), content=body, headers={"content-type": kind}
                )
                assert answer.status_code == status


@pytest.mark.parametrize("path", ["/pro/x", "/openvidu/api/x", "/fleet", "/fleet/media-nodes/x"])
async def test_without_credentials_nothing_is_revealed_of_paths(tmp_path: Path, path: str) -> None:
    async with live.mediafleet(tmp_path) as client:
        assert (await client.get(path, auth=("OPENVIDUAPP", "wrong"))).status_code == 401
        assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_the_life_of_media_nodes(
    api: httpx.AsyncClient, fleet: EmulatedCluster, prefix: str
) -> None:
    api.event_hooks["request"].append(below(prefix))
    assert (await api.post(NODES)).status_code == 501
    assert (await api.post(NODES, json={"uri": "ws://127.0.0.1:9/kurento"})).status_code == 404
    node = await add(api, fleet.uri(0))
    assert (await api.post(NODES, json={"uri": fleet.uri(0)})).status_code == 409
    assert [each["id"] for each in await members(api)] == [node["id"]]
    assert (await api.get(f"{NODES}/{node['id']}")).status_code == 200
    assert (await api.put(NODES)).status_code == 200

    pipeline = fleet.nodes[0].create_pipeline("room")
    await until_sessions(api, node["id"], 1)
    assert (await patch(api, node["id"], "running")).status_code == 204
    assert (await patch(api, node["id"], "canceled")).status_code == 400
    assert (await delete(api, node["id"])).status_code == 409
    assert (await delete(api, node["id"], deletion_strategy="when-no-sessions")).status_code == 202
    assert (await patch(api, node["id"], "running")).status_code == 200
    fleet.nodes[0].release_pipeline(pipeline)
    await until_sessions(api, node["id"], 0)
    assert (await delete(api, node["id"], wait="true")).status_code == 204
    await add_and_remove_without_waiting(api, fleet.uri(1))

    for request in (
        api.get(f"{NODES}/{UNKNOWN}"),
        delete(api, UNKNOWN),
        patch(api, UNKNOWN, "running"),
    ):
        assert (await request).status_code == 404


async def add_and_remove_without_waiting(api: httpx.AsyncClient, uri: str) -> None:
    node = await add(api, uri)
    begun = await delete(api, node["id"])
    assert begun.status_code == (204 if "/pro/" in begun.request.url.path else 200)


async def test_the_diagnostics_of_a_media_node(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    assert (await api.get(DIAGNOSTICS.format(node["id"]))).status_code == 200
    assert (await api.get(DIAGNOSTICS.format(UNKNOWN))).status_code == 404


async def test_the_drain_of_a_media_node(api: httpx.AsyncClient, fleet: EmulatedCluster) -> None:
    node = await add(api, fleet.uri(0))
    path = DRAIN.format(node["id"])
    fleet.nodes[0].create_pipeline("room")
    await until_sessions(api, node["id"], 1)
    assert (await api.get(path)).status_code == 404
    assert (await api.delete(path)).status_code == 404
    assert (await api.put(DRAIN.format(UNKNOWN))).status_code == 404
    assert (await api.put(path)).status_code == 409
    await add(api, fleet.uri(1))
    assert (await api.put(path)).status_code == 201
    assert (await api.put(path)).status_code == 200
    assert (await api.get(path)).status_code == 200
    assert (await api.delete(path)).status_code == 204


async def test_autoscaling(api: httpx.AsyncClient) -> None:
    assert (await api.get("/fleet/autoscaling")).status_code == 200
    contradictory = {"minNodes": 4, "maxNodes": 3}
    assert (await api.get("/fleet/autoscaling", params=contradictory)).status_code == 400


async def test_the_labels_of_a_media_node(api: httpx.AsyncClient, fleet: EmulatedCluster) -> None:
    path = LABELS.format((await add(api, fleet.uri(0)))["id"])
    body = {"labels": {"zone": "eu-1"}}
    assert (await api.put(path, json=body)).status_code == 200
    assert (await api.get(path)).status_code == 200
    assert (await api.put(LABELS.format(UNKNOWN), json=body)).status_code == 404
    assert (await api.get(LABELS.format(UNKNOWN))).status_code == 404


async def test_placements(api: httpx.AsyncClient, fleet: EmulatedCluster) -> None:
    path = "/fleet/placements"
    assert (await api.post(path)).status_code == 503
    assert (await api.post(path, json={"mediaNode": {"id": UNKNOWN}})).status_code == 404
    await add(api, fleet.uri(0))
    placed = await api.post(path)
    assert placed.status_code == 200
    assert (await api.get(path)).status_code == 200
    assert (await api.delete(f"{path}/{placed.json()['id']}")).status_code == 204
    assert (await api.delete(f"{path}/{placed.json()['id']}")).status_code == 404


async def test_the_events_of_the_cluster(api: httpx.AsyncClient) -> None:
    for path in ("/fleet/events", "/fleet/events/stream"):
        assert (await api.get(path, params={"after": 1})).status_code == 410
    assert (await api.get("/fleet/events")).status_code == 200
    assert (await api.get("/fleet/events/stream", params={"duration": 0})).status_code == 200


async def test_the_webhook_and_what_its_receiver_refused(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    letters, replay = "/fleet/dead-letters", "/fleet/dead-letters/replay"
    async with webhook_receiver() as receiver:
        receiver.answer = lambda _: webhook_receiver_status(422)
        async with live.mediafleet(
            tmp_path,
            OPENVIDU_WEBHOOK="true",
            OPENVIDU_WEBHOOK_ENDPOINT=f"http://127.0.0.1:{receiver.port}/",
            MEDIAFLEET_WEBHOOK_SCHEDULE="0.001",
        ) as client:
            client.event_hooks["response"].append(noting("live"))
            await add(client, fleet.uri(0))
            assert (await client.get("/fleet/webhook")).status_code == 200
            while (await client.get(letters)).json()["total"] < 2:
                await anyio.sleep(0.01)
            receiver.delay, connections = 0.5, receiver.connections
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(partial(client.post, replay, json={"all": True}))
                while receiver.connections == connections:
                    await anyio.sleep(0.01)
                assert (await client.post(replay, json={"sequences": [1]})).status_code == 409
            assert (await client.post(replay, json={"sequences": [4711]})).status_code == 404
            assert (await client.delete(f"{letters}/1")).status_code == 204
            assert (await client.delete(f"{letters}/1")).status_code == 404


@pytest.mark.parametrize("prefix", ["", "/openvidu"])
async def test_call_detail_records(tmp_path: Path, api: httpx.AsyncClient, prefix: str) -> None:
    name = "CDR.2020-09-21_08-50-36.log"
    assert (await api.get(f"{prefix}/cdr/{name}")).status_code == 404
    (tmp_path / "cdr").mkdir(exist_ok=True)
    (tmp_path / "cdr" / name).touch()
    assert (await api.get(f"{prefix}/cdr")).json() == [name]
    assert (await api.get(f"{prefix}/cdr/{name}")).status_code == 200


@pytest.mark.parametrize("base", SESSION_PREFIXES)
async def test_sessions_that_nobody_has_joined(api: httpx.AsyncClient, base: str) -> None:
    sessions, room = f"{base}/sessions", f"{base}/sessions/room"
    assert (await api.post(sessions, json={"customSessionId": "room"})).status_code == 200
    assert (await api.post(sessions, json={"customSessionId": "room"})).status_code == 409
    assert (await api.get(sessions)).status_code == (await api.get(room)).status_code == 200
    assert (await api.post(f"{base}/tokens", json={"session": "room"})).status_code == 200
    assert (await api.post(f"{base}/tokens", json={"session": "x"})).status_code == 404
    for session, status in (("x", 404), ("room", 406)):
        signal = await api.post(f"{base}/signal", json={"session": session})
        assert signal.status_code == status
    camera = {"rtspUri": "rtsp://127.0.0.1/live"}
    assert (await api.post(f"{sessions}/x/connection", json=camera)).status_code == 404
    for session, status in (("x", 400), ("room", 404)):
        for below_it in ("connection/x", "stream/x"):
            unknown = await api.delete(f"{sessions}/{session}/{below_it}")
            assert unknown.status_code == status
    assert (await api.delete(room)).status_code == 204
    assert (await api.delete(room)).status_code == (await api.get(room)).status_code == 404


@pytest.mark.parametrize("base", SESSION_PREFIXES)
async def test_a_session_with_a_camera(
    api: httpx.AsyncClient, fleet: EmulatedCluster, base: str
) -> None:
    await api.post(f"{base}/sessions", json={"customSessionId": "room"})
    room, camera = f"{base}/sessions/room", {"type": "IPCAM", "rtspUri": "rtsp://127.0.0.1/live"}
    assert (await api.post(f"{room}/connection", json=camera)).status_code == 503
    await add(api, fleet.uri(0))
    made = await api.post(f"{room}/connection", json=camera)
    assert made.status_code == 200
    (publisher,) = made.json()["publishers"]
    assert (await api.post(f"{base}/signal", json={"session": "room"})).status_code == 200
    stream = f"{room}/stream/{publisher['streamId']}"
    assert (await api.delete(stream)).status_code == 405
    connection = f"{room}/connection/{made.json()['connectionId']}"
    assert (await api.delete(connection)).status_code == 204


async def test_connections_of_later_versions(api: httpx.AsyncClient) -> None:
    sessions = "/openvidu/api/sessions"
    session = (await api.post(sessions)).json()["id"]
    path = f"{sessions}/{session}/connection"
    made = await api.post(path)
    assert made.status_code == 200
    one = f"{path}/{made.json()['id']}"
    for found in (api.get(path), api.get(one), api.patch(one, json={"role": "SUBSCRIBER"})):
        assert (await found).status_code == 200
    assert (await api.delete(one)).status_code == 204
    assert (await api.get(one)).status_code == 404
    assert (await api.patch(one, json={})).status_code == 404
    assert (await api.get(f"{sessions}/x/connection")).status_code == 404


@pytest.mark.parametrize("base", SESSION_PREFIXES)
async def test_recordings(tmp_path: Path, base: str) -> None:
    for is_on in (False, True):
        async with live.mediafleet(
            tmp_path,
            OPENVIDU_RECORDING=is_on,
            OPENVIDU_RECORDING_PATH=str(tmp_path / "recordings"),
        ) as client:
            client.event_hooks["response"].append(noting("live"))
            await client.post(f"{base}/sessions", json={"customSessionId": f"room-{is_on}"})
            start = f"{base}/recordings/start"
            for mode in (None, "INDIVIDUAL", "COMPOSED"):
                body = {"session": f"room-{is_on}", "outputMode": mode}
                assert (await client.post(start, json=body)).status_code == 501
            if is_on:
                assert (await client.post(start, json={"session": "x"})).status_code == 404
            expected = 404 if is_on else 501
            for method, path in (("POST", "stop/x"), ("GET", "x"), ("DELETE", "x")):
                found = await client.request(method, f"{base}/recordings/{path}")
                assert found.status_code == expected
            listed = await client.get(f"{base}/recordings")
            assert listed.status_code == (200 if is_on else 501)


async def test_what_openvidu_ce_shows_of_its_configuration(api: httpx.AsyncClient) -> None:
    for each in ("", *(f"/openvidu-{name}" for name in COMMUNITY_PROPERTIES)):
        for base in ("", "/openvidu/api"):
            assert (await api.get(f"{base}/config{each}")).status_code == 200
    for base in ("", "/openvidu"):
        answer = await api.get(f"{base}/accept-certificate", auth=("", ""))
        assert answer.status_code == 200


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_the_cluster_as_a_whole(api: httpx.AsyncClient, prefix: str) -> None:
    api.event_hooks["request"].append(below(prefix))
    assert (await api.post("/pro/restart", json={"OPENVIDU_CDR": True})).status_code == 200
    assert (await api.post("/pro/restart", json={"OPENVIDU_CDR": 1})).status_code == 400
    assert (await api.get("/pro/config")).status_code == 200
    assert (await api.get("/health")).status_code == 200
    for probe in ("/health/live", "/health/ready", "/metrics"):
        assert (await api.get(probe)).status_code == 200


async def test_the_health_of_each_status(api: httpx.AsyncClient, fleet: EmulatedCluster) -> None:
    async def health() -> tuple[int, str]:
        answer = await api.get("/openvidu/api/health")
        return answer.status_code, answer.json()["status"]

    assert await health() == (503, "DOWN")
    nodes = [await add(api, fleet.uri(number)) for number in (0, 1)]
    assert await health() == (200, "UP")
    fleet.nodes[0].crash()
    await until(api, nodes[0]["id"], lambda node: node is not None and not node["connected"])
    assert await health() == (409, "UNSTABLE")
    assert (await api.get("/openvidu/api/status")).status_code == 200


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_an_environment_that_cannot_launch(tmp_path: Path, prefix: str) -> None:
    async with live.mediafleet(
        tmp_path,
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local",
        OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0,
        MEDIAFLEET_LOCAL_COMMAND="no-such-media-server",
    ) as api:
        api.event_hooks["request"].append(below(prefix))
        api.event_hooks["response"].append(noting("live"))
        failed = await api.post(NODES, params={"wait": "true"})
        assert failed.status_code == 502
        assert "no-such-media-server cannot be run" in failed.json()["message"]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_an_environment_that_can_launch_but_not_more(
    tmp_path: Path, scripts: MachineScripts, prefix: str
) -> None:
    folder = scripts.write()
    async with live.mediafleet(
        tmp_path,
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="script",
        OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0,
        OPENVIDU_PRO_CLUSTER_PATH=str(folder),
    ) as api:
        api.event_hooks["request"].append(below(prefix))
        api.event_hooks["response"].append(noting("live"))
        node = (await api.post(NODES, params={"wait": "true"})).json()
        for script in (DROP, AUTODISCOVER):
            write_script(folder / script, "#!/bin/sh\necho not authorized >&2\nexit 1\n")
        assert (await api.put(NODES)).status_code == 502
        assert (await delete(api, node["id"], wait="true")).status_code == 502
        assert (await api.delete(DRAIN.format(node["id"]))).status_code == 409
        scripts.write()
        await until_gone(api, node["id"])


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (RuntimeError("a bug"), 500),
        (None, 500),
        (StoreUnavailableError("frozen"), 503),
    ],
    ids=["a handler raises", "a handler answers a wrong body", "the store does not answer"],
)
async def test_failures_of_the_server_itself(failure: Exception | None, status: int) -> None:
    async def fail(**_: object) -> tuple[object, int]:
        if failure is None:
            return {"no": "such answer"}, 200
        raise failure

    app = contract.create_app(
        load_contract(),
        contract.Options(
            {each.id: fail for each in operations()},
            authenticate=lambda *_: True,
            describe_error=describe_error,
            now_ms=lambda: 0,
        ),
    )
    bodies: dict[str, dict[str, Any]] = {
        "POST": {"uri": "ws://127.0.0.1/kurento"},
        "PATCH": {"status": "running"},
        "/pro/restart": {},
        "/openvidu/api/restart": {},
        "/fleet/dead-letters/replay": {"all": True},
        "/fleet/media-nodes/{mediaNodeId}/labels": {"labels": {}},
        "/fleet/placements": {},
        **{
            base + path: body
            for base in SESSION_PREFIXES
            for path, body in {
                "/tokens": {"session": "room"},
                "/signal": {"session": "room"},
                "/sessions/{sessionId}/connection": {"rtspUri": "rtsp://127.0.0.1/live"},
                "/sessions/{sessionId}/connection/{connectionId}": {},
                "/recordings/start": {"session": "room"},
            }.items()
        },
    }
    async with (
        live.serving(app) as url,
        httpx.AsyncClient(
            base_url=url, auth=("a", "b"), event_hooks={"response": [noting("test app")]}
        ) as client,
    ):
        for each in operations():
            body = bodies.get(each.path, bodies.get(each.method))
            answer = await client.request(each.method, url_of(each), json=body)
            assert answer.status_code == status, (each.id, answer.text)
            assert ("retry-after" in answer.headers) == (status == 503)


async def test_a_stream_of_a_browser_ends(tmp_path: Path, fleet: EmulatedCluster) -> None:
    async with rpc_calls.calls(tmp_path, fleet) as calls:
        calls.api.event_hooks["response"].append(noting("live"))
        for base in SESSION_PREFIXES:
            session_id = await rpc_calls.new_session(calls.api)
            participant = await calls.join(session_id)
            stream = await participant.publish()
            path = f"{base}/sessions/{session_id}/stream/{stream['id']}"
            assert (await calls.api.delete(path)).status_code == 204


def test_every_documented_answer_was_reached_and_no_other(
    report: Callable[[str], None],
) -> None:
    report(REACHED.table())
    if "MEDIAFLEET_WRITE_DOCS" in os.environ:
        DOCUMENT.write_text(document(REACHED))

    assert REACHED.missing() == []
    assert REACHED.undocumented() == []
    assert DOCUMENT.read_text() == document(REACHED), "MEDIAFLEET_WRITE_DOCS=1 writes it anew"
