from collections.abc import Iterator

import pytest

from support.postgresql_server import PostgresqlServer, private_server


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    with private_server() as server:
        if server is None:
            pytest.skip("no PostgreSQL is installed")
        yield server
