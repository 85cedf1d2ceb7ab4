"""Addresses of stores: which are taken, which are refused, and that no secret is repeated."""

from __future__ import annotations

import pytest

from mediafleet.configuration.errors import InvalidValueError
from mediafleet.configuration.text_kinds import DatabaseUrl
from mediafleet.store import StoreStartError, UnsupportedStoreUrlError, open_store

pytestmark = pytest.mark.anyio


MALFORMED = [
    "",
    "mediafleet.db",
    "mysql://user:canary@host/db",
    "sqlite+pysqlite:///file.db",
    "sqlite://user:canary@host/file.db",
    "sqlite:///file.db?mode=canary",
    "postgresql://user:can:ary@host:canary/db",
    "postgresql://user:canary@host:65536/db",
    "postgresql://user:canary@host:0/db",
]


@pytest.mark.parametrize("url", MALFORMED)
def test_the_configuration_refuses_the_addresses_that_the_store_refuses(url):
    with pytest.raises(InvalidValueError) as refused:
        DatabaseUrl().read(url)

    assert "canary" not in refused.value.rule
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("url", [*MALFORMED, "postgresql://user:password@host/db?sslmode=canary"])
async def test_an_address_that_is_no_store_is_refused_without_repeating_it(tasks, url):
    with pytest.raises(UnsupportedStoreUrlError) as raised:
        async with open_store(url, tasks=tasks, make_cluster_id=str):
            pytest.fail("it was opened")

    assert isinstance(raised.value, StoreStartError)
    assert "canary" not in str(raised.value) + repr(raised.value)


async def test_a_relative_file_is_made_where_the_server_runs(tasks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with open_store("sqlite:///here.db", tasks=tasks, make_cluster_id=lambda: "c"):
        assert (tmp_path / "here.db").is_file()
