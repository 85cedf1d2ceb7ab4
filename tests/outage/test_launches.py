"""What becomes of launches while the store takes nothing, or may be another server's."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import asyncpg  # type: ignore[import-untyped]
import httpx
import pytest

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import Machine, MachineRequest
from mediafleet.domain.media_node import MediaNode
from mediafleet.domain.ports import Environment
from mediafleet.store.postgresql import LOCK
from support import live
from support.cluster_client import NODES, members, until_status
from support.outages import faults_of, locked
from support.postgresql_server import PostgresqlServer
from support.store_cases import PostgresqlCase

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

WATCHED_S = 3.0
"""Longer than the pause before a step that failed is tried again."""
KILL_LOCK_HOLDER = """
    SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Counting(Environment):
    """Makes nothing: its launches fail when that is wanted, and so do its terminations.

    Attributes:
        begun: How many launches began.
        over: How many of them came to an end, whatever that was.
        endings: How many terminations were asked for.
        failing: Set: launches fail.
    """

    name = "counting"
    launches_machines = True
    ends_with_server = False

    def __init__(self) -> None:
        self.begun = self.over = self.endings = 0
        self.failing = anyio.Event()

    @asynccontextmanager
    async def open(self, cluster_id: str) -> AsyncIterator[None]:
        yield

    async def launch(self, request: MachineRequest) -> Machine:
        self.begun += 1
        try:
            await self.failing.wait()
        finally:
            self.over += 1
        raise EnvironmentFailureError(self.name, "launch", "no capacity")

    async def terminate(self, node: MediaNode) -> None:
        self.endings += 1
        raise EnvironmentFailureError(self.name, "terminate", "not authorized")

    async def discover(self) -> Sequence[Machine]:
        return ()


@asynccontextmanager
async def serving(
    environment: Counting, data_dir: Path, **properties: str
) -> AsyncIterator[httpx.AsyncClient]:
    async with live.mediafleet(
        data_dir, environment=environment, OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0, **properties
    ) as api:
        yield api


@asynccontextmanager
async def lock_of_another(case: PostgresqlCase) -> AsyncIterator[None]:
    """Another session has the lock from the moment on in which its holder is cut off."""
    session = await asyncpg.connect(case.url)
    try:
        waiting = asyncio.create_task(session.execute("SELECT pg_advisory_lock($1, $2)", *LOCK))
        await until(lambda: case.execute("SELECT 1 FROM pg_locks WHERE NOT granted") != [])
        case.execute(KILL_LOCK_HOLDER)
        await waiting
        yield
    finally:
        await session.close()


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not condition():
            await anyio.sleep(0.02)


async def test_without_the_lock_nothing_is_launched_or_ended(
    postgresql: PostgresqlServer, tmp_path: Path
) -> None:
    environment, case = Counting(), PostgresqlCase(postgresql)
    async with serving(environment, tmp_path, MEDIAFLEET_DATABASE_URL=case.url) as api:
        environment.failing.set()
        failed = (await api.post(NODES)).json()
        await until_status(api, failed["id"], "failed")
        await until(lambda: environment.endings > 0)
        environment.failing = anyio.Event()
        launching = (await api.post(NODES)).json()
        await until(lambda: environment.begun == 2)

        async with lock_of_another(case):
            await until(lambda: environment.over == 2)
            endings = environment.endings
            with anyio.move_on_after(WATCHED_S):
                while True:
                    assert (environment.begun, environment.endings) == (2, endings)
                    assert (await api.post(NODES)).status_code == 503
                    await anyio.sleep(0.05)
            statuses = {node["id"]: node["status"] for node in await members(api)}
            assert statuses == {failed["id"]: "failed", launching["id"]: "launching"}

        await until(lambda: environment.begun == 3)
        await until(lambda: environment.endings > endings)
        environment.failing.set()
        await until_status(api, launching["id"], "failed")
        assert environment.begun == 3


async def test_a_launch_whose_failure_cannot_be_stored_is_not_repeated(tmp_path: Path) -> None:
    environment, database = Counting(), tmp_path / "mediafleet.db"
    async with serving(environment, tmp_path) as api:
        node = (await api.post(NODES)).json()
        await until(lambda: environment.begun == 1)
        with locked(database)():
            environment.failing.set()
            await until(lambda: environment.over == 1)
            with anyio.move_on_after(2 * WATCHED_S):
                while True:
                    assert environment.begun == 1
                    assert [each["status"] for each in await members(api)] == ["launching"]
                    await anyio.sleep(0.05)

        await until_status(api, node["id"], "failed")
        assert environment.begun == 1
    assert faults_of(database) == []
