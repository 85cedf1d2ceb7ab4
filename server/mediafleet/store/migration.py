"""Brings a database to the tables of this version; the steps are in ``migrations/versions``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mediafleet.store.errors import StoreTooNewError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MIGRATIONS = Path(__file__).parent / "migrations"


def migration_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for our migrations; no file of settings is needed."""
    config = Config()
    # Percent signs are the configuration format's own.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def is_new(connection: Connection) -> bool:
    """Whether no migration was ever run there."""
    return not MigrationContext.configure(connection).get_current_heads()


def upgrade(connection: Connection, store: str) -> None:
    """Run what is missing, inside the connection's transaction.

    Args:
        connection: Within a transaction that writes.
        store: Name of the store in errors.

    Raises:
        StoreTooNewError: A later version of Mediafleet was here.
    """
    config = migration_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise StoreTooNewError(store, revision)
    command.upgrade(config, "head")
