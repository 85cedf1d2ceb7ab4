"""Many requests of all kinds at once, while sessions come and go: nothing breaks or is lost."""

import random
from collections import defaultdict
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.emulator import address_of
from support import histories, processes
from support.cluster_client import NODES, add, members
from support.emulator_control import ControlClient

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

MEMBERS = 20
REQUESTS = 200
WITHIN_S = 1.0
"""Time over which the requests begin; far less than they would take one after another."""
STATUSES = ("running", "waiting-idle-to-terminate", "terminating", "canceled", "launching")
STRATEGIES = ("now", "if-no-sessions", "when-no-sessions")
SETTLED_IN_S = 30


class Mix:
    """Requests at media servers drawn by chance, each aimed at the newest member there.

    Attributes:
        newest: Id of the last node that was added at each uri.
        added: All ids in 200 responses to a POST.
        answers: All answers, by method.
    """

    def __init__(self, api: httpx.AsyncClient, uris: list[str], chance: random.Random) -> None:
        self._api = api
        self._uris = uris
        self._chance = chance
        self.newest: dict[str, str] = {}
        self.added: set[str] = set()
        self.answers: dict[str, list[httpx.Response]] = defaultdict(list)

    async def add_all(self) -> None:
        for uri in self._uris:
            self._note(uri, (await add(self._api, uri))["id"])

    async def request(self) -> None:
        chance = self._chance
        uri, method, pause = (
            chance.choice(self._uris),
            chance.choice(("DELETE", "PATCH", "POST", "POST")),
            chance.uniform(0, WITHIN_S),
        )
        query = {"deletion-strategy": chance.choice(STRATEGIES)} if method == "DELETE" else {}
        body = {"PATCH": {"status": chance.choice(STATUSES)}, "POST": {"uri": uri}}.get(method)
        await anyio.sleep(pause)
        path = NODES if method == "POST" else f"{NODES}/{self.newest[uri]}"
        answer = await self._api.request(method, path, params=query, json=body)
        self.answers[method].append(answer)
        if method == "POST" and answer.status_code == 200:
            self._note(uri, answer.json()["id"])

    def statuses(self, method: str) -> set[int]:
        return {answer.status_code for answer in self.answers[method]}

    def _note(self, uri: str, node_id: str) -> None:
        self.newest[uri] = node_id
        self.added.add(node_id)


async def sessions_come_and_go(control: ControlClient, chance: random.Random) -> None:
    """Have up to eight sessions at once, each for a while; none is left."""
    going: list[tuple[int, str]] = []
    for turn in range(80):
        if turn < 60:
            number = chance.randrange(MEMBERS)
            going.append((number, await control.create_pipeline(number)))
        if going and (turn >= 60 or len(going) > 8):
            await control.release_pipeline(*going.pop(chance.randrange(len(going))))
        await anyio.sleep(WITHIN_S / 60)
    assert going == []


async def all_settled(api: httpx.AsyncClient) -> dict[str, str]:
    """Wait until all members run and are connected; their uris by id."""
    nodes = []
    with anyio.move_on_after(SETTLED_IN_S):
        while True:
            nodes = await members(api, sessions="true")
            if all(node["status"] == "running" and node["connected"] for node in nodes):
                return {node["id"]: node["uri"] for node in nodes}
            await anyio.sleep(0.05)
    odd = [node for node in nodes if node["status"] != "running" or not node["connected"]]
    raise AssertionError(f"after {SETTLED_IN_S} s still {odd}")


async def links(control: ControlClient, expected: set[str]) -> None:
    """Wait until these media servers have connections and no others."""
    linked: set[str] = set()
    with anyio.move_on_after(10):
        while True:
            linked = {node["uri"] for node in await control.nodes() if node["connections"]}
            if linked == expected:
                return
            await anyio.sleep(0.05)
    raise AssertionError(f"linked though no member: {linked - expected}; not: {expected - linked}")


@pytest.mark.parametrize("seed", [11, 12])
async def test_a_mix_of_requests_breaks_nothing_and_loses_no_node(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    async with processes.emulator(MEMBERS) as (_, port), ControlClient(port) as control:
        uris = [f"ws://{address_of(number)}:{port}/kurento" for number in range(MEMBERS)]
        async with processes.server(tmp_path) as (running, api):
            mix = Mix(api, uris, chance)
            await mix.add_all()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(sessions_come_and_go, control, chance)
                for _ in range(REQUESTS):
                    tasks.start_soon(mix.request)
            last = await all_settled(api)
            await links(control, set(last.values()))
        await links(control, set())

    assert sum(map(len, mix.answers.values())) == REQUESTS
    assert mix.statuses("POST") == {200, 409}
    assert {204} < mix.statuses("DELETE") <= {202, 204, 404, 409}
    assert {200} < mix.statuses("PATCH") <= {200, 204, 400, 404}
    assert not {"Traceback", "ERROR"} & set(" ".join(running.output).split())

    assert len(set(last.values())) == len(last)
    assert last.items() <= {node_id: uri for uri, node_id in mix.newest.items()}.items()
    events = histories.read_events(tmp_path / "mediafleet.db")
    statuses = dict.fromkeys(last, "running")
    assert histories.faults(events, statuses) == []
    assert histories.read_members(tmp_path / "mediafleet.db") == statuses
    # Sessions that end with their node have events too, which name no node.
    assert {event["id"] for event in events if "newStatus" in event} == mix.added
