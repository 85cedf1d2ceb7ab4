"""The store freezes or vanishes: the cluster goes on, and recovers by itself.

`MEDIAFLEET_OUTAGE_S=60` makes every outage last a minute; `tox -e trials` does.
"""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mediafleet.emulator import Steering, address_of
from support import processes
from support.outages import Outage, Stage, ended, faults_of, locked
from support.postgresql_server import PostgresqlServer

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

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
async def test_a_silent_or_stopped_postgresql_is_no_outage_of_the_cluster(
    tmp_path: Path, postgresql: PostgresqlServer, kind: Callable[[PostgresqlServer], Outage]
) -> None:
    url = postgresql.url(postgresql.new_database())
    await live_through(tmp_path, lambda _: kind(postgresql), MEDIAFLEET_DATABASE_URL=url)


async def live_through(
    folder: Path, outage_of: Callable[[processes.Running], Outage], **properties: str
) -> None:
    async with (
        processes.emulator(4) as (_, port),
        Steering(port) as steering,
        processes.server(folder, **properties) as (running, api),
    ):
        uris = [f"ws://{address_of(n)}:{port}/kurento" for n in range(4)]
        await Stage(api, steering, uris).live_through(outage_of(running), OUTAGE_S)
        assert not any("Traceback" in line for line in running.output)
