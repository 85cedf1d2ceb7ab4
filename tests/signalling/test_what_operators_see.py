"""Calls as operators see them: metrics, log lines, and what was seen of media endpoints."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from random import Random
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster
from support.live import mediafleet
from support.rpc_calls import Server, calls, joining, new_session, new_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

CANDIDATE = "candidate:1 1 udp 2122260223 127.0.0.1 40000 typ host generation 0"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with (
        EmulatedCluster(nodes=1, random=Random(7), clock=SystemClock()) as node,
        calls(tmp_path, node) as server,
    ):
        yield server


async def metrics(server: Server) -> dict[tuple[str, ...], float]:
    """Values of the metrics of calls and signalling, by name and labels."""
    text = (await server.api.get("/metrics")).text
    return {
        (
            sample.name.removeprefix("mediafleet_"),
            *dict(sorted(sample.labels.items())).values(),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith(("mediafleet_call_", "mediafleet_signalling_errors"))
    }


async def test_sessions_connections_streams_and_failed_joins_are_measured(server: Server) -> None:
    assert set((await metrics(server)).values()) == {0}
    session_id = await new_session(server.api)
    await new_session(server.api)
    one, two = [await server.join(session_id) for _ in range(2)]
    await new_token(server.api, session_id)
    stream = await one.publish()
    await two.subscribe(stream["id"])
    page = await server.open()
    assert await page.code_of("joinRoom", **joining(one.token)) == 401
    assert await page.code_of("joinRoom", **joining("wss://x?sessionId=none&token=t")) == 202

    assert await metrics(server) == {
        ("call_sessions", "active"): 1,
        ("call_sessions", "inactive"): 1,
        ("call_connections", "active"): 2,
        ("call_connections", "pending"): 1,
        ("call_streams", "published"): 1,
        ("call_streams", "received"): 1,
        ("signalling_errors_total", "202", "joinRoom"): 1,
        ("signalling_errors_total", "204", "joinRoom"): 0,
        ("signalling_errors_total", "401", "joinRoom"): 1,
    }

    await one.page.call("leaveRoom")
    after = await metrics(server)
    assert after["call_connections", "active"] == 1
    assert after["call_streams", "published"] == after["call_streams", "received"] == 0
    await server.api.delete(f"/openvidu/api/sessions/{session_id}")
    after = await metrics(server)
    assert after["call_sessions", "active"] == after["call_connections", "pending"] == 0
    assert after["call_sessions", "inactive"] == 1


async def test_counts_are_right_after_a_restart(tmp_path: Path) -> None:
    async with EmulatedCluster(nodes=1, random=Random(7), clock=SystemClock()) as node:
        async with calls(tmp_path, node) as server:
            session_id = await new_session(server.api)
            one = await server.join(session_id)
            await one.publish()
            before = await metrics(server)
        async with calls(tmp_path, node) as server:
            assert await metrics(server) == before


async def test_a_session_is_logged_when_it_becomes_active_and_ends(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    nodes = (await server.api.get("/pro/media-nodes")).json()["content"]
    session_id = await new_session(server.api)
    await (await server.join(session_id)).page.call("leaveRoom")

    active, ended = [
        each for each in caplog.records if getattr(each, "session_id", None) == session_id
    ]

    assert (active.message, vars(active)["media_node_id"]) == ("session active", nodes[0]["id"])
    assert (ended.message, vars(ended)["media_node_id"]) == ("session ended", nodes[0]["id"])
    assert vars(ended)["reason"] == "lastParticipantLeft"


async def test_a_join_that_finds_no_media_node_is_counted_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with mediafleet(tmp_path) as api, AsyncExitStack() as stack:
        server = Server(api, stack)
        session_id = await new_session(api)
        token = await new_token(api, session_id)
        page = await server.open()
        for _ in range(2):
            assert await page.code_of("joinRoom", **joining(token)) == 204
        found = await metrics(server)

    assert found["signalling_errors_total", "204", "joinRoom"] == 2
    assert found["call_sessions", "active"] == 0
    lines = [each for each in caplog.records if each.message == "session not placed"]
    assert [vars(each)["session_id"] for each in lines] == [session_id] * 2
    assert "Media Node" in vars(lines[0])["reason"]


@pytest.mark.parametrize("family", ["/openvidu/api", "/api"])
async def test_endpoints_are_described_if_asked_for(server: Server, family: str) -> None:
    session_id = await new_session(server.api)
    one, two = [await server.join(session_id) for _ in range(2)]
    stream = await one.publish()
    await two.subscribe(stream["id"])
    for each in (one, two):
        await each.page.call(
            "onIceCandidate", endpointName=one.id, candidate=CANDIDATE, sdpMid="0", sdpMLineIndex=0
        )
    await two.page.notification("iceCandidate")

    async def connections(**query: bool) -> list[dict[str, object]]:
        for path in (f"{family}/sessions/{session_id}", f"{family}/sessions"):
            answer = await server.api.get(path, params=query)
            body = answer.json()
        return body["content"][0]["connections"]["content"]

    plain = await connections()
    sent, received = plain[0]["publishers"][0], plain[1]["subscribers"][0]
    assert "webrtcEndpointName" not in sent
    described = await connections(webRtcStats=True)
    for traced, known, name in (
        (described[0]["publishers"][0], sent, stream["id"]),
        (described[1]["subscribers"][0], received, f"{two.id}_{stream['id']}"),
    ):
        assert traced.items() >= known.items()
        assert traced["webrtcEndpointName"] == name
        assert traced["remoteSdp"].startswith("v=0")
        assert traced["localSdp"].startswith("v=0")
        assert traced["receivedCandidates"] == [
            {"candidate": CANDIDATE, "sdpMid": "0", "sdpMLineIndex": 0}
        ]
        assert traced["gatheredCandidates"][0]["candidate"].startswith("candidate:")
        assert (traced["localCandidate"], traced["remoteCandidate"]) == (None, None)
        assert {"IceGatheringDone"} <= {each["type"] for each in traced["events"]}
    assert described[1]["subscribers"][0]["localSdp"] != described[0]["publishers"][0]["localSdp"]
