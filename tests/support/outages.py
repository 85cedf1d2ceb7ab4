"""What a cluster has to live through when its store is out of reach, however long that takes."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import anyio
import httpx

from support import histories
from support.cluster_client import (
    NODES,
    Json,
    add,
    delete,
    get,
    members,
    patch,
    until_gone,
    until_sessions,
)
from support.emulator_control import ControlClient
from support.postgresql_server import PostgresqlServer

ANSWER_S = 12.0
"""What a write may take until it is refused: its turn, the store's own timeout, and some."""
WRITERS = 20
RECOVERY_S = 20.0

Outage: TypeAlias = Callable[[], AbstractContextManager[None]]


def locked(database: Path) -> Outage:
    """Somebody holds the write lock of the SQLite file."""

    @contextmanager
    def outage() -> Iterator[None]:
        other = sqlite3.connect(database, isolation_level=None, timeout=10)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()

    return outage


def ended(server: PostgresqlServer) -> Outage:
    """PostgreSQL is stopped, and started again."""

    @contextmanager
    def outage() -> Iterator[None]:
        server.stop()
        try:
            yield
        finally:
            server.start()

    return outage


def faults_of(database: Path) -> list[str]:
    return histories.faults(histories.read_events(database), histories.read_members(database))


@dataclass(frozen=True)
class OutageScenario:
    """A server without nodes, and four emulated ones.

    Attributes:
        api: Asks the server.
        control: Of the emulated nodes.
        uris: Their endpoints.
        step: Seconds between two looks while the outage goes on.
        passing: Entered while it goes on and requests only read.
    """

    api: httpx.AsyncClient
    control: ControlClient
    uris: list[str]
    step: float = 0.2
    passing: Callable[[], AbstractContextManager[None]] = nullcontext

    async def live_through(self, outage: Outage, seconds: float) -> None:
        """A cluster with a busy node, an idle one, and one that waits for its last session."""
        api, control = self.api, self.control
        busy, idle, leaving = [await add(api, uri) for uri in self.uris[:3]]
        for number in (0, 2):
            await control.create_pipeline(number, f"room-{number}")
        await until_sessions(api, busy["id"], 1)
        await until_sessions(api, leaving["id"], 1)
        removed = await delete(api, leaving["id"], deletion_strategy="when-no-sessions")
        assert removed.status_code == 202
        before = {node["id"]: node for node in await members(api)}

        with outage():
            began = anyio.current_time()
            await self._writes_are_refused(idle["id"])
            await self._health_is(503, ["store"])
            # What happens at the nodes is seen all the while.
            later = await control.create_pipeline(0, "later")
            await until_sessions(api, busy["id"], 2)
            await control.release_pipeline(0, later)
            await until_sessions(api, busy["id"], 1)
            # The last session of the leaving node ends: it must leave, and cannot leave yet.
            for pipeline in (await control.describe(2))["pipelines"]:
                await control.release_pipeline(2, pipeline)
            await until_sessions(api, leaving["id"], 0)
            with self.passing():
                while anyio.current_time() - began < seconds:
                    await self._reads_go_on(before)
                    await anyio.sleep(self.step)
            await self._writes_are_refused(idle["id"])
            await self._reads_go_on(before)

        await self._recovered()
        await self._health_is(200, [])
        await until_gone(api, leaving["id"])
        after = {node["id"]: node for node in await members(api)}
        for node_id in (busy["id"], idle["id"]):
            for name in ("status", "connected", "connectionTime"):
                assert after[node_id][name] == before[node_id][name]

    async def _writes_are_refused(self, node_id: str) -> None:
        async def is_refused(write: Awaitable[httpx.Response]) -> None:
            answer = await write
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) >= 1
            assert "reads go on" in answer.json()["message"]

        with anyio.fail_after(ANSWER_S):
            async with anyio.create_task_group() as writes:
                writes.start_soon(is_refused, self.api.post(NODES, json={"uri": self.uris[3]}))
                for _ in range(WRITERS):
                    quarantine = patch(self.api, node_id, "waiting-idle-to-terminate")
                    writes.start_soon(is_refused, quarantine)
                writes.start_soon(is_refused, delete(self.api, node_id))

    async def _health_is(self, status: int, failed: list[str]) -> None:
        for path in ("/health", "/openvidu/api/health"):
            answer = await self.api.get(path)
            assert answer.status_code == status, answer.text
            components = [each["component"] for each in answer.json().get("failedComponents", ())]
            assert components == failed
        async with httpx.AsyncClient(base_url=self.api.base_url) as anybody:
            assert (await anybody.get("/health/ready")).status_code == status
            assert (await anybody.get("/health/live")).status_code == 200

    async def _reads_go_on(self, before: dict[str, Json]) -> None:
        found = {node["id"]: node for node in await members(self.api)}
        assert found.keys() == before.keys()
        for node_id, node in found.items():
            assert node["connected"]
            assert node["connectionTime"] == before[node_id]["connectionTime"]
            assert node["status"] == before[node_id]["status"]
            assert (await get(self.api, node_id))["id"] == node_id

    async def _recovered(self) -> None:
        """Writes are taken again, without anybody doing anything about it."""
        answer = None
        with anyio.move_on_after(RECOVERY_S):
            while True:
                body = {"uri": self.uris[3]}
                answer = await self.api.post(NODES, params={"wait": "true"}, json=body)
                if answer.status_code == 200:
                    return
                assert answer.status_code == 503, answer.text
                await anyio.sleep(0.2)
        raise AssertionError(f"after {RECOVERY_S} s still {answer and answer.text}")
