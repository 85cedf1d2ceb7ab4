from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from mediafleet.emulator import EmulatedCluster
from support import histories
from support.cluster_client import (
    add,
    delete,
    get,
    look_at_drain,
    patch,
    until_gone,
    until_sessions,
    until_status,
)
from support.fake_kurento import fake_kurento

pytestmark = pytest.mark.anyio

UNKNOWN = "kms_Unknown1"


def ends(database: Path) -> list[tuple[str, str]]:
    return [
        (event["sessionId"], event["reason"])
        for event in histories.read_events(database)
        if event["name"] == "sessionDestroyed"
    ]


async def test_an_empty_node_is_removed_by_any_strategy(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    for number, strategy in enumerate(("now", "if-no-sessions", "when-no-sessions")):
        node = await add(api, fleet.uri(number))
        response = await delete(api, node["id"], deletion_strategy=strategy, wait="true")
        assert (response.status_code, response.content) == (204, b"")
        assert (await api.get(f"/pro/media-nodes/{node['id']}")).status_code == 404


async def test_removing_without_a_strategy_spares_sessions(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    pipeline = fleet.nodes[0].create_pipeline("room")

    response = await delete(api, node["id"])

    assert response.status_code == 409
    assert "1 session" in response.json()["message"]
    assert (await get(api, node["id"]))["status"] == "running"
    assert pipeline in fleet.nodes[0].pipelines


async def test_now_ends_all_sessions_and_emits_an_event_for_each(
    api: httpx.AsyncClient, fleet: EmulatedCluster, database: Path
) -> None:
    node = await add(api, fleet.uri(0))
    pipeline = fleet.nodes[0].create_pipeline("room", elements=2)
    await until_sessions(api, node["id"], 1)

    response = await delete(api, node["id"], deletion_strategy="now", wait="true")

    assert response.status_code == 204
    assert list(fleet.nodes[0].pipelines) == []
    terminating, end, terminated = histories.read_events(database)[-3:]
    assert terminating["newStatus"] == "terminating"
    assert (end["name"], end["reason"]) == ("sessionDestroyed", "mediaServerDisconnect")
    assert end["sessionId"] in {pipeline, "room"}
    assert terminated["newStatus"] == "terminated"


@pytest.mark.parametrize("begin", [30, 1_000_000])
async def test_now_ends_no_session_before_its_event_is_stored(
    api: httpx.AsyncClient, database: Path, begin: int
) -> None:
    """For each session that is ended an application begins another, for a while or for ever."""
    made, released, unreported = {}, [], []

    def reported() -> list[str]:
        return [session for session, _ in ends(database)]

    async with fake_kurento() as fake:

        def begin_another(request: dict[str, Any]) -> None:
            if request["method"] == "release":
                object_id = request["params"]["object"]
                released.append(object_id)
                if not {object_id, made[object_id]} & set(reported()):
                    unreported.append(object_id)
                if len(made) < begin:
                    made[fake.create(f"late-{len(made)}")] = f"late-{len(made)}"

        made[fake.create("room")] = "room"
        node = await add(api, fake.uri)
        await until_sessions(api, node["id"], 1)
        fake.on_request = begin_another

        response = await delete(api, node["id"], deletion_strategy="now", wait="true")

        assert response.status_code == 204
        assert unreported == []
        assert len(released) >= 30
        if begin == 30:
            assert not fake.pipelines
            assert len(reported()) == 30
    assert histories.faults(histories.read_events(database), {}) == []


async def test_now_emits_the_ends_of_sessions_whose_process_is_replaced_meanwhile(
    api: httpx.AsyncClient, fleet: EmulatedCluster, database: Path
) -> None:
    node = await add(api, fleet.uri(0))
    fleet.nodes[0].create_pipeline("room")
    await until_sessions(api, node["id"], 1)
    fleet.nodes[0].crash()

    await delete(api, node["id"], deletion_strategy="now")
    fleet.nodes[0].restart()
    await until_gone(api, node["id"])

    assert [reason for _, reason in ends(database)] == ["nodeCrashed"]


async def test_a_node_that_is_waited_for_in_vain_goes_with_the_ends_of_its_sessions(
    api: httpx.AsyncClient, database: Path
) -> None:
    async with fake_kurento() as fake:
        node = await add(api, fake.uri)
        listings = len(fake.asked("getPipelines"))

        def begin_late(_: object) -> None:
            if len(fake.asked("getPipelines")) == listings + 2 and not fake.pipelines:
                fake.create("late")

        fake.on_request = begin_late
        assert (await delete(api, node["id"], deletion_strategy="if-no-sessions")).is_success
        await until_sessions(api, node["id"], 1)
        await fake.stop()
        await until_gone(api, node["id"])

    assert [reason for _, reason in ends(database)] == ["nodeCrashed"]
    assert histories.faults(histories.read_events(database), {}) == []


@pytest.mark.parametrize("strategy", ["if-no-sessions", "when-no-sessions"])
async def test_a_session_that_begins_while_the_request_runs_is_never_ended(
    api: httpx.AsyncClient, database: Path, strategy: str
) -> None:
    async with fake_kurento() as fake:
        node = await add(api, fake.uri)
        listings = len(fake.asked("getPipelines"))

        def begin_a_session_between_two_looks(_: object) -> None:
            if len(fake.asked("getPipelines")) == listings + 2 and not fake.pipelines:
                fake.emit = lambda *_: None  # type: ignore[method-assign]
                fake.create("late")

        fake.on_request = begin_a_session_between_two_looks
        assert (await delete(api, node["id"], deletion_strategy=strategy)).status_code == 204
        await until_sessions(api, node["id"], 1)

        found = await look_at_drain(api, node["id"])
        assert found["status"] == "terminating"
        assert "began while it was removed" in found["reason"]
        assert list(fake.pipelines.values()) == ["late"]
        assert (
            await delete(api, node["id"], deletion_strategy="now", wait="true")
        ).status_code == 204
        assert not fake.pipelines

    reported = [
        each.get("newStatus") or each["name"] for each in histories.read_events(database)[2:]
    ]
    assert reported == ["terminating", "mediaNodeDrainChanged", "sessionDestroyed", "terminated"]


async def test_when_no_sessions_quarantines_until_the_last_session_ends(
    api: httpx.AsyncClient, fleet: EmulatedCluster, database: Path
) -> None:
    node = await add(api, fleet.uri(0))
    first, second = (fleet.nodes[0].create_pipeline(name) for name in ("one", "two"))

    response = await delete(api, node["id"], deletion_strategy="when-no-sessions")
    assert (response.status_code, response.content) == (202, b"")
    waiting = await until_sessions(api, node["id"], 2)
    assert waiting is not None
    assert waiting["status"] == "waiting-idle-to-terminate"

    fleet.nodes[0].release_pipeline(first)
    await until_sessions(api, node["id"], 1)
    assert (await delete(api, node["id"], deletion_strategy="when-no-sessions")).status_code == 202
    fleet.nodes[0].release_pipeline(second)
    await until_gone(api, node["id"])

    events = histories.read_events(database)
    assert [event["newStatus"] for event in events] == [
        "launching",
        "running",
        "waiting-idle-to-terminate",
        "terminating",
        "terminated",
    ]
    assert histories.faults(events, {}) == []


async def test_waiting_for_the_last_session_answers_when_the_node_is_gone(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    pipeline = fleet.nodes[0].create_pipeline("room")
    await until_sessions(api, node["id"], 1)

    async with anyio.create_task_group() as tasks:

        async def remove() -> None:
            query = {"deletion_strategy": "when-no-sessions", "wait": "true"}
            assert (await delete(api, node["id"], **query)).status_code == 204

        tasks.start_soon(remove)
        await until_status(api, node["id"], "waiting-idle-to-terminate")
        fleet.nodes[0].release_pipeline(pipeline)


async def test_ending_the_quarantine_ends_the_wait_with_a_conflict(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    fleet.nodes[0].create_pipeline("room")
    await until_sessions(api, node["id"], 1)

    async with anyio.create_task_group() as tasks:

        async def remove() -> None:
            query = {"deletion_strategy": "when-no-sessions", "wait": "true"}
            assert (await delete(api, node["id"], **query)).status_code == 409

        tasks.start_soon(remove)
        await until_status(api, node["id"], "waiting-idle-to-terminate")
        assert (await patch(api, node["id"], "running")).status_code == 200


async def test_an_unknown_node_is_404(api: httpx.AsyncClient) -> None:
    for strategy in ("now", "if-no-sessions", "when-no-sessions"):
        assert (await delete(api, UNKNOWN, deletion_strategy=strategy)).status_code == 404
    assert (await patch(api, UNKNOWN, "running")).status_code == 404
    assert (await api.get(f"/pro/media-nodes/{UNKNOWN}")).status_code == 404


async def test_a_client_that_hangs_up_while_waiting_leaves_the_removal_going(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    pipeline = fleet.nodes[0].create_pipeline("room")
    await until_sessions(api, node["id"], 1)

    with pytest.raises(httpx.ReadTimeout):
        await api.delete(
            f"/pro/media-nodes/{node['id']}",
            params={"deletion-strategy": "when-no-sessions", "wait": "true"},
            timeout=0.3,
        )

    assert (await get(api, node["id"]))["status"] == "waiting-idle-to-terminate"
    fleet.nodes[0].release_pipeline(pipeline)
    await until_gone(api, node["id"])
