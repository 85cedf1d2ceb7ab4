import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster
from support import live


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def fleet() -> AsyncIterator[EmulatedCluster]:
    cluster = EmulatedCluster(nodes=3, random=random.Random(7), clock=SystemClock())
    async with cluster:
        yield cluster


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with live.mediafleet(tmp_path, MEDIAFLEET_LAUNCH_TIMEOUT="2") as client:
        yield client


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "mediafleet.db"
