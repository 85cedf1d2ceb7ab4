from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from support import live


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server of ours with an empty cluster."""
    async with live.mediafleet(tmp_path, MEDIAFLEET_LAUNCH_TIMEOUT="2") as client:
        yield client
