"""How nodes fail without a signal, what a server does to itself, and that one node is only one."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster, address_of
from support import live, processes
from support.cluster_client import NODES, add, get, members
from support.cutting_proxy import cutting_proxy
from support.emulator_control import ControlClient
from support.fake_kurento import fake_kurento

pytestmark = pytest.mark.anyio

HUNG_S = 5.0


async def diagnostics(api: httpx.AsyncClient, node_id: str) -> dict[str, Any]:
    answer = await api.get(f"/fleet/media-nodes/{node_id}/diagnostics")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def until(
    api: httpx.AsyncClient, node_id: str, holds: Callable[[dict[str, Any]], bool]
) -> float:
    begun = time.monotonic()
    with anyio.fail_after(15):
        while not holds(await diagnostics(api, node_id)):
            await anyio.sleep(0.02)
    return time.monotonic() - begun


async def test_a_connection_that_drops_everything_is_given_up_and_made_anew(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with live.mediafleet(tmp_path) as api:
        node = await add(api, fleet.uri(0))
        fleet.nodes[0].create_pipeline("room")
        fleet.nodes[0].cut_connections()
        assert await until(api, node["id"], lambda e: not e["connected"]) <= HUNG_S
        await until(api, node["id"], lambda e: e["connected"])
        found = await diagnostics(api, node["id"])
        again = await get(api, node["id"], sessions="true")

    suspect, lost = found["decisions"]
    assert (suspect["finding"], lost["finding"]) == ("suspect", "disconnected")
    assert suspect["reason"].startswith("it did not answer a ping for 0.")
    assert lost["reason"].startswith("it did not answer any ping for ")
    assert [ping["roundTripTime"] for ping in lost["pings"][-4:]] == [None] * 4
    assert lost["lastReplyTime"] < suspect["time"] < lost["time"]
    assert [session["sessionId"] for session in again["sessions"]] == ["room"]
    assert again["status"] == "running"


async def test_half_a_connection_is_none(tmp_path: Path) -> None:
    async with (
        fake_kurento() as fake,
        cutting_proxy(fake.port) as proxy,
        live.mediafleet(tmp_path) as api,
    ):
        node = await add(api, f"ws://127.0.0.1:{proxy.port}/kurento")
        proxy.is_mute = True
        assert await until(api, node["id"], lambda e: not e["connected"]) <= HUNG_S
        found = await get(api, node["id"])
        assert found["disconnectionTime"] is not None
        proxy.cut()
        await until(api, node["id"], lambda e: e["connected"])


async def test_a_suspect_node_that_answers_again_is_none_and_keeps_its_connection(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    async with live.mediafleet(tmp_path) as api:
        node = await add(api, fleet.uri(0))
        fleet.nodes[0].hang()
        await until(api, node["id"], lambda e: e["suspect"])
        fleet.nodes[0].resume()
        await until(api, node["id"], lambda e: not e["suspect"])
        found = await diagnostics(api, node["id"])
        assert [decision["finding"] for decision in found["decisions"]] == ["suspect"]
        assert (await get(api, node["id"]))["connectionTime"] == node["connectionTime"]


async def test_a_blocked_loop_of_ours_finds_nothing_wrong_with_a_node(tmp_path: Path) -> None:
    async with (
        processes.emulator(1) as (_, port),
        live.mediafleet(tmp_path, MEDIAFLEET_PING_INTERVAL="0.2") as api,
    ):
        node = await add(api, f"ws://{address_of(0)}:{port}/kurento")
        for seconds in (0.4, 1.0, 4.0):
            time.sleep(seconds)  # noqa: ASYNC251  # what must never happen, happens
            blocked = (await diagnostics(api, node["id"]))["timestamp"]
            await until(api, node["id"], lambda e, b=blocked: e["lastReplyTime"] > b)
        found = await diagnostics(api, node["id"])
        assert found["decisions"] == []
        assert found["eventLoopStalls"] >= 2
        assert found["eventLoopLag"] > 1000


class Jumping(SystemClock):
    """A wall clock that somebody sets."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


async def test_a_wall_clock_that_jumps_an_hour_changes_nothing(
    tmp_path: Path, fleet: EmulatedCluster
) -> None:
    clock = Jumping()
    async with live.mediafleet(tmp_path, clock=clock, MEDIAFLEET_PING_INTERVAL="0.2") as api:
        ids = [(await add(api, fleet.uri(number)))["id"] for number in range(3)]
        for hours in (1, -1, -1, 1):
            clock.offset += timedelta(hours=hours)
            answered = {ping["time"] for ping in (await diagnostics(api, ids[0]))["pings"]}
            await until(
                api,
                ids[0],
                lambda e, old=answered: (
                    len([p for p in e["pings"] if p["time"] not in old and p["roundTripTime"]]) >= 3
                ),
            )
        for node_id in ids:
            found = await diagnostics(api, node_id)
            assert (found["connected"], found["decisions"], found["eventLoopStalls"]) == (
                True,
                [],
                0,
            )
        assert {node["status"] for node in await members(api)} == {"running"}


async def times_of_lists(api: httpx.AsyncClient, seconds: float) -> list[float]:
    """Get the list with all sessions again and again; return how long each response took."""
    times = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        listed = await api.get(NODES, params={"sessions": "true"})
        times.append(time.monotonic() - begun)
        assert listed.status_code == 200
        await anyio.sleep(0.05)
    return times


@pytest.mark.slow
async def test_one_hung_node_among_two_hundred_slows_no_list(
    tmp_path: Path, report: Callable[[str], None]
) -> None:
    """The load of this machine slows lists too, so they are compared with lists before the hang."""
    count = 200
    async with (
        processes.emulator(count) as (_, port),
        ControlClient(port) as control,
        processes.server(tmp_path) as (_, api),
    ):
        uris = [f"ws://{address_of(number)}:{port}/kurento" for number in range(count)]
        limiter = anyio.CapacityLimiter(16)

        async def join(uri: str) -> None:
            async with limiter:
                await add(api, uri)

        async with anyio.create_task_group() as tasks:
            for uri in uris:
                tasks.start_soon(join, uri)
        hung = next(node for node in await members(api) if node["uri"] == uris[7])
        before = await times_of_lists(api, HUNG_S + 1)
        await control.hang(7)
        beside = await times_of_lists(api, HUNG_S + 1)
        nodes = {node["id"]: node for node in await members(api)}
        connected = {node_id for node_id, node in nodes.items() if node["connected"]}
        assert connected == set(nodes) - {hung["id"]}
        decisions = [len((await diagnostics(api, node_id))["decisions"]) for node_id in connected]
    for name, times in (("before the hang", before), ("beside a hung node", beside)):
        report(
            f"{len(times)} lists {name}: median {statistics.median(times) * 1000:.1f} ms, "
            f"max {max(times) * 1000:.1f} ms"
        )
    assert statistics.median(beside) < 1.5 * statistics.median(before) + 0.005
    assert max(beside) < max(before) + 0.1
    assert decisions == [0] * (count - 1)
