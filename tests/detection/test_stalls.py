"""The server itself is stopped for longer than any decision takes, and no node counts as failed."""

import signal
from pathlib import Path

import anyio
import pytest

from mediafleet.emulator import address_of
from support import histories, processes
from support.cluster_client import add, get, until, until_diagnostics
from support.emulator_control import ControlClient

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

STALL_S = 30.0
STALL_WHILE_LOST_S = 8.0
"""More than the 3 s until a node crashed, or is given up."""


async def stall(running: processes.Running, seconds: float) -> None:
    running.process.send_signal(signal.SIGSTOP)
    await anyio.sleep(seconds)
    running.process.send_signal(signal.SIGCONT)


async def test_a_stopped_server_finds_nothing_wrong_with_its_nodes(tmp_path: Path) -> None:
    async with processes.emulator(10) as (_, port), processes.server(tmp_path) as (running, api):
        ids = [
            (await add(api, f"ws://{address_of(number)}:{port}/kurento"))["id"]
            for number in range(10)
        ]
        await stall(running, STALL_S)
        found = await until_diagnostics(api, ids[0], lambda e: e["eventLoopStalls"] > 0)
        resumed = found["timestamp"]
        decisions = []
        for node_id in ids:  # all were asked again, and answered
            found = await until_diagnostics(api, node_id, lambda e: e["lastReplyTime"] > resumed)
            decisions.append(found["decisions"])
        assert decisions == [[]] * 10
        assert not any("suspect" in line for line in running.output), running.output


async def test_a_disconnected_node_is_not_waited_for_while_the_server_is_stopped(
    tmp_path: Path, database: Path
) -> None:
    timeout = {"OPENVIDU_PRO_CLUSTER_RECONNECTION_TIMEOUT": "3"}
    async with (
        processes.emulator(1) as (_, port),
        ControlClient(port) as kurento,
        processes.server(tmp_path, **timeout) as (running, api),
    ):
        node = await add(api, f"ws://{address_of(0)}:{port}/kurento")
        await kurento.refuse(0)
        await kurento.disconnect(0)
        await until(api, node["id"], lambda found: found is not None and not found["connected"])
        await stall(running, STALL_WHILE_LOST_S)
        await kurento.accept(0)
        await until(api, node["id"], lambda found: found is not None and found["connected"])
        found = await until_diagnostics(api, node["id"], lambda e: e["eventLoopStalls"] > 0)
        assert (await get(api, node["id"]))["status"] == "running"
    assert [decision["finding"] for decision in found["decisions"]] == ["disconnected"]
    reported = [event["name"] for event in histories.read_events(database)]
    assert reported == ["mediaNodeStatusChanged"] * 2
