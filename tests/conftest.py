import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mediafleet.clock import SystemClock
from mediafleet.emulator import EmulatedCluster


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def fleet() -> AsyncIterator[EmulatedCluster]:
    """Three emulated Media Nodes in the test's own event loop."""
    async with EmulatedCluster(nodes=3, random=random.Random(7), clock=SystemClock()) as cluster:
        yield cluster


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The file in which a server with this data directory keeps its cluster."""
    return tmp_path / "mediafleet.db"
