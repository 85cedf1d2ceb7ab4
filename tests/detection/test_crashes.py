"""The events of a Media Node that is lost, comes back, or comes back as another process."""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from mediafleet.emulator import EmulatedCluster, address_of
from support import histories, live, processes
from support.cluster_client import (
    add,
    get,
    members,
    until,
    until_findings,
    until_gone,
    until_status,
)

pytestmark = pytest.mark.anyio

Json = dict[str, Any]


async def events_until(
    database: Path, holds: Callable[[list[Json]], bool], limit: float = 15
) -> list[Json]:
    """The events as soon as a condition holds for them; the first two are those of a launch."""
    with anyio.fail_after(limit):
        while not holds(events := histories.read_events(database)[2:]):
            await anyio.sleep(0.05)
    assert histories.faults(histories.read_events(database), histories.read_members(database)) == []
    return events


async def until_rooms(api: httpx.AsyncClient, node_id: str, *rooms: str) -> None:
    def hosts(node: Json | None) -> bool:
        sessions = [] if node is None else node["sessions"]
        return sorted(session["sessionId"] for session in sessions) == list(rooms)

    await until(api, node_id, hosts)


def names(events: list[Json]) -> list[str]:
    return [event["name"] for event in events]


async def test_a_node_that_is_gone_for_long_crashed_and_recovers_with_its_sessions(
    tmp_path: Path, database: Path, fleet: EmulatedCluster
) -> None:
    async with live.mediafleet(tmp_path) as api:
        node = await add(api, fleet.uri(0))
        for room in ("a", "b"):
            fleet.nodes[0].create_pipeline(room)
        await until_rooms(api, node["id"], "a", "b")
        fleet.nodes[0].hang()
        (crash,) = await events_until(database, bool)
        lost = await get(api, node["id"], sessions="true")
        fleet.nodes[0].resume()
        crashed, recovered = await events_until(database, lambda events: len(events) > 1)
        again = await get(api, node["id"], sessions="true")

    assert lost["status"] == "running"
    assert lost["connected"] is False
    assert len(lost["sessions"]) == 2
    cluster, session_ids = crash.pop("clusterId"), crash.pop("sessionIds")
    assert sorted(session_ids) == ["a", "b"]
    assert crash == {
        "sequence": 3,
        "node": node["id"],
        "name": "nodeCrashed",
        "timestamp": crash["timestamp"],
        "timeOfDisconnection": lost["disconnectionTime"],
        "id": node["id"],
        "environmentId": None,
        "ip": node["ip"],
        "uri": node["uri"],
        "nodeRole": "medianode",
        "recordingIds": [],
    }
    assert 3000 <= crash["timestamp"] - crash["timeOfDisconnection"] < 5000
    assert recovered == {
        "sequence": 4,
        "node": node["id"],
        "name": "nodeRecovered",
        "timestamp": recovered["timestamp"],
        "id": node["id"],
        "environmentId": None,
        "ip": node["ip"],
        "uri": node["uri"],
        "nodeRole": "medianode",
        "clusterId": cluster,
    }
    assert crashed["timestamp"] < recovered["timestamp"]
    assert again["sessions"] == lost["sessions"]


async def test_a_short_loss_emits_no_event(
    tmp_path: Path, database: Path, fleet: EmulatedCluster
) -> None:
    async with live.mediafleet(tmp_path) as api:
        node = await add(api, fleet.uri(0))
        fleet.nodes[0].create_pipeline("room")
        await until_rooms(api, node["id"], "room")
        fleet.nodes[0].disconnect()
        await until(api, node["id"], lambda found: found is not None and not found["connected"])
        await until(api, node["id"], lambda found: found is not None and found["connected"])
        assert len((await get(api, node["id"], sessions="true"))["sessions"]) == 1
    assert names(histories.read_events(database)) == ["mediaNodeStatusChanged"] * 2


async def test_a_new_process_ends_the_sessions_of_the_old_one(
    tmp_path: Path, database: Path, fleet: EmulatedCluster
) -> None:
    async with live.mediafleet(tmp_path) as api:
        node = await add(api, fleet.uri(0))
        for room in ("a", "b"):
            fleet.nodes[0].create_pipeline(room)
        await until_rooms(api, node["id"], "a", "b")
        before = (await get(api, node["id"], sessions="true"))["sessions"]
        fleet.nodes[0].crash()
        fleet.nodes[0].restart()
        events = await events_until(database, lambda events: len(events) >= 2)
        after = await get(api, node["id"], sessions="true")

    assert names(events) == ["sessionDestroyed"] * 2
    reported = [(event["sessionId"], event["startTime"]) for event in events]
    assert reported == [(each["sessionId"], each["createdAt"]) for each in before]
    assert {event["reason"] for event in events} == {"nodeCrashed"}
    assert (after["status"], after["connected"], after["sessions"]) == ("running", True, [])


async def test_a_crashed_node_that_comes_back_empty_emits_the_ends_before_the_recovery(
    tmp_path: Path, database: Path, fleet: EmulatedCluster
) -> None:
    async with live.mediafleet(tmp_path) as api:
        node = await add(api, fleet.uri(0))
        fleet.nodes[0].create_pipeline("room")
        await until_rooms(api, node["id"], "room")
        fleet.nodes[0].crash()
        await events_until(database, lambda events: names(events) == ["nodeCrashed"])
        fleet.nodes[0].restart()
        events = await events_until(database, lambda events: len(events) >= 3)
    assert names(events) == ["nodeCrashed", "sessionDestroyed", "nodeRecovered"]


async def test_a_node_is_given_up_at_its_timeout(
    tmp_path: Path, database: Path, fleet: EmulatedCluster
) -> None:
    timeout = {"OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT": "4"}
    async with live.mediafleet(tmp_path, **timeout) as api:
        node = await add(api, fleet.uri(0))
        fleet.nodes[0].create_pipeline("room")
        await until_rooms(api, node["id"], "room")
        fleet.nodes[0].crash()
        await until_gone(api, node["id"])
        assert await members(api) == []
    events = await events_until(database, lambda events: len(events) >= 4)
    assert names(events) == [
        "nodeCrashed",
        "mediaNodeStatusChanged",
        "sessionDestroyed",
        "mediaNodeStatusChanged",
    ]
    assert [event.get("newStatus") for event in events] == [None, "terminating", None, "terminated"]
    assert events[2]["reason"] == "nodeCrashed"
    lost_at = events[0]["timeOfDisconnection"]
    assert 4000 <= events[1]["timestamp"] - lost_at < 6000


async def test_the_reason_of_a_node_that_is_given_up_is_emitted_and_logged(
    tmp_path: Path, fleet: EmulatedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mediafleet")
    timeout = {"OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT": "4"}
    async with live.mediafleet(tmp_path, **timeout) as api:
        node = await add(api, fleet.uri(0))
        fleet.nodes[0].crash()
        reasons = await until_findings(api, node["id"], "crashed")
        crashed = (await api.get(f"/fleet/media-nodes/{node['id']}/diagnostics")).json()
        await until_gone(api, node["id"])

    assert re.fullmatch(r"it was disconnected for 3\.\d s", reasons["crashed"])
    decision = crashed["decisions"][-1]
    dials = decision["failedDials"]
    (reason,) = {dial["reason"] for dial in dials}
    assert reason.startswith("it closed the connection during the handshake")
    assert 2 <= len(dials) <= 8
    assert decision["lastReplyTime"] < dials[0]["time"] < dials[-1]["time"] <= decision["time"]
    assert crashed["failedDials"][: len(dials)] == dials
    (line,) = [each for each in caplog.records if each.message == "media server detached"]
    disconnected, crash, given_up = line.decisions  # type: ignore[attr-defined]
    assert " disconnected: " in disconnected
    assert " crashed: " in crash
    assert re.search(r" given-up: it was disconnected for 4\.\d s, last reply 2", given_up)
    assert f": {reason}, event loop lag " in given_up


async def test_a_node_that_is_given_up_and_comes_back_emits_no_end_again(
    tmp_path: Path, database: Path, fleet: EmulatedCluster
) -> None:
    timeout = {"OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT": "3"}
    kurento = fleet.nodes[0]
    async with live.mediafleet(tmp_path, **timeout) as api:
        node = await add(api, fleet.uri(0))
        kurento.create_pipeline("room")
        await until_rooms(api, node["id"], "room")
        kurento.refuse()
        kurento.disconnect()
        await until_status(api, node["id"], "terminating")
        kurento.accept()
        await until_rooms(api, node["id"], "room")
        kurento.create_pipeline("late")
        await until_rooms(api, node["id"], "late", "room")
        kurento.crash()
        kurento.restart()
        await until_gone(api, node["id"])
    ends = [each for each in histories.read_events(database) if each["name"] == "sessionDestroyed"]
    assert sorted(each["sessionId"] for each in ends) == ["late", "room"]
    assert histories.faults(histories.read_events(database), {}) == []


@pytest.mark.slow
async def test_a_crash_is_emitted_once_however_often_the_server_restarts(tmp_path: Path) -> None:
    database = tmp_path / "mediafleet.db"
    (tmp_path / ".env").write_text("MEDIAFLEET_LAUNCH_TIMEOUT=3\n")
    async with processes.emulator(1) as (emulator, port):
        async with processes.server(tmp_path) as (running, api):
            await add(api, f"ws://{address_of(0)}:{port}/kurento")
            running.kill()
            await running.process.wait()
        emulator.kill()
        await emulator.process.wait()
        for _ in range(2):  # the first emits it, the second finds it in the store
            async with processes.server(tmp_path) as (running, api):
                await events_until(database, lambda events: names(events) == ["nodeCrashed"])
                running.kill()
                await running.process.wait()
    async with processes.server(tmp_path) as (_, api):
        (node,) = await members(api)
        await anyio.sleep(3.5)
        events = await events_until(database, bool)
        assert names(events) == ["nodeCrashed"]
        assert node["status"] == "running"
