import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from mediafleet.emulator import EmulatedCluster
from support import histories, live
from support.cluster_client import (
    Json,
    add,
    delete,
    drain,
    get,
    look_at_drain,
    patch,
    until,
    until_gone,
    until_measured,
    until_sessions,
    until_status,
)
from support.failing_environment import FailingEnvironment

pytestmark = pytest.mark.anyio

QUARANTINE = "waiting-idle-to-terminate"


@pytest.fixture
async def node(api: httpx.AsyncClient, fleet: EmulatedCluster) -> Json:
    """One with two sessions; another is there to take over."""
    found = await add(api, fleet.uri(0))
    await add(api, fleet.uri(1))
    for name in ("one", "two"):
        fleet.nodes[0].create_pipeline(name)
    await until_named(api, found["id"], {"one", "two"})
    await until_measured(api, found["id"])
    return found


async def until_named(api: httpx.AsyncClient, node_id: str, names: set[str]) -> None:
    await until(
        api,
        node_id,
        lambda node: node is not None and {s["sessionId"] for s in node["sessions"]} == names,
    )


def events_of(database: Path, node_id: str) -> list[str]:
    """What happened to one node, in words."""
    events = histories.read_events(database)
    assert [each["sequence"] for each in events] == list(range(1, len(events) + 1))
    return [_word(each) for each in events if each["node"] == node_id]


def _word(event: dict[str, Any]) -> str:
    if event["name"] == "sessionDestroyed":
        return f"{event['sessionId']} {event['reason']}"
    return str(event.get("newStatus") or event.get("change"))


async def test_progress_shows_who_blocks_and_until_when(
    api: httpx.AsyncClient, node: Json, fleet: EmulatedCluster
) -> None:
    answer = await drain(api, node["id"], 600, "abort")
    assert answer.status_code == 201, answer.text

    found = await look_at_drain(api, node["id"])
    assert found["status"] == QUARANTINE
    assert found["deadline"] == 600
    assert found["atDeadline"] == "abort"
    assert abs(found["deadlineTime"] - found["since"] - 600_000) < 2000
    assert sorted(found["sessionIds"]) == ["one", "two"]
    assert (found["sessionsLeft"], found["extensions"], found["eta"]) == (2, 0, None)
    assert found["oldestSessionAge"] >= 0
    assert found["connected"] is True
    assert "hosts 2 session(s)" in found["reason"]
    assert found["capacity"]["remaining"] == 1

    for object_id, name in list(fleet.nodes[0].pipelines.items()):
        if name == "one":
            fleet.nodes[0].release_pipeline(object_id)
    await until_sessions(api, node["id"], 1)
    found = await look_at_drain(api, node["id"])
    assert found["sessionIds"] == ["two"]
    assert found["eta"] > found["timestamp"]


async def test_a_drain_that_moves_calls_says_so_until_another_request(
    api: httpx.AsyncClient, node: Json, database: Path
) -> None:
    """The sessions here are those of another client: they are waited for."""
    url = f"/fleet/media-nodes/{node['id']}/drain"

    answer = await api.put(url, json={"move": True})
    assert (answer.status_code, answer.json()["move"]) == (201, True)
    assert (await look_at_drain(api, node["id"]))["move"] is True
    answer = await api.put(url, json={"move": True, "deadline": 600, "atDeadline": "abort"})
    assert (answer.json()["move"], answer.json()["deadline"]) == (True, 600)
    answer = await api.put(url)
    assert (answer.json()["move"], answer.json()["deadline"]) == (False, None)

    assert (await look_at_drain(api, node["id"]))["sessionsLeft"] == 2
    changes = ["unlimited", "limited", "unlimited"]
    assert events_of(database, node["id"])[2:] == [QUARANTINE, *changes]


async def test_at_the_deadline_what_is_left_is_closed(
    api: httpx.AsyncClient, node: Json, fleet: EmulatedCluster, database: Path
) -> None:
    answer = await drain(api, node["id"], 1, "force")
    assert answer.json()["eta"] == answer.json()["deadlineTime"]

    await until_gone(api, node["id"])

    assert list(fleet.nodes[0].pipelines) == []
    reported = events_of(database, node["id"])
    assert reported[:2] + reported[-1:] == ["launching", "running", "terminated"]
    assert reported[2:6] == [QUARANTINE, "limited", "forced", "terminating"]
    ends = {"one mediaServerDisconnect", "two mediaServerDisconnect"}
    assert (set(reported[6:8]), len(reported)) == (ends, 9)


async def test_at_the_deadline_the_drain_is_given_up(
    api: httpx.AsyncClient, node: Json, fleet: EmulatedCluster, database: Path
) -> None:
    await drain(api, node["id"], 1, "abort")

    await until_status(api, node["id"], "running")

    assert len(fleet.nodes[0].pipelines) == 2
    assert events_of(database, node["id"])[2:] == [QUARANTINE, "limited", "aborted", "running"]
    assert (await api.get(f"/fleet/media-nodes/{node['id']}/drain")).status_code == 404


async def test_the_time_is_given_again_and_again_until_the_last_session_ends(
    api: httpx.AsyncClient, node: Json, fleet: EmulatedCluster, database: Path
) -> None:
    await drain(api, node["id"], 1, "extend")

    with anyio.fail_after(10):
        while (found := await look_at_drain(api, node["id"]))["extensions"] < 2:
            await anyio.sleep(0.02)
    assert found["deadlineTime"] > found["timestamp"]
    for object_id in list(fleet.nodes[0].pipelines):
        fleet.nodes[0].release_pipeline(object_id)
    await until_gone(api, node["id"])

    reported = events_of(database, node["id"])
    assert reported[2:6] == [QUARANTINE, "limited", "extended", "extended"]
    assert reported[-2:] == ["terminating", "terminated"]


async def test_ending_the_drain_brings_the_node_back_to_work(
    api: httpx.AsyncClient, node: Json
) -> None:
    await drain(api, node["id"], 1, "force")
    path = f"/fleet/media-nodes/{node['id']}/drain"

    ended = await api.delete(path)

    assert (ended.status_code, ended.content) == (204, b"")
    assert (await get(api, node["id"]))["status"] == "running"
    assert (await api.delete(path)).status_code == 404
    await anyio.sleep(1.2)  # past the deadline that was, which must not come any more
    assert (await get(api, node["id"]))["status"] == "running"


async def test_every_way_into_quarantine_is_the_same_drain(
    api: httpx.AsyncClient, node: Json, database: Path
) -> None:
    async def by_patch() -> None:
        await patch(api, node["id"], QUARANTINE)

    async def by_delete() -> None:
        await delete(api, node["id"], deletion_strategy="when-no-sessions")

    for begin in (by_patch, by_delete):
        await begin()
        found = await look_at_drain(api, node["id"])
        assert (found["sessionsLeft"], found["deadlineTime"]) == (2, None)
        limited = await drain(api, node["id"], 600, "force")
        assert (limited.status_code, limited.json()["deadline"]) == (200, 600)
        unlimited = await drain(api, node["id"])
        assert (unlimited.status_code, unlimited.json()["deadline"]) == (200, None)
        await patch(api, node["id"], "running")

    once = [QUARANTINE, "limited", "unlimited", "running"]
    assert events_of(database, node["id"])[2:] == once + once


async def test_a_dry_run_reports_and_changes_nothing(
    api: httpx.AsyncClient, node: Json, database: Path
) -> None:
    before = histories.read_events(database)

    reported = await drain(api, node["id"], 60, "extend", dry_run="true")

    assert reported.status_code == 200
    body = reported.json()
    assert (body["status"], body["deadline"], body["sessionsLeft"]) == (QUARANTINE, 60, 2)
    assert body["capacity"]["suffices"] is True
    assert (await get(api, node["id"]))["status"] == "running"
    assert histories.read_events(database) == before


async def test_a_drain_that_the_rest_could_not_carry_is_refused_but_can_be_forced(
    api: httpx.AsyncClient, node: Json, fleet: EmulatedCluster
) -> None:
    other = next(
        each["id"]
        for each in (await api.get("/pro/media-nodes")).json()["content"]
        if each["id"] != node["id"]
    )

    together = await drain(api, node["id"], together_with=other)
    assert together.status_code == 409
    assert "no other Media Node is running and connected" in together.json()["message"]
    assert (await drain(api, node["id"], together_with="kms_Unknown1")).status_code == 404
    assert (await get(api, node["id"]))["status"] == "running"
    assert (await drain(api, node["id"])).status_code == 201
    fleet.nodes[1].create_pipeline("three")
    assert (await drain(api, other, dry_run="true")).status_code == 409
    assert (await drain(api, other)).status_code == 409
    assert (await drain(api, other, force="true")).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"deadline": 60},
        {"atDeadline": "force"},
        {"deadline": 0, "atDeadline": "force"},
        {"deadline": 2_592_001, "atDeadline": "force"},
        {"deadline": "30m", "atDeadline": "force"},
        {"deadline": 60, "atDeadline": "wait"},
        {"deadline": 60, "at-deadline": "force"},
        {"deadline": 60, "atDeadline": "force", "more": 1},
        [],
    ],
)
async def test_a_limit_that_makes_no_sense_is_400(api: httpx.AsyncClient, body: object) -> None:
    answer = await api.put("/fleet/media-nodes/kms_Unknown1/drain", json=body)

    assert answer.status_code == 400


async def test_the_deadline_and_its_extensions_survive_a_restart_of_the_server(
    tmp_path: Path, fleet: EmulatedCluster, database: Path
) -> None:
    def stored() -> int:
        with closing(sqlite3.connect(database)) as connection:
            ((deadline,),) = connection.execute("SELECT drain_deadline FROM media_nodes")
        return int(deadline)

    fleet.nodes[0].create_pipeline("room")
    async with live.mediafleet(tmp_path) as api:
        node = await add(api, fleet.uri(0))
        await until_sessions(api, node["id"], 1)
        await drain(api, node["id"], 1, "extend", force="true")
        with anyio.fail_after(10):
            while not (found := await look_at_drain(api, node["id"]))["extensions"]:
                await anyio.sleep(0.02)
        await drain(api, node["id"], 2, "force")
        before = stored()

    async with live.mediafleet(tmp_path) as api:
        after = await look_at_drain(api, node["id"])
        assert stored() == before
        # Time that the server is stalled for is added to the deadline that is shown.
        assert abs(after["deadlineTime"] - before) < 1000
        assert (after["deadline"], after["atDeadline"]) == (2, "force")
        assert found["extensions"] == 1
        await until_gone(api, node["id"])

    assert list(fleet.nodes[0].pipelines) == []


async def test_a_deadline_that_came_while_the_server_was_away_holds(
    tmp_path: Path, fleet: EmulatedCluster, database: Path
) -> None:
    fleet.nodes[0].create_pipeline("room")
    async with live.mediafleet(tmp_path) as api:
        node = await add(api, fleet.uri(0))
        await until_sessions(api, node["id"], 1)
        await drain(api, node["id"], 1, "abort", force="true")
    await anyio.sleep(1.1)

    async with live.mediafleet(tmp_path) as api:
        await until_status(api, node["id"], "running")

    assert events_of(database, node["id"])[-3:] == ["limited", "aborted", "running"]


async def test_a_node_that_does_not_answer_stays_in_quarantine_and_says_so(
    api: httpx.AsyncClient, node: Json, fleet: EmulatedCluster
) -> None:
    fleet.nodes[0].refuse()
    fleet.nodes[0].disconnect()
    await until(api, node["id"], lambda found: found is not None and not found["connected"])

    refused = await delete(api, node["id"])
    assert refused.status_code == 409
    assert "does not answer" in refused.json()["message"]
    assert (await delete(api, node["id"], deletion_strategy="when-no-sessions")).status_code == 202

    found = await look_at_drain(api, node["id"])
    assert (found["connected"], found["eta"]) == (False, None)
    assert "does not answer" in found["reason"]
    (waiting,) = (await api.get("/health")).json()["waitingMediaNodes"]
    assert (waiting["id"], waiting["status"]) == (node["id"], QUARANTINE)
    assert waiting["reason"] == found["reason"]

    for object_id in list(fleet.nodes[0].pipelines):
        fleet.nodes[0].release_pipeline(object_id)
    fleet.nodes[0].accept()
    await until_gone(api, node["id"])


async def test_a_deadline_comes_also_for_a_node_that_does_not_answer(
    api: httpx.AsyncClient, node: Json, fleet: EmulatedCluster, database: Path
) -> None:
    fleet.nodes[0].crash()
    await until(api, node["id"], lambda found: found is not None and not found["connected"])

    await drain(api, node["id"], 1, "force")
    await until_gone(api, node["id"])

    reported = events_of(database, node["id"])
    ends = {"one mediaServerDisconnect", "two mediaServerDisconnect"}
    assert ends < set(reported)
    assert reported[-1] == "terminated"


async def test_an_environment_that_refuses_the_termination_is_retried_and_named(
    tmp_path: Path,
) -> None:
    environment = FailingEnvironment(tmp_path)
    async with live.mediafleet(
        tmp_path, environment=environment, OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0
    ) as api:
        node = (await api.post("/pro/media-nodes", params={"wait": "true"})).json()
        environment.failing = {"terminate"}
        assert (await delete(api, node["id"], wait="true")).status_code == 502

        with anyio.fail_after(15):
            while "3 times" not in (found := await look_at_drain(api, node["id"]))["reason"]:
                await anyio.sleep(0.05)
        assert found["status"] == "terminating"
        assert "not authorized" in found["reason"]
        (waiting,) = (await api.get("/health")).json()["waitingMediaNodes"]
        assert waiting["reason"] == found["reason"]
        environment.failing.clear()
        await until_gone(api, node["id"])
        assert (await api.get("/health")).json()["waitingMediaNodes"] == []
