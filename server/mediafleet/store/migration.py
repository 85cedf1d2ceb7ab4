"""Runs the migrations that lead from an older revision to the tables in the code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from mediafleet.store.errors import StoreRevisionError
from mediafleet.store.tables import stored_revisions

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MIGRATIONS = Path(__file__).parent / "migrations"


def migration_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; there is no ``alembic.ini``."""
    config = Config()
    # Percent signs are the configuration format's own.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(connection: Connection, store: str) -> None:
    """Run the missing migrations in the connection's transaction.

    Args:
        connection: Within a transaction that writes.
        store: Name of the store in errors.

    Raises:
        StoreRevisionError: A later version, or one before 0.1.0, wrote the store.
    """
    config = migration_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    for revision in stored_revisions(connection) - known:
        raise StoreRevisionError(store, revision)
    command.upgrade(config, "head")
