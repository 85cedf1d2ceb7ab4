"""Local Media Nodes under a real server: no process is ever unknown, no session is ever lost."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.domain.machines import MachineRequest
from mediafleet.environments.local import Local, LocalSettings
from support import histories, processes
from support.cluster_client import (
    NODES,
    Json,
    delete,
    get,
    members,
    until,
    until_findings,
    until_gone,
)
from support.kurento_wire import wire
from support.local_nodes import LocalNode, end_local_nodes, local_nodes, until_local_nodes
from support.processes import Running

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LIMIT_S = 30


@pytest.fixture(autouse=True)
def _leaves_nothing(tmp_path: Path) -> Iterator[None]:
    yield
    assert end_local_nodes(tmp_path) == []


@asynccontextmanager
async def serving(
    data_dir: Path, *arguments: str, nodes: int = 2, **properties: str
) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    async with processes.server(
        data_dir,
        *arguments,
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="local",
        OPENVIDU_PRO_CLUSTER_MEDIA_NODES=str(nodes),
        **{"MEDIAFLEET_LOCAL_COMMAND": "emulator", **properties},
    ) as (running, api):
        try:
            yield running, api
        finally:
            print(*running.output, sep="\n")  # shown when the test fails


async def until_connected(api: httpx.AsyncClient, count: int) -> list[Json]:
    """Wait until that many nodes run and are connected, and there are no others."""
    found: list[Json] = []
    with anyio.move_on_after(LIMIT_S):
        while True:
            found = await members(api, sessions="true")
            if len(found) == count and all(
                node["connected"] and node["status"] == "running" for node in found
            ):
                return found
            await anyio.sleep(0.02)
    raise AssertionError(f"after {LIMIT_S} s there are {found}")


def identities(nodes: list[Json]) -> set[tuple[str, str, str]]:
    return {(node["id"], node["environmentId"], node["uri"]) for node in nodes}


def identities_of(found: list[LocalNode]) -> set[tuple[str, str, str]]:
    return {(node.node_id, node.environment_id, node.uri) for node in found}


async def begin_session(uri: str) -> str:
    """Make a session that survives the connection that made it."""
    async with wire(uri) as client:
        return await client.create("MediaPipeline")


async def end_session(uri: str, session: str) -> None:
    async with wire(uri) as client:
        await client.call("release", object=session)


async def until_sessions_are_known(api: httpx.AsyncClient, node_id: str, count: int) -> None:
    await until(api, node_id, lambda node: bool(node) and len(node["sessions"]) == count, LIMIT_S)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
async def test_the_cluster_grows_at_the_start_and_nothing_is_left_at_the_end(
    tmp_path: Path, by: signal.Signals
) -> None:
    async with serving(tmp_path, nodes=3) as (running, api):
        nodes = await until_connected(api, 3)
        assert identities(nodes) == identities_of(local_nodes(tmp_path))
        assert len({node["ip"] for node in nodes}) == 3
        assert await running.end(by) == 0
    assert local_nodes(tmp_path) == []
    database = tmp_path / "mediafleet.db"
    assert histories.read_members(database) == {}
    assert histories.faults(histories.read_events(database), {}) == []


async def test_a_killed_server_finds_the_same_processes_under_the_same_ids(tmp_path: Path) -> None:
    async with serving(tmp_path) as (running, api):
        before = await until_connected(api, 2)
        session = await begin_session(before[0]["uri"])
        await running.end(signal.SIGKILL)
    assert identities_of(local_nodes(tmp_path)) == identities(before)

    async with serving(tmp_path) as (running, api):
        after = await until_connected(api, 2)
        assert identities(after) == identities(before) == identities_of(local_nodes(tmp_path))
        assert [each["sessionId"] for each in after[0]["sessions"]] == [session]
        assert (await api.put(NODES)).json()["content"] == []
        await end_session(before[0]["uri"], session)
        await until_sessions_are_known(api, before[0]["id"], 0)
        assert await running.end() == 0
    assert local_nodes(tmp_path) == []


async def test_a_server_killed_while_it_launches_leaves_no_unknown_process(tmp_path: Path) -> None:
    async with serving(tmp_path, nodes=3) as (running, api):
        first = {node["id"] for node in await members(api)}
        await until_local_nodes(tmp_path, 3)
        await running.end(signal.SIGKILL)

    async with serving(tmp_path, nodes=3) as (running, api):
        nodes = await until_connected(api, 3)
        assert {node["id"] for node in nodes} == first
        assert identities(nodes) == identities_of(local_nodes(tmp_path))
        assert await running.end() == 0
    assert local_nodes(tmp_path) == []


async def test_nodes_with_sessions_survive_the_server_and_are_adopted_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as (running, api):
        busy, _ = await until_connected(api, 2)
        session = await begin_session(busy["uri"])
        assert await running.end(signal.SIGTERM) == 0
    assert identities_of(local_nodes(tmp_path)) == identities([busy])

    async with serving(tmp_path) as (running, api):
        after = await until_connected(api, 2)
        assert identities([busy]) < identities(after)
        kept = await get(api, busy["id"], sessions="true")
        assert [each["sessionId"] for each in kept["sessions"]] == [session]
        assert await running.end(signal.SIGTERM) == 0
    assert identities_of(local_nodes(tmp_path)) == identities([busy])

    async with serving(tmp_path, "--stop-nodes") as (running, api):
        await until_connected(api, 2)
        assert await running.end(signal.SIGTERM) == 0
    assert local_nodes(tmp_path) == []


async def test_a_signal_before_the_links_are_up_ends_no_node_with_sessions(tmp_path: Path) -> None:
    async with serving(tmp_path, nodes=1) as (running, api):
        (busy,) = await until_connected(api, 1)
        await begin_session(busy["uri"])
        await running.end(signal.SIGKILL)
    (process,) = local_nodes(tmp_path)

    os.kill(process.pid, signal.SIGSTOP)
    async with serving(tmp_path, nodes=1) as (running, _):
        assert await running.end() == 0
    os.kill(process.pid, signal.SIGCONT)
    assert identities_of(local_nodes(tmp_path)) == identities([busy])

    async with serving(tmp_path, "--stop-nodes", nodes=1) as (running, api):
        await until_connected(api, 1)
        assert await running.end() == 0


async def test_the_end_of_a_process_is_in_the_diagnostics(tmp_path: Path) -> None:
    async with serving(tmp_path, nodes=1) as (running, api):
        (node,) = await until_connected(api, 1)
        (process,) = local_nodes(tmp_path)
        os.kill(process.pid, signal.SIGKILL)
        found = await until_findings(api, node["id"], "machine-ended", "disconnected")
        await running.end(signal.SIGKILL)
        assert found["machine-ended"] == "the process was ended by signal 9"


async def test_members_whose_processes_are_gone_are_replaced_at_the_start(tmp_path: Path) -> None:
    async with serving(tmp_path) as (running, api):
        before = await until_connected(api, 2)
        await running.end(signal.SIGKILL)
    end_local_nodes(tmp_path)

    async with serving(tmp_path) as (running, api):
        after = await until_connected(api, 2)
        assert {node["id"] for node in after}.isdisjoint(node["id"] for node in before)
        assert await running.end() == 0
    database = tmp_path / "mediafleet.db"
    assert histories.faults(histories.read_events(database), {}) == []


async def test_a_start_takes_back_what_a_lost_store_had(tmp_path: Path) -> None:
    async with serving(tmp_path, OPENVIDU_PRO_CLUSTER_ID="ours") as (running, api):
        before = await until_connected(api, 2)
        await running.end(signal.SIGKILL)
    for file in tmp_path.glob("mediafleet.db*"):
        file.unlink()

    accept = "--accept-changed-store"
    async with serving(tmp_path, accept, OPENVIDU_PRO_CLUSTER_ID="ours") as (running, api):
        assert identities(await until_connected(api, 2)) == identities(before)
        assert (await api.put(NODES)).json()["content"] == []
        assert await running.end() == 0
    assert local_nodes(tmp_path) == []


async def test_a_first_start_drains_what_is_more_than_wanted(tmp_path: Path) -> None:
    async with serving(tmp_path, OPENVIDU_PRO_CLUSTER_ID="ours") as (running, api):
        await until_connected(api, 2)
        await running.end(signal.SIGKILL)
    for file in tmp_path.glob("mediafleet.db*"):
        file.unlink()

    accept = "--accept-changed-store"
    async with serving(tmp_path, accept, nodes=1, OPENVIDU_PRO_CLUSTER_ID="ours") as (_, api):
        await until_connected(api, 1)
        assert len(await until_local_nodes(tmp_path, 1)) == 1


async def test_discovery_finds_a_node_that_no_member_launched(tmp_path: Path) -> None:
    async with serving(tmp_path, nodes=1, OPENVIDU_PRO_CLUSTER_ID="ours") as (running, api):
        await until_connected(api, 1)
        settings = LocalSettings(
            directory=tmp_path / "local", command="emulator", environ=dict(os.environ)
        )
        async with (environment := Local(settings)).open("ours"):
            machine = await environment.launch(MachineRequest("kms_ByHand01", None))
        (found,) = (await api.put(NODES)).json()["content"]
        assert (found["id"], found["uri"]) == ("kms_ByHand01", machine.uri)
        await until_connected(api, 2)
        assert (await api.put(NODES)).json()["content"] == []
        assert await running.end() == 0
    assert local_nodes(tmp_path) == []


async def test_nodes_of_another_cluster_in_the_same_place_are_logged_and_left_alone(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, nodes=1, OPENVIDU_PRO_CLUSTER_ID="theirs") as (running, api):
        await until_connected(api, 1)
        await running.end(signal.SIGKILL)
    (foreign,) = local_nodes(tmp_path)
    for file in tmp_path.glob("mediafleet.db*"):
        file.unlink()

    accept = "--accept-changed-store"
    async with serving(tmp_path, accept, nodes=1, OPENVIDU_PRO_CLUSTER_ID="ours") as (running, api):
        await until_connected(api, 1)
        assert (await api.put(NODES)).json()["content"] == []
        assert await running.end() == 0
        reported = [line for line in running.output if "node of another cluster" in line]
        assert len(reported) == 1
        assert f"pid={foreign.pid}" in reported[0]
    assert local_nodes(tmp_path) == end_local_nodes(tmp_path) == [foreign]


async def test_a_new_cluster_id_loses_no_node(tmp_path: Path) -> None:
    async with serving(tmp_path, nodes=1, OPENVIDU_PRO_CLUSTER_ID="before") as (running, api):
        (node,) = await until_connected(api, 1)
        await running.end(signal.SIGKILL)
    async with serving(tmp_path, nodes=1, OPENVIDU_PRO_CLUSTER_ID="after") as (running, api):
        assert identities(await until_connected(api, 1)) == identities([node])
        assert await running.end() == 0


async def test_a_restart_with_a_higher_number_grows_and_with_a_lower_one_drains(
    tmp_path: Path,
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.touch()
    async with serving(tmp_path, "--env-file", str(dotenv), nodes=1) as (running, api):
        await until_connected(api, 1)
        for number in (3, 2):
            answer = await api.post(
                "/pro/restart", json={"OPENVIDU_PRO_CLUSTER_MEDIA_NODES": number}
            )
            assert answer.status_code == 200
            await until_connected(api, number)
        over = await api.post("/pro/restart", json={"OPENVIDU_PRO_CLUSTER_MEDIA_NODES": 9})
        assert over.status_code == 400
        assert "MEDIAFLEET_LOCAL_MAX_NODES=8" in over.json()["message"]
        assert await running.end() == 0
    assert local_nodes(tmp_path) == []


async def test_with_autoscaling_the_least_number_counts(tmp_path: Path) -> None:
    async with serving(
        tmp_path,
        nodes=3,
        OPENVIDU_PRO_CLUSTER_AUTOSCALING="true",
        OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES="2",
    ) as (_, api):
        await until_connected(api, 2)


async def test_the_cap_is_502_for_a_waiting_request(tmp_path: Path) -> None:
    async with serving(tmp_path, nodes=1, MEDIAFLEET_LOCAL_MAX_NODES="2") as (_, api):
        await until_connected(api, 1)
        added = await api.post(NODES, params={"wait": "true"})
        assert (added.status_code, added.json()["status"]) == (200, "running")
        over = await api.post(NODES, params={"wait": "true"})
        assert over.status_code == 502
        assert "MEDIAFLEET_LOCAL_MAX_NODES=2 allows no more" in over.json()["message"]
        assert (await delete(api, added.json()["id"], wait="true")).status_code == 204
        assert (await api.post(NODES, params={"wait": "true"})).status_code == 200


async def test_a_kill_in_the_middle_of_a_plan_makes_no_node_twice(tmp_path: Path) -> None:
    autoscaling = {
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING": "true",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": "1",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES": "4",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD": "100",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD": "0",
    }
    dotenv = tmp_path / ".env"
    dotenv.write_text("".join(f"{name}={value}\n" for name, value in autoscaling.items()))
    async with serving(tmp_path, "--env-file", str(dotenv)) as (running, api):
        await until_connected(api, 1)
        changed = {"OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": 4}
        assert (await api.post("/pro/restart", json=changed)).status_code == 200
        with anyio.fail_after(LIMIT_S):
            while len(local_nodes(tmp_path)) < 2:  # at least one of three launches has begun
                await anyio.sleep(0.02)
        await running.end(signal.SIGKILL)

    async with serving(tmp_path, "--env-file", str(dotenv)) as (running, api):
        nodes = await until_connected(api, 4)
        assert identities(nodes) == identities_of(local_nodes(tmp_path))
        assert await running.end() == 0
    events = histories.read_events(tmp_path / "mediafleet.db")
    plans = [
        each["mediaNodes"]["launch"]["newNodes"] for each in events if each["name"] == "autoscaling"
    ]
    assert plans == [1, 3]
    assert sum(each.get("newStatus") == "launching" for each in events) == 4


async def test_a_failing_command_is_502_with_its_last_words(tmp_path: Path) -> None:
    script = "import sys; sys.exit('\\x1b[31mno \\x07licence\\nfor ' + '!' * 9000 + ' the end')"
    command = f'{sys.executable} -c "{script}"'
    async with serving(tmp_path, nodes=0, MEDIAFLEET_LOCAL_COMMAND=command) as (_, api):
        failed = await api.post(NODES, params={"wait": "true"})
        assert failed.status_code == 502
        message = failed.json()["message"]
        assert "ended with status 1 before it listened" in message
        assert message.endswith("! the end")
        assert message.isprintable()
        assert len(message) < 1100
        (node,) = await members(api)
        assert node["status"] == "failed"
        assert local_nodes(tmp_path) == []


async def test_a_command_that_hangs_is_ended_and_reported(tmp_path: Path) -> None:
    async with serving(
        tmp_path,
        nodes=0,
        MEDIAFLEET_LOCAL_COMMAND="sh -c 'echo waiting for a licence; sleep 1000'",
        MEDIAFLEET_LAUNCH_TIMEOUT="0.5",
    ) as (_, api):
        failed = await api.post(NODES, params={"wait": "true"})
        assert failed.status_code == 502
        assert "took too long" in failed.json()["message"]
        assert "waiting for a licence" in failed.json()["message"]
        assert local_nodes(tmp_path) == []


async def test_a_cancelled_launch_ends_with_its_process(tmp_path: Path) -> None:
    async with serving(tmp_path, nodes=0) as (_, api):
        node = (await api.post(NODES)).json()
        assert (node["status"], node["uri"]) == ("launching", None)
        await until_local_nodes(tmp_path, 1)
        assert (await delete(api, node["id"], wait="true")).status_code == 204
        assert local_nodes(tmp_path) == []


async def test_the_end_of_the_server_does_not_wait_for_a_launch_that_hangs(tmp_path: Path) -> None:
    async with serving(tmp_path, nodes=2, MEDIAFLEET_LOCAL_COMMAND="sleep 1000") as (running, _):
        await until_local_nodes(tmp_path, 2)
        with anyio.fail_after(LIMIT_S):
            assert await running.end() == 0
    assert local_nodes(tmp_path) == []


async def test_the_secrets_of_the_server_are_not_passed_to_its_nodes(tmp_path: Path) -> None:
    async with serving(tmp_path, nodes=1, KIBANA_PASSWORD="canary") as (_, api):
        await until_connected(api, 1)
        (node,) = local_nodes(tmp_path)
        environ = Path(f"/proc/{node.pid}/environ").read_text()
        assert processes.SECRET not in environ
        assert "canary" not in environ


async def test_removal_of_a_node_with_sessions_follows_the_strategy(tmp_path: Path) -> None:
    async with serving(tmp_path, nodes=1) as (_, api):
        (node,) = await until_connected(api, 1)
        session = await begin_session(node["uri"])
        await until_sessions_are_known(api, node["id"], 1)
        assert (await delete(api, node["id"])).status_code == 409
        quiet = await delete(api, node["id"], deletion_strategy="when-no-sessions")
        assert quiet.status_code == 202
        assert len(local_nodes(tmp_path)) == 1
        await end_session(node["uri"], session)
        await until_gone(api, node["id"])
        assert local_nodes(tmp_path) == []
