"""Processes of their own are stopped and killed; the clock runs from the signal."""

import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from mediafleet.emulator import address_of
from support import processes
from support.cluster_client import add
from support.trials import COUNT, batches, figures

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120 + 10 * COUNT), pytest.mark.slow]

SUSPECT_S, HUNG_S, KILLED_S = 2.5, 5.0, 1.0
Json = dict[str, Any]


async def diagnostics(api: httpx.AsyncClient, node_id: str) -> Json:
    answer = await api.get(f"/fleet/media-nodes/{node_id}/diagnostics")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def until(
    api: httpx.AsyncClient, node_id: str, holds: Callable[[Json], bool], limit: float = 15.0
) -> float:
    """Look at a node until a condition holds; the time on the monotonic clock."""
    with anyio.fail_after(limit):
        while not holds(await diagnostics(api, node_id)):
            await anyio.sleep(0.01)
    return time.monotonic()


def is_disconnected(found: Json) -> bool:
    return not found["connected"]


@asynccontextmanager
async def batch(
    api: httpx.AsyncClient, count: int
) -> AsyncIterator[list[tuple[processes.Running, str]]]:
    """That many emulators of one node each, members of the cluster."""
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(count):
            running, port = await stack.enter_async_context(processes.emulator(1))
            node = await add(api, f"ws://{address_of(0)}:{port}/kurento")
            found.append((running, node["id"]))
        yield found


async def test_a_stopped_node_is_suspect_then_disconnected_in_time(
    tmp_path: Path, report: Callable[[str], None]
) -> None:
    suspected, lost = [], []

    async def trial(api: httpx.AsyncClient, running: processes.Running, node_id: str) -> None:
        await anyio.sleep(random.uniform(0, 2))  # anywhere between two pings
        begun = time.monotonic()
        running.process.send_signal(signal.SIGSTOP)
        try:
            noticed = await until(api, node_id, lambda e: e["suspect"] or is_disconnected(e))
            suspected.append(noticed - begun)
            lost.append(await until(api, node_id, is_disconnected) - begun)
        finally:
            running.process.send_signal(signal.SIGCONT)
        findings = [
            decision["finding"] for decision in (await diagnostics(api, node_id))["decisions"]
        ]
        assert findings == ["suspect", "disconnected"]
        await until(api, node_id, lambda e: e["connected"])

    async with processes.server(tmp_path) as (_, api):
        for count in batches():
            async with batch(api, count) as nodes, anyio.create_task_group() as trials:
                for running, node_id in nodes:
                    trials.start_soon(trial, api, running, node_id)
    report(figures("SIGSTOP, suspect", suspected))
    report(figures("SIGSTOP, disconnected", lost))
    assert max(suspected) <= SUSPECT_S
    assert max(lost) <= HUNG_S


async def test_a_killed_node_is_disconnected_at_once(
    tmp_path: Path, report: Callable[[str], None]
) -> None:
    lost = []

    async def trial(api: httpx.AsyncClient, running: processes.Running, node_id: str) -> None:
        begun = time.monotonic()
        running.kill()
        lost.append(await until(api, node_id, is_disconnected) - begun)
        (decision,) = (await diagnostics(api, node_id))["decisions"]
        assert decision["finding"] == "disconnected"

    async with processes.server(tmp_path) as (_, api):
        for count in batches():
            async with batch(api, count) as nodes, anyio.create_task_group() as trials:
                for running, node_id in nodes:
                    trials.start_soon(trial, api, running, node_id)
    report(figures("SIGKILL, disconnected", lost))
    assert max(lost) <= KILLED_S
