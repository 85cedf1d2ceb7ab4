"""The data directory remembers which store was opened there, and no other begins unnoticed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest

from mediafleet.store import StoreNotOpenedError, StoreStartError
from mediafleet.store.errors import ACCEPT, StoreChangedError, StoreDamagedError
from support.store_cases import SqliteCase, added

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mediafleet.store import SqlStore

pytestmark = pytest.mark.anyio


class Directory:
    """A data directory with a store in it."""

    def __init__(self, folder: Path, tasks) -> None:
        self.case = SqliteCase(folder)
        self.file = self.case.file
        self.marker = self.file.with_name("store.json")
        self._tasks = tasks

    @asynccontextmanager
    async def opened(self, **options: object) -> AsyncIterator[SqlStore]:
        async with self.case.opened(self._tasks, marker=self.marker, **options) as store:
            yield store

    async def used(self, *node_ids: str) -> None:
        async with self.opened() as store:
            await store.commit([added(node_id) for node_id in node_ids])

    async def ids(self, **options: object) -> list[str]:
        async with self.opened(**options) as store:
            return [node.id for node in await store.load()]


@pytest.fixture
def directory(tmp_path, tasks) -> Directory:
    return Directory(tmp_path, tasks)


def remove(directory: Directory) -> None:
    directory.file.unlink()


def empty(directory: Directory) -> None:
    directory.file.write_bytes(b"")


def drop_the_tables(directory: Directory) -> None:
    with closing(sqlite3.connect(directory.file)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TABLE {name}")
        connection.commit()


@pytest.mark.parametrize("harm", [remove, empty, drop_the_tables])
async def test_a_store_that_begins_anew_where_one_was_known_is_refused(directory, harm):
    await directory.used("kms_1")
    harm(directory)

    for _ in range(2):  # the error changes nothing
        with pytest.raises(StoreChangedError) as refused:
            await directory.ids()
        assert str(directory.file) in str(refused.value)
        assert str(directory.marker) in str(refused.value)
        assert ACCEPT in str(refused.value)
    assert harm is not remove or not directory.file.exists()

    assert await directory.ids(accept_changed=True) == []
    assert await directory.ids() == []


async def test_another_store_is_refused(directory, tmp_path, tasks):
    await directory.used("kms_1")
    other = Directory(tmp_path / "other", tasks)
    await other.used("kms_other")
    shutil.copy(other.file, directory.file)

    with pytest.raises(StoreChangedError, match="another one"):
        await directory.ids()
    assert await directory.ids(accept_changed=True) == ["kms_other"]
    assert await directory.ids() == ["kms_other"]


async def test_a_directory_that_was_moved_is_the_same(directory, tmp_path, tasks):
    await directory.used("kms_1")
    (tmp_path / "data").rename(tmp_path / "moved")
    moved = Directory(tmp_path, tasks)
    moved.case.file = moved.file = tmp_path / "moved" / "mediafleet.db"
    moved.case.url = f"sqlite:///{moved.file}"
    moved.marker = tmp_path / "moved" / "store.json"

    assert await moved.ids() == ["kms_1"]


async def test_a_restored_backup_is_the_same_store_and_reported_as_older(
    directory, tmp_path, caplog
):
    await directory.used("kms_1")
    shutil.copy(directory.file, tmp_path / "backup.db")
    await directory.used("kms_2")
    assert "older" not in caplog.text
    shutil.copy(tmp_path / "backup.db", directory.file)

    assert await directory.ids() == ["kms_1"]
    assert "the store is older than when it was last used" in caplog.text


async def test_a_store_of_before_the_marker_is_taken_as_it_is(directory):
    await directory.used("kms_1")
    directory.marker.unlink()
    directory.case.execute("DELETE FROM key_values WHERE key = 'store_id'")

    assert await directory.ids() == ["kms_1"]
    assert json.loads(directory.marker.read_text())["id"]


@pytest.mark.parametrize("spoilt", ["", "[]", "{", '{"id": "x"}', '{"id": "x", "epoch": "y"}'])
async def test_a_corrupt_marker_still_shows_that_there_was_a_store(directory, spoilt):
    await directory.used("kms_1")
    directory.marker.write_text(spoilt)
    assert await directory.ids() == ["kms_1"]

    directory.marker.write_text(spoilt)
    directory.file.unlink()
    with pytest.raises(StoreChangedError):
        await directory.ids()


async def test_a_marker_that_cannot_be_read_is_an_error_that_says_so(directory):
    await directory.used("kms_1")
    directory.marker.unlink()
    directory.marker.mkdir()

    with pytest.raises(StoreStartError, match=r"store\.json"):
        await directory.ids()


def cut_off(directory: Directory) -> None:
    directory.file.write_bytes(directory.file.read_bytes()[:8192])


def overwrite(directory: Directory) -> None:
    whole = bytearray(directory.file.read_bytes())
    whole[4096:] = b"x" * (len(whole) - 4096)
    directory.file.write_bytes(whole)


def overwrite_all(directory: Directory) -> None:
    directory.file.write_bytes(b"nothing of a database " * 1000)


@pytest.mark.parametrize("harm", [cut_off, overwrite, overwrite_all])
async def test_a_damaged_store_is_refused_and_put_aside_if_that_is_accepted(directory, harm):
    await directory.used("kms_1")
    harm(directory)
    damaged = directory.file.read_bytes()

    with pytest.raises(StoreDamagedError) as refused:
        await directory.ids()
    assert isinstance(refused.value, StoreNotOpenedError)
    assert ACCEPT in str(refused.value)
    assert directory.file.read_bytes() == damaged

    assert await directory.ids(accept_changed=True) == []
    (aside,) = directory.file.parent.glob("mediafleet.db.damaged-*")
    assert aside.read_bytes() == damaged
