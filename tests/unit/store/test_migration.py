"""The migrations lead from nothing to exactly the tables in the code."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from mediafleet.store import StoreTooNewError
from mediafleet.store import migration as migration_module
from mediafleet.store.migration import migration_config, upgrade
from mediafleet.store.tables import metadata

pytestmark = pytest.mark.anyio

TABLES = {"media_nodes", "events", "journal", "facts"}


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
        upgrade(connection, "test")
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        assert set(metadata.tables) == TABLES
    engine.dispose()


def test_the_definitions_agree_to_the_letter_constraints_included(tmp_path):
    migrated, created = tmp_path / "migrated.db", tmp_path / "created.db"
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.begin() as connection:
        upgrade(connection, "test")
    engine.dispose()
    engine = create_engine(f"sqlite:///{created}")
    metadata.create_all(engine)
    engine.dispose()

    by_migration = definitions(migrated)
    del by_migration["alembic_version"]
    assert by_migration == definitions(created)


def test_every_step_can_be_undone(tmp_path):
    file = tmp_path / "migrated.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        upgrade(connection, "test")
        command.downgrade(migration_config(connection), "base")
    engine.dispose()

    assert set(definitions(file)) == {"alembic_version"}


def test_what_the_first_version_kept_is_there_after_all_others(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with engine.begin() as connection:
        command.upgrade(migration_config(connection), "0001")
        connection.execute(
            text(
                "INSERT INTO media_nodes VALUES "
                "('kms_1', 1, 'running', NULL, '127.0.0.1', 'ws://a', 5, 6, NULL, 0, 2)"
            )
        )
        connection.execute(text("INSERT INTO events VALUES (1, 'kms_1', 'x', 5, '{}')"))
        upgrade(connection, "test")
        nodes = "SELECT id, version, crashed_since, drain_deadline FROM media_nodes"
        assert connection.execute(text(nodes)).all() == [("kms_1", 2, None, None)]
        assert connection.execute(text("SELECT payload FROM events")).all() == [("{}",)]
    engine.dispose()


def test_a_failing_migration_changes_nothing(tmp_path):
    file = tmp_path / "failing.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE facts (something TEXT)"))
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="already exists"):
            upgrade(connection, "test")
    engine.dispose()

    assert set(definitions(file)) == {"facts"}


async def test_a_database_of_a_later_version_is_refused_and_left_as_it_is(case, tasks):
    async with case.opened(tasks):
        pass
    case.execute("UPDATE alembic_version SET version_num = 'from_the_future'")

    with pytest.raises(StoreTooNewError) as raised:
        async with case.opened(tasks):
            pytest.fail("it was opened")

    assert "from_the_future" in str(raised.value)
    assert case.execute("SELECT version_num FROM alembic_version") == [("from_the_future",)]
    assert case.execute("SELECT term FROM journal") == [(1,)]


def test_the_migrations_lie_in_the_package():
    package = Path(migration_module.__file__).parent

    assert (package / "migrations" / "env.py").is_file()
    assert sorted((package / "migrations" / "versions").glob("0*.py"))
