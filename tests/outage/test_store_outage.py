"""The store freezes or vanishes: the cluster goes on, and recovers by itself.

`MEDIAFLEET_OUTAGE_S=60` makes every outage last a minute; `tox -e trials` does.
"""

import os
import resource
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.emulator import Steering, address_of
from support import histories, processes
from support.cluster_client import (
    NODES,
    add,
    delete,
    get,
    members,
    patch,
    until_gone,
    until_sessions,
)
from support.postgresql_server import PostgresqlServer, private_server

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

OUTAGE_S = float(os.environ.get("MEDIAFLEET_OUTAGE_S", "4"))
ANSWER_S = 8.0
"""What a write may take until it is refused: the store's own patience, and some."""
RECOVERY_S = 20.0

Outage = Callable[[processes.Running], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    with private_server() as server:
        if server is None:
            pytest.skip("no PostgreSQL is installed")
        yield server


def locked(database: Path) -> Outage:
    """Somebody holds the write lock of the SQLite file."""

    @contextmanager
    def outage(_: processes.Running) -> Iterator[None]:
        other = sqlite3.connect(database, isolation_level=None, timeout=10)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()

    return outage


def full() -> Outage:
    """No file of the server may grow any more, as on a full disk."""

    @contextmanager
    def outage(running: processes.Running) -> Iterator[None]:
        pid = running.process.pid
        usual = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, usual[1]))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, usual)

    return outage


def frozen(server: PostgresqlServer) -> Outage:
    """PostgreSQL does not answer any more; its sockets stay open."""

    @contextmanager
    def outage(_: processes.Running) -> Iterator[None]:
        server.freeze()
        try:
            yield
        finally:
            server.thaw()

    return outage


def ended(server: PostgresqlServer) -> Outage:
    """PostgreSQL is stopped, and started again."""

    @contextmanager
    def outage(_: processes.Running) -> Iterator[None]:
        server.stop()
        try:
            yield
        finally:
            server.start()

    return outage


async def test_a_locked_file_is_no_outage_of_the_cluster(tmp_path: Path) -> None:
    await live_through(tmp_path, locked(tmp_path / "mediafleet.db"))
    assert faults_of(tmp_path) == []


async def test_a_full_disk_is_no_outage_of_the_cluster(tmp_path: Path) -> None:
    await live_through(tmp_path, full())
    assert faults_of(tmp_path) == []


@pytest.mark.parametrize("kind", [frozen, ended])
async def test_a_silent_or_stopped_postgresql_is_no_outage_of_the_cluster(
    tmp_path: Path, postgresql: PostgresqlServer, kind: Callable[[PostgresqlServer], Outage]
) -> None:
    database = postgresql.new_database()
    url = postgresql.url(database)
    await live_through(tmp_path, kind(postgresql), MEDIAFLEET_DATABASE_URL=url)


def faults_of(folder: Path) -> list[str]:
    database = folder / "mediafleet.db"
    return histories.faults(histories.read_events(database), histories.read_members(database))


async def live_through(folder: Path, outage: Outage, **properties: str) -> None:
    """A cluster with a busy node, an idle one, and one that waits for its last session."""
    async with cluster(folder, **properties) as (running, api, steering, uris):
        busy, idle, leaving = [await add(api, uri) for uri in uris[:3]]
        for number in (0, 2):
            await steering.create_pipeline(number, f"room-{number}")
        await until_sessions(api, busy["id"], 1)
        await until_sessions(api, leaving["id"], 1)
        assert (await delete(api, leaving["id"], deletion_strategy="when-no-sessions")).status_code
        before = {node["id"]: node for node in await members(api)}

        with outage(running):
            began = time.monotonic()
            await writes_are_refused(api, idle["id"], uris[3])
            # What happens at the nodes is seen all the while.
            later = await steering.create_pipeline(0, "later")
            await until_sessions(api, busy["id"], 2)
            await steering.release_pipeline(0, later)
            await until_sessions(api, busy["id"], 1)
            # The last session of the leaving node ends: it has to go, and cannot be let go yet.
            for pipeline in (await steering.describe(2))["pipelines"]:
                await steering.release_pipeline(2, pipeline)
            await until_sessions(api, leaving["id"], 0)
            while time.monotonic() - began < OUTAGE_S:
                await reads_go_on(api, before)
                await anyio.sleep(0.2)
            await writes_are_refused(api, idle["id"], uris[3])
            await reads_go_on(api, before)

        await recovered(api, uris[3])
        await until_gone(api, leaving["id"])
        after = {node["id"]: node for node in await members(api)}
        for node_id in (busy["id"], idle["id"]):
            for fact in ("status", "connected", "connectionTime"):
                assert after[node_id][fact] == before[node_id][fact]
        assert not any("Traceback" in line for line in running.output)


@asynccontextmanager
async def cluster(
    folder: Path, **properties: str
) -> AsyncIterator[tuple[processes.Running, httpx.AsyncClient, Steering, list[str]]]:
    async with (
        processes.emulator(4) as (_, port),
        Steering(port) as steering,
        processes.server(folder, **properties) as (running, api),
    ):
        yield running, api, steering, [f"ws://{address_of(n)}:{port}/kurento" for n in range(4)]


async def writes_are_refused(api: httpx.AsyncClient, node_id: str, uri: str) -> None:
    for write in (
        api.post(NODES, json={"uri": uri}),
        patch(api, node_id, "waiting-idle-to-terminate"),
        delete(api, node_id),
    ):
        with anyio.fail_after(ANSWER_S):
            answer = await write
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) >= 1
        assert "reads go on" in answer.json()["message"]


async def reads_go_on(api: httpx.AsyncClient, before: dict[str, dict[str, object]]) -> None:
    found = {node["id"]: node for node in await members(api)}
    assert found.keys() == before.keys()
    for node_id, node in found.items():
        assert node["connected"]
        assert node["connectionTime"] == before[node_id]["connectionTime"]
        assert node["status"] == before[node_id]["status"]
        assert (await get(api, node_id))["id"] == node_id


async def recovered(api: httpx.AsyncClient, uri: str) -> None:
    """Writes are taken again, without anybody doing anything about it."""
    answer = None
    with anyio.move_on_after(RECOVERY_S):
        while True:
            answer = await api.post(NODES, params={"wait": "true"}, json={"uri": uri})
            if answer.status_code == 200:
                return
            assert answer.status_code == 503, answer.text
            await anyio.sleep(0.2)
    raise AssertionError(f"after {RECOVERY_S} s still {answer and answer.text}")
