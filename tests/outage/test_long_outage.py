"""The store is out of reach for long: minutes, or hours, that pass in seconds.

`MEDIAFLEET_LONG_OUTAGE_S=3600` makes them an hour; `tox -e trials` does.
"""

import asyncio
import os
import random
from pathlib import Path

import pytest

from mediafleet.emulator import EmulatedCluster
from support import live
from support.emulator_control import ControlClient, controlled
from support.jumping_clock import JumpingLoop, LoopClock
from support.outages import Outage, OutageScenario, ended, faults_of, locked
from support.postgresql_server import PostgresqlServer

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]

LONG_OUTAGE_S = float(os.environ.get("MEDIAFLEET_LONG_OUTAGE_S", "300"))
LOOKS = 100
"""How often the cluster is read."""


def test_a_file_locked_for_long_is_no_outage_of_the_cluster(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = tmp_path / "mediafleet.db"
    live_long_through(tmp_path, locked(database), caplog)
    assert faults_of(database) == []


def test_a_postgresql_stopped_for_long_is_no_outage_of_the_cluster(
    tmp_path: Path, postgresql: PostgresqlServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgresql.url(postgresql.new_database())
    live_long_through(tmp_path, ended(postgresql), caplog, MEDIAFLEET_DATABASE_URL=url)


def live_long_through(
    folder: Path, outage: Outage, caplog: pytest.LogCaptureFixture, **properties: str
) -> None:
    """Server and nodes share a loop, whose time jumps during the outage; the store is real."""

    async def life() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        clock = LoopClock()
        nodes = EmulatedCluster(nodes=4, random=random.Random(1), clock=clock)
        async with (
            nodes,
            controlled(nodes),
            ControlClient(nodes.port) as control,
            live.mediafleet(folder, clock=clock, **properties) as api,
        ):
            uris = [nodes.uri(number) for number in range(4)]
            scenario = OutageScenario(api, control, uris, LONG_OUTAGE_S / LOOKS, loop.jumping)
            tasks = len(asyncio.all_tasks())
            await scenario.live_through(outage, LONG_OUTAGE_S)
            assert len(asyncio.all_tasks()) <= tasks + len(uris)

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(life())
    assert not [record for record in caplog.records if record.exc_info]
