"""The migrations lead from nothing to exactly the tables that a new store gets."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from mediafleet.store import StoreRevisionError
from mediafleet.store import tables as tables_module
from mediafleet.store.migration import migrate, migration_config
from mediafleet.store.tables import REVISION, metadata, stored_revisions, upgrade

pytestmark = pytest.mark.anyio

TABLES = {
    "call_records",
    "dead_letters",
    "event_readers",
    "events",
    "journal",
    "key_values",
    "media_nodes",
}


def definitions(file: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: parts(sql) for name, sql in rows}


def parts(sql: str) -> list[str]:
    """Columns and constraints of a definition; SQLite orders those of a changed table anew."""
    head, _, body = " ".join(sql.replace('"', "").split()).partition(" (")
    return [head, *sorted(re.split(r", (?=CONSTRAINT|PRIMARY|[a-z_]+ [A-Z])", body[:-1].strip()))]


def test_the_migrations_make_the_tables_of_the_code(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with engine.begin() as connection:
        migrate(connection, "test")
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        assert set(metadata.tables) == TABLES
    engine.dispose()


def test_the_definitions_agree_to_the_letter_constraints_included(tmp_path):
    migrated, created = tmp_path / "migrated.db", tmp_path / "created.db"
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.begin() as connection:
        migrate(connection, "test")
        rows = contents(connection)
    engine.dispose()
    engine = create_engine(f"sqlite:///{created}")
    with engine.begin() as connection:
        upgrade(connection, "test")
        assert contents(connection) == rows
        assert stored_revisions(connection) == {REVISION}
    engine.dispose()

    assert definitions(migrated) == definitions(created)


def contents(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))]
        for table in [*TABLES, "alembic_version"]
    }


def test_every_step_can_be_undone(tmp_path):
    file = tmp_path / "migrated.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        migrate(connection, "test")
        command.downgrade(migration_config(connection), "base")
    engine.dispose()

    assert set(definitions(file)) == {"alembic_version"}


@pytest.mark.parametrize("make", [migrate, upgrade])
def test_a_failing_migration_changes_nothing(tmp_path, make):
    file = tmp_path / "failing.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE key_values (something TEXT)"))
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="already exists"):
            make(connection, "test")
    engine.dispose()

    assert set(definitions(file)) == {"key_values"}


@pytest.mark.parametrize("revision", ["from_the_future", "0001", "0004"])
async def test_a_database_of_another_version_is_refused_and_left_as_it_is(case, tasks, revision):
    """A later one, or one of the four before the first release."""
    async with case.opened(tasks):
        pass
    case.execute(f"UPDATE alembic_version SET version_num = '{revision}'")

    with pytest.raises(StoreRevisionError) as raised:
        async with case.opened(tasks):
            pytest.fail("it was opened")

    assert f"revision {revision}" in str(raised.value)
    assert case.execute("SELECT version_num FROM alembic_version") == [(revision,)]
    assert case.execute("SELECT epoch FROM journal") == [(1,)]


def test_the_migrations_lie_in_the_package():
    package = Path(tables_module.__file__).parent

    assert (package / "migrations" / "env.py").is_file()
    assert sorted((package / "migrations" / "versions").glob("v*.py"))
