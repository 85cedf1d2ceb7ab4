"""Restarts one after the other under load: no request is refused, no response is wrong."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.emulator import address_of
from support import processes
from support.cluster_client import NODES, Json, add, members, until_sessions
from support.emulator_control import ControlClient

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

RESTARTS = 50
REQUESTS_PER_SECOND = 200
BAD_EACH = 5
LEAST_SECONDS = 5.0
MEMBERS = 3
FIRST, SECOND = "OPENVIDU_SESSIONS_GARBAGE_INTERVAL", "OPENVIDU_SESSIONS_GARBAGE_THRESHOLD"


@dataclass
class Observed:
    """What clients met, and which configuration they may meet.

    Attributes:
        begun: Number of the last restart that was asked for.
        done: Number of the last one that was answered.
    """

    begun: int = 0
    done: int = 0
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0


async def ask(api: httpx.AsyncClient, observed: Observed, name: str, node: dict[str, str]) -> None:
    earliest = observed.done
    began = time.monotonic()
    match name:
        case "list":
            answer = await api.get(NODES)
            right = answer.status_code == 200 and answer.json()["numberOfElements"] == MEMBERS
        case "one":
            answer = await api.get(f"{NODES}/{node['id']}", params={"sessions": "true"})
            right = answer.status_code == 200 and len(answer.json()["sessions"]) == 1
        case "add again":
            answer = await api.post(NODES, json={"uri": node["uri"]})
            right = answer.status_code == 409
        case "remove a busy one":
            answer = await api.delete(f"{NODES}/{node['id']}")
            right = answer.status_code == 409
        case "same status":
            answer = await api.patch(f"{NODES}/{node['id']}", json={"status": "running"})
            right = answer.status_code == 204
        case _:
            answer = await api.get("/pro/config")
            body = answer.json()
            right = body[FIRST] == body[SECOND] and earliest <= body[FIRST] <= observed.begun
    observed.slowest = max(observed.slowest, time.monotonic() - began)
    observed.statuses[name, answer.status_code] += 1
    if not right:
        observed.wrong.append(f"{name}: {answer.status_code} {answer.text}")


async def restart_again_and_again(
    api: httpx.AsyncClient, observed: Observed, dotenv: Path, over: anyio.Event
) -> None:
    began = time.monotonic()
    for number in range(1, RESTARTS + 1):
        if number % BAD_EACH == 0:
            bad = await api.post("/pro/restart", json={FIRST: 9_999, SECOND: "many"})
            assert bad.status_code == 400
        observed.begun = number
        answer = await api.post("/pro/restart", json={FIRST: number, SECOND: number})
        assert answer.status_code == 200, answer.text
        observed.done = number
        assert (await api.get("/pro/config")).json()[SECOND] == number
        assert f"{FIRST}={number}" in dotenv.read_text().splitlines()
        # Spread over the whole time, so that requests meet restarts.
        await anyio.sleep(max(0, began + number * LEAST_SECONDS / RESTARTS - time.monotonic()))
    over.set()


def kept(node: Json) -> tuple[object, ...]:
    """What no restart may change: the link is the same one, and so are the sessions."""
    sessions = [session["createdAt"] for session in node["sessions"]]
    return node["id"], node["status"], node["connected"], node["connectionTime"], sessions


async def test_fifty_restarts_under_load_refuse_and_mislead_no_client(
    tmp_path: Path, report: Callable[[str], None]
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"{FIRST}=0\n{SECOND}=0\n")
    observed, over = Observed(), anyio.Event()
    async with (
        processes.emulator(MEMBERS) as (_, port),
        ControlClient(port) as control,
        processes.server(tmp_path / "data", "--env-file", str(dotenv)) as (running, api),
    ):
        nodes = [await add(api, f"ws://{address_of(n)}:{port}/kurento") for n in range(MEMBERS)]
        for number, node in enumerate(nodes):
            await control.create_pipeline(number, f"room-{number}")
            await until_sessions(api, node["id"], 1)
        before = await members(api, sessions="true")

        began = time.monotonic()
        names = ["list", "one", "configuration", "add again", "remove a busy one", "same status"]
        sent = 0
        async with anyio.create_task_group() as clients:
            clients.start_soon(restart_again_and_again, api, observed, dotenv, over)
            while not over.is_set() or sent < LEAST_SECONDS * REQUESTS_PER_SECOND:
                name, node = names[sent % len(names)], nodes[sent % MEMBERS]
                clients.start_soon(ask, api, observed, name, node)
                sent += 1
                await anyio.sleep(max(0, began + sent / REQUESTS_PER_SECOND - time.monotonic()))
        seconds = time.monotonic() - began
        after = await members(api, sessions="true")
        assert (await api.get("/health")).json()["restartCounter"] == RESTARTS
        report(
            f"{RESTARTS} restarts under {sent / seconds:.0f} requests/s for {seconds:.1f} s: "
            f"{sent} answers, {len(observed.wrong)} wrong, slowest {observed.slowest:.3f} s"
        )

    assert observed.wrong == []
    assert observed.statuses.total() == sent
    assert [kept(node) for node in after] == [kept(node) for node in before]
    assert not any("ERROR" in line or "Traceback" in line for line in running.output)
