"""The store freezes or vanishes: the cluster goes on, and recovers by itself.

`MEDIAFLEET_OUTAGE_S=60` makes every outage last a minute; `tox -e trials` does.
"""

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from mediafleet.emulator import address_of
from support import processes
from support.cluster_client import NODES, add, members
from support.emulator_control import ControlClient
from support.outages import Outage, OutageScenario, ended, faults_of, locked
from support.postgresql_server import PostgresqlServer

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600), pytest.mark.slow]

OUTAGE_S = float(os.environ.get("MEDIAFLEET_OUTAGE_S", "4"))


def full(running: processes.Running) -> Outage:
    """No file of the server may grow any more, as on a full disk."""

    @contextmanager
    def outage() -> Iterator[None]:
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
    def outage() -> Iterator[None]:
        server.freeze()
        try:
            yield
        finally:
            server.thaw()

    return outage


async def test_a_locked_file_is_no_outage_of_the_cluster(tmp_path: Path) -> None:
    database = tmp_path / "mediafleet.db"
    await live_through(tmp_path, lambda _: locked(database))
    assert faults_of(database) == []


async def test_a_full_disk_is_no_outage_of_the_cluster(tmp_path: Path) -> None:
    await live_through(tmp_path, full)
    assert faults_of(tmp_path / "mediafleet.db") == []


@pytest.mark.parametrize("kind", [frozen, ended])
async def test_a_hanging_or_stopped_postgresql_is_no_outage_of_the_cluster(
    tmp_path: Path, postgresql: PostgresqlServer, kind: Callable[[PostgresqlServer], Outage]
) -> None:
    url = postgresql.url(postgresql.new_database())
    await live_through(tmp_path, lambda _: kind(postgresql), MEDIAFLEET_DATABASE_URL=url)


async def live_through(
    folder: Path, outage_of: Callable[[processes.Running], Outage], **properties: str
) -> None:
    async with (
        processes.emulator(4) as (_, port),
        ControlClient(port) as control,
        processes.server(folder, **properties) as (running, api),
    ):
        uris = [f"ws://{address_of(n)}:{port}/kurento" for n in range(4)]
        await OutageScenario(api, control, uris).live_through(outage_of(running), OUTAGE_S)
        assert not any("Traceback" in line for line in running.output)


def delete_the_store(folder: Path) -> None:
    for path in folder.glob("mediafleet.db*"):
        path.unlink()


def replace_the_directory(folder: Path) -> None:
    folder.rename(folder.with_name("moved-away"))
    folder.mkdir()


@pytest.mark.parametrize("harm", [delete_the_store, replace_the_directory])
async def test_a_store_that_is_deleted_takes_no_changes_and_is_not_begun_anew_unnoticed(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    folder = tmp_path / "data"
    async with processes.emulator(2) as (_, port):
        uris = [f"ws://{address_of(number)}:{port}/kurento" for number in range(2)]
        async with processes.server(folder) as (running, api):
            node = await add(api, uris[0])
            harm(folder)
            refused = await api.post(NODES, json={"uri": uris[1]})
            assert refused.status_code == 503
            assert "nothing was changed" in refused.json()["message"]
            assert refused.headers["retry-after"]
            assert [each["id"] for each in await members(api)] == [node["id"]]
            await running.end(signal.SIGKILL)
        assert any("was removed" in line or "was replaced" in line for line in running.output)

        if harm is delete_the_store:
            ended = await anyio.run_process(
                [sys.executable, "-m", "mediafleet", "serve", "--port", "0", "--data-dir", folder],
                check=False,
                env={**os.environ, "OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "on_premise"},
            )
            assert ended.returncode == 1
            assert b"store.json remembers another one" in ended.stderr
        async with processes.server(folder, "--accept-changed-store") as (_, api):
            assert await members(api) == []
            await add(api, uris[0])
        async with processes.server(folder) as (_, api):
            assert len(await members(api)) == 1
