from pathlib import Path

import anyio
import pytest

from mediafleet.emulator import address_of
from support import histories, processes
from support.cluster_client import add, members
from support.emulator_control import ControlClient

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

MEMBERS = 20


async def test_a_killed_server_comes_back_with_all_members_sessions_and_loads(
    tmp_path: Path,
) -> None:
    async with processes.emulator(MEMBERS) as (emulator, port), ControlClient(port) as control:
        for number in range(MEMBERS):
            await control.create_pipeline(number, f"room-{number}")
        servers = [await control.describe(number) for number in range(MEMBERS)]
        async with processes.server(tmp_path) as (running, api):
            for number in range(MEMBERS):
                await add(api, f"ws://{address_of(number)}:{port}/kurento")
            before = await members(api)
            running.kill()
            await running.process.wait()

        async with processes.server(tmp_path) as (_, api):
            with anyio.fail_after(10):
                while not all(node["connected"] for node in await members(api)):
                    await anyio.sleep(0.05)
            after = await members(api, sessions="true")
            with anyio.fail_after(15):
                while not all(node["load"] > 0 for node in await members(api)):
                    await anyio.sleep(0.1)

        assert [node["id"] for node in after] == [node["id"] for node in before]
        assert {node["status"] for node in after} == {"running"}
        rooms = [[session["sessionId"] for session in node["sessions"]] for node in after]
        assert rooms == [[f"room-{number}"] for number in range(MEMBERS)]
        assert emulator.process.returncode is None
        assert [(await control.describe(number))["serverId"] for number in range(MEMBERS)] == [
            server["serverId"] for server in servers
        ]
    database = tmp_path / "mediafleet.db"
    assert histories.faults(histories.read_events(database), histories.read_members(database)) == []


async def test_a_kill_right_after_an_answer_loses_nothing_that_was_answered(
    tmp_path: Path,
) -> None:
    async with processes.emulator(4) as (_, port), ControlClient(port) as control:
        await control.create_pipeline(1, "room")
        async with processes.server(tmp_path) as (running, api):
            uris = [f"ws://{address_of(number)}:{port}/kurento" for number in range(4)]
            nodes = [await add(api, uri) for uri in uris[:3]]
            last = await api.post("/pro/media-nodes", json={"uri": uris[3]})
            removed = await api.delete(f"/pro/media-nodes/{nodes[0]['id']}")
            drained = await api.delete(
                f"/pro/media-nodes/{nodes[1]['id']}",
                params={"deletion-strategy": "when-no-sessions"},
            )
            running.kill()
            await running.process.wait()
        assert (last.status_code, removed.status_code, drained.status_code) == (200, 204, 202)

        async with processes.server(tmp_path) as (_, api):
            kept = {node["id"]: node["status"] for node in await members(api)}
            assert kept.pop(nodes[1]["id"]) == "waiting-idle-to-terminate"
            assert kept.pop(nodes[0]["id"], "terminating") == "terminating"
            assert set(kept) == {nodes[2]["id"], last.json()["id"]}
            with anyio.fail_after(10):
                while {node["status"] for node in await members(api)} != {
                    "running",
                    "waiting-idle-to-terminate",
                }:
                    await anyio.sleep(0.05)
