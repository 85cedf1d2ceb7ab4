"""Autoscaling of a live cluster: real links to emulated nodes, on a clock that jumps."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from support import live
from support.cluster_client import Json, add, members
from support.fake_kurento import fake_kurento
from support.jumping_clock import JumpingLoop, LoopClock
from support.scaled_nodes import ScaledNodes

MINUTE = 2
"""Seconds of the cluster's clock that are a minute of a scenario; it evaluates each minute."""
PROPERTIES = {
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING": "true",
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL": MINUTE,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD": 30,
    "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD": 70,
    "MEDIAFLEET_LOAD_INTERVAL": "0.5",
    "MEDIAFLEET_LAUNCH_TIMEOUT": 3600,
}


def events(folder: Path, *names: str) -> list[Json]:
    with closing(sqlite3.connect(folder / "mediafleet.db")) as database:
        rows = database.execute("SELECT name, payload FROM events ORDER BY sequence")
        return [
            {"event": name, **json.loads(payload)}
            for name, payload in rows
            if name in names or not names
        ]


class World:
    """A server whose nodes are emulated, and time that jumps."""

    def __init__(self, folder: Path, api: httpx.AsyncClient, environment: ScaledNodes) -> None:
        self.folder = folder
        self.api = api
        self.environment = environment

    async def passes(self, minutes: float) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        with loop.jumping():
            await anyio.sleep(minutes * MINUTE)

    async def statuses(self) -> dict[str, int]:
        return dict(Counter(node["status"] for node in await members(self.api)))

    async def settles(self, **expected: int) -> None:
        """Wait until there are so many nodes of each status, and of no other one.

        The disk is real: what it is asked while time jumps may be done a moment later.
        """
        with anyio.move_on_after(10):
            while await self.statuses() != expected:
                await anyio.sleep(0.02)
        assert await self.statuses() == expected

    async def restart(self, **properties: Any) -> httpx.Response:
        return await self.api.post("/pro/restart", json=properties)

    def events(self, *names: str) -> list[Json]:
        return events(self.folder, *names)


def live_through(folder: Path, act: Callable[[World], Awaitable[None]], **properties: Any) -> None:
    async def life() -> None:
        clock = LoopClock()
        async with (
            ScaledNodes(clock) as environment,
            live.mediafleet(
                folder, clock=clock, environment=environment, **(PROPERTIES | properties)
            ) as api,
        ):
            await act(World(folder, api, environment))

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(life())


# The scenarios published with OpenVidu Pro: every five minutes the load of the first node, then the
# nodes that run and that are launching after the decision of that minute.
SCENARIO_1 = (
    *[(0.0, 1, 0)] * 2,
    *[(36.59, 1, 0)] * 3,
    *[(73.18, 1, 1)] * 3,
    (73.18, 2, 0),
    *[(36.59, 1, 0)] * 4,
)
SCENARIO_2 = (
    *[(0.0, 1, 0)] * 2,
    (25.0, 1, 0),
    (50.0, 1, 0),
    (75.0, 1, 1),
    (100.0, 1, 1),
    (125.0, 1, 1),
    *[(150.0, 2, 0)] * 2,
    *[(125.0, 2, 0)] * 4,
)


@pytest.mark.parametrize(
    ("max_nodes", "steps", "changes"),
    [(8, SCENARIO_1, ["launch", "terminate"]), (2, SCENARIO_2, ["launch"])],
    ids=["big sessions", "small sessions"],
)
@pytest.mark.slow
def test_the_published_scenarios_minute_by_minute(
    tmp_path: Path, max_nodes: int, steps: Any, changes: list[str]
) -> None:
    async def act(world: World) -> None:
        environment = world.environment
        environment.may_complete.set()
        await world.passes(1)
        next(iter(environment.nodes.values())).create_pipeline("big")
        environment.may_complete = anyio.Event()
        for load, running, launching in steps:
            if running == 2:
                environment.may_complete.set()
            for _ in range(5):
                # What is above 100 % is the load of the second node, as soon as there is one.
                environment.load(0, min(load, 100.0))
                if len(environment.nodes) > 1:
                    environment.load(1, max(load - 100.0, 0.0))
                await world.passes(1)
                expected = {"running": running, "launching": launching}
                await world.settles(**{status: n for status, n in expected.items() if n})

    live_through(tmp_path, act, OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES=max_nodes)
    first, *scaled = events(tmp_path, "autoscaling")
    assert first["mediaNodes"]["launch"]["newNodes"] == 1
    kinds = [
        kind
        for each in scaled
        for kind in ("launch", "terminate")
        if each["mediaNodes"][kind]["total"]
    ]
    assert kinds == changes
    assert all(each["reason"].count("%") == 3 for each in scaled)


def test_the_event_comes_before_the_changes_and_shows_the_nodes_as_they_were(
    tmp_path: Path,
) -> None:
    async def act(world: World) -> None:
        world.environment.may_complete.set()
        await world.passes(2)
        world.environment.load(0, 80)
        await world.passes(2)
        await world.settles(running=2)
        world.environment.load(0, 10)
        await world.passes(5)
        await world.settles(running=1)

    live_through(tmp_path, act)
    emitted = events(tmp_path)
    (*_, grown, shrunk) = [n for n, event in enumerate(emitted) if event["event"] == "autoscaling"]
    launching, running = emitted[grown + 1 : grown + 3]
    assert (launching["oldStatus"], launching["newStatus"]) == (None, "launching")
    (removed,) = emitted[shrunk]["mediaNodes"]["terminate"]["runningNodes"]
    assert removed == {
        "id": running["id"],
        "environmentId": running["environmentId"],
        "ip": running["ip"],
        "load": 0,
        "status": "running",
    }
    terminating = emitted[shrunk + 1]
    assert (terminating["id"], terminating["newStatus"]) == (running["id"], "terminating")
    system = emitted[shrunk]["system"]
    assert system["config"] == {"maxNodes": 2, "minNodes": 1, "maxAvgLoad": 70, "minAvgLoad": 30}
    status = system["status"]
    assert (status["numNodes"], status["totalLoad"], status["avgLoad"]) == (2, 10, 5)
    kinds = ("running", "launching", "waitingIdleToTerminate", "canceled")
    assert [len(status[f"{kind}Nodes"]) for kind in kinds] == [2, 0, 0, 0]


def test_a_node_that_crashed_below_the_minimum_is_replaced_at_once(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.environment.may_complete.set()
        await world.passes(10)
        (first,) = world.environment.nodes.values()
        first.crash()
        await world.passes(4)  # it is given up after two times three seconds
        await world.settles(running=1)
        assert world.environment.launches == 2

    live_through(tmp_path, act, OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL=3600)
    launched = [
        each["mediaNodes"]["launch"]["newNodes"] for each in events(tmp_path, "autoscaling")
    ]
    assert launched == [1, 1]


def test_launches_that_fail_are_not_repeated_before_the_next_evaluation(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.environment.fails = True
        world.environment.may_complete.set()
        await world.passes(50)
        assert world.environment.launches == 1
        await world.settles(failed=1)

    live_through(tmp_path, act, OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL=3600)


def test_limits_are_changed_without_a_pause(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.environment.may_complete.set()
        await world.passes(1)
        answer = await world.restart(OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=2)
        assert answer.status_code == 200, answer.text
        await world.passes(1)
        await world.settles(running=2)
        await world.restart(
            OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=1,
            OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL=1,
        )
        await world.passes(4)
        await world.settles(running=1)

    live_through(tmp_path, act, OPENVIDU_PRO_CLUSTER_AUTOSCALING_INTERVAL=3600)


@pytest.mark.parametrize("wanted", [1, 2, 3])
def test_without_autoscaling_the_cluster_has_its_configured_size_again(
    tmp_path: Path, wanted: int
) -> None:
    async def act(world: World) -> None:
        world.environment.may_complete.set()
        await world.passes(1)
        await world.settles(running=2)
        await world.restart(OPENVIDU_PRO_CLUSTER_AUTOSCALING=False)
        await world.passes(4)
        await world.settles(running=wanted)

    live_through(
        tmp_path,
        act,
        OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=2,
        OPENVIDU_PRO_CLUSTER_MEDIA_NODES=wanted,
    )


def test_unknown_load_is_reported_once_and_removes_nobody(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.environment.may_complete.set()
        await world.passes(2)
        world.environment.load(0, 80)
        await world.passes(2)
        world.environment.load(1, None)
        world.environment.load(0, 5)
        await world.passes(20)
        await world.settles(running=2)
        world.environment.load(1, 0)
        await world.passes(5)
        await world.settles(running=1)

    live_through(tmp_path, act)
    blind, known = events(tmp_path, "autoscalingBlind")
    assert (blind["blind"], blind["unknown"], len(blind["mediaNodes"])) == (True, 1, 1)
    assert (known["blind"], known["unknown"], known["mediaNodes"]) == (False, 0, [])


def test_after_launches_that_failed_the_next_one_waits(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        world.environment.fails = True
        world.environment.may_complete.set()
        await world.passes(5)
        await world.settles(failed=2)
        report = (await world.api.get("/fleet/autoscaling")).json()
        assert "The last 2 launches failed: the next one is tried in" in report["now"]["reason"]
        world.environment.fails = False
        await world.passes(30)
        await world.settles(failed=2, running=1)
        assert world.environment.launches == 3

    live_through(
        tmp_path,
        act,
        MEDIAFLEET_AUTOSCALING_FAILED_LAUNCHES=2,
        MEDIAFLEET_AUTOSCALING_BACK_OFF=30,
    )


def test_the_explanation_shows_unknown_loads_and_decisions_that_repeat_as_one(
    tmp_path: Path,
) -> None:
    async def act(world: World) -> None:
        world.environment.may_complete.set()
        await world.passes(3)
        report = (await world.api.get("/fleet/autoscaling")).json()
        assert [node["load"] for node in report["mediaNodes"]] == [0]
        world.environment.load(0, None)
        await world.passes(10)
        report = (await world.api.get("/fleet/autoscaling")).json()
        assert [node["load"] for node in report["mediaNodes"]] == [None]
        assert (report["blind"], report["now"]["unknownLoads"]) == (True, 1)
        newest, first = report["decisions"]
        assert (newest["cause"], newest["newNodes"]) == ("atMinNodes", 0)
        assert newest["evaluations"] >= 5
        assert (first["cause"], first["newNodes"]) == ("belowMinNodes", 1)
        dry = await world.api.get("/fleet/autoscaling", params={"minNodes": 2})
        assert (dry.json()["now"]["newNodes"], dry.json()["policy"]["minNodes"]) == (1, 2)
        refused = await world.api.get("/fleet/autoscaling", params={"minLoad": 90})
        assert refused.status_code == 400
        assert "minLoad=90 must not be above maxLoad=70" in refused.json()["message"]

    live_through(tmp_path, act)


def test_a_node_that_a_session_was_placed_on_leaves_when_the_reservation_is_over(
    tmp_path: Path,
) -> None:
    async def act(world: World) -> None:
        world.environment.may_complete.set()
        await world.passes(2)
        await world.settles(running=2)
        placed = [await world.api.post("/fleet/placements", json={}) for _ in range(2)]
        assert len({each.json()["mediaNode"]["id"] for each in placed}) == 2
        await world.restart(OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=1)
        await world.passes(2)
        await world.settles(running=2)
        report = (await world.api.get("/fleet/autoscaling")).json()
        assert report["now"]["cause"] == "reserved"
        for each in placed:
            await world.api.delete(f"/fleet/placements/{each.json()['id']}")
        await world.passes(4)
        await world.settles(running=1)

    live_through(tmp_path, act, OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=2)


def test_on_premises_a_request_is_made_once_and_passed_to_the_hook(tmp_path: Path) -> None:
    passed = tmp_path / "passed"

    async def life() -> None:
        async with (
            fake_kurento() as server,
            live.mediafleet(
                tmp_path,
                clock=LoopClock(),
                **PROPERTIES | {"OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD": 40},
                OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=2,
                OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES=3,
                MEDIAFLEET_AUTOSCALING_HOOK=f"/bin/sh -c 'cat >> {passed}; echo >> {passed}'",
            ) as api,
        ):
            loop = asyncio.get_running_loop()
            assert isinstance(loop, JumpingLoop)
            with loop.jumping():
                await anyio.sleep(5 * MINUTE)
            await add(api, server.uri)
            with loop.jumping():
                await anyio.sleep(5 * MINUTE)
            server.cpu = 400  # of two cores, and more than two nodes can carry
            with loop.jumping():
                await anyio.sleep(5 * MINUTE)
            with anyio.fail_after(10):
                while not passed.exists() or passed.read_text().count("\n") < 2:
                    await anyio.sleep(0.02)

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(life())
    requests = events(tmp_path, "autoscaling")
    assert [each["mediaNodes"]["launch"]["newNodes"] for each in requests] == [2, 2]
    assert [json.loads(line) for line in passed.read_text().splitlines()] == requests
