"""Many requests of all kinds at once, while sessions come and go: nothing breaks or is lost."""

import random
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.emulator import Steering, address_of
from support import histories, processes
from support.cluster_client import NODES, add, members

pytestmark = pytest.mark.anyio

MEMBERS = 20
REQUESTS = 200
STATUSES = ("running", "waiting-idle-to-terminate", "terminating", "canceled", "launching")
STRATEGIES = ("now", "if-no-sessions", "when-no-sessions")


@pytest.mark.parametrize("seed", [11, 12])
async def test_a_mix_of_requests_breaks_nothing_and_loses_no_node(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    answers: list[httpx.Response] = []
    async with (
        processes.emulator(MEMBERS) as (_, port),
        Steering(port) as steering,
        processes.server(tmp_path) as (running, api),
    ):
        uris = [f"ws://{address_of(number)}:{port}/kurento" for number in range(MEMBERS)]
        ids = [(await add(api, uri))["id"] for uri in uris]

        async def request() -> None:
            node = f"{NODES}/{chance.choice(ids)}"
            await anyio.sleep(chance.random())
            match chance.randrange(3):
                case 0:
                    query = {"deletion-strategy": chance.choice(STRATEGIES)}
                    answers.append(await api.delete(node, params=query))
                case 1:
                    body = {"status": chance.choice(STATUSES)}
                    answers.append(await api.patch(node, json=body))
                case _:
                    answers.append(await api.post(NODES, json={"uri": chance.choice(uris)}))

        async def come_and_go() -> None:
            for _ in range(40):
                number = chance.randrange(MEMBERS)
                pipeline = await steering.create_pipeline(number)
                await anyio.sleep(0.02)
                await steering.release_pipeline(number, pipeline)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(come_and_go)
            for _ in range(REQUESTS):
                tasks.start_soon(request)

        assert len(answers) == REQUESTS
        assert [each.text for each in answers if each.status_code >= 500] == []
        with anyio.fail_after(15):
            while any(node["status"] != "running" for node in await members(api)):
                await anyio.sleep(0.05)
        last = {node["id"]: node["status"] for node in await members(api)}
        assert "Traceback" not in "\n".join(running.output)

    database = tmp_path / "mediafleet.db"
    events = histories.read_events(database)
    assert histories.faults(events, last) == []
    assert histories.read_members(database) == last
    added = {
        each.json()["id"]
        for each in answers
        if each.request.method == "POST" and each.status_code == 200
    }
    assert {event["id"] for event in events} == added | set(ids)
