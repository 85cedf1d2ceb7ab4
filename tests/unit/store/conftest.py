"""A SQLite store in a folder of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from support.store_cases import SqliteCase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from anyio.abc import TaskGroup


@pytest.fixture
def case(tmp_path: Path) -> SqliteCase:
    return SqliteCase(tmp_path)


@pytest.fixture
async def tasks() -> AsyncIterator[TaskGroup]:
    async with anyio.create_task_group() as group:
        yield group
