import random
from collections.abc import AsyncIterator

import anyio
import pytest

from mediafleet.domain import formats
from mediafleet.store import SqlStore, open_store


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """A store in memory."""
    source = random.Random(1)
    async with (
        anyio.create_task_group() as tasks,
        open_store(
            "sqlite://", tasks=tasks, make_cluster_id=lambda: formats.cluster_id(source)
        ) as opened,
    ):
        yield opened
