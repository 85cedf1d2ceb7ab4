"""The tables, as SQLAlchemy Core metadata, and their creation in a new store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    inspect,
    select,
)

from mediafleet.domain.drain import AtDeadline
from mediafleet.domain.media_node import MediaNodeStatus

if TYPE_CHECKING:
    from sqlalchemy import Connection


REVISION: Final = "0.1.0"
"""Of these tables: that of the newest migration."""

metadata = MetaData()

# On SQLite a key of this very type is the row's own address, without an index beside the table.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

_AT_DEADLINE = ", ".join(f"'{word}'" for word in AtDeadline)
_STATUSES = ", ".join(f"'{status}'" for status in MediaNodeStatus)


journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="journal_has_one_row"),
    CheckConstraint("epoch >= 0", name="journal_epoch_counts"),
    CheckConstraint("last_sequence >= 0", name="journal_last_sequence_counts"),
)
"""One row. ``last_sequence`` is the number of the newest event ever. ``epoch`` grows whenever a
server opens the store; a server that finds another epoch than its own may not write any more."""


def _length(table: str, column: str, least: int, most: int) -> CheckConstraint:
    # SQLite keeps texts of any length, whatever the column's type says.
    return CheckConstraint(
        f"length({column}) BETWEEN {least} AND {most}", name=f"{table}_{column}_length"
    )


media_nodes = Table(
    "media_nodes",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("joined_sequence", BigInteger, nullable=False),
    Column("status", String(32), nullable=False),
    Column("environment_id", String(255)),
    Column("uri", String(255)),
    Column("launching_time", BigInteger, nullable=False),
    Column("status_since", BigInteger, nullable=False),
    Column("reason", String(4000)),
    Column("evicts_sessions", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("crashed_since", BigInteger),
    Column("drain_seconds", Integer),
    Column("drain_at_deadline", String(16)),
    Column("drain_deadline", BigInteger),
    Column("drain_extensions", Integer),
    Column("moves_calls", Boolean, nullable=False),
    Column("labels", String(4000)),
    UniqueConstraint("joined_sequence", name="media_nodes_joined_sequence_unique"),
    CheckConstraint(f"status IN ({_STATUSES})", name="media_nodes_status_known"),
    CheckConstraint("version >= 1", name="media_nodes_version_counts"),
    CheckConstraint("drain_seconds >= 1", name="media_nodes_drain_seconds_count"),
    CheckConstraint("drain_extensions >= 0", name="media_nodes_drain_extensions_count"),
    CheckConstraint(
        f"drain_at_deadline IN ({_AT_DEADLINE})", name="media_nodes_drain_at_deadline_known"
    ),
    _length("media_nodes", "id", 1, 128),
    _length("media_nodes", "environment_id", 1, 255),
    _length("media_nodes", "uri", 1, 255),
    _length("media_nodes", "reason", 0, 4000),
    _length("media_nodes", "labels", 2, 4000),
)
"""The members. ``joined_sequence`` is the number of a member's first event and so the order of
joining; ``launching_time``, ``status_since`` and ``crashed_since`` are UTC milliseconds, and so
is ``drain_deadline``; the four columns of a drain are null together. ``labels`` is a JSON object,
null without labels. The row of a node that leaves is deleted."""

events = Table(
    "events",
    metadata,
    Column("sequence", _NUMBER, primary_key=True, autoincrement=False),
    Column("node_id", String(128)),
    Column("name", String(64), nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("events_by_node", "node_id", "name"),
    CheckConstraint("sequence >= 1", name="events_sequence_counts"),
    _length("events", "node_id", 1, 128),
    _length("events", "name", 1, 64),
    _length("events", "payload", 2, 1048576),
    _length("events", "hash", 64, 64),
)
"""Everything that happened, in order: 1, 2, 3 … without gaps, as numbered by the ``journal``.

A database's own counter would not do: PostgreSQL's skips a number with each transaction that is
rolled back, and SQLite's plain one gives the last number again once its row is deleted.
``timestamp`` is in UTC milliseconds, ``payload`` is a JSON object. ``node_id`` is null where an
event is about the cluster. ``hash`` chains an event to its predecessor, see
:func:`mediafleet.domain.events.event_hash`."""


event_readers = Table(
    "event_readers",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("position", BigInteger, nullable=False),
    CheckConstraint("position >= 0", name="event_readers_position_counts"),
    _length("event_readers", "name", 1, 32),
)
"""How far each reader of the events has come: the sequence number of the last one it handled."""


dead_letters = Table(
    "dead_letters",
    metadata,
    Column("sequence", _NUMBER, primary_key=True, autoincrement=False),
    Column("node_id", String(128)),
    Column("name", String(64), nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("reason", String(1000), nullable=False),
    Column("given_up", BigInteger, nullable=False),
    _length("dead_letters", "reason", 0, 1000),
)
"""Copies of events that the webhook's receiver refused for good; the events may be gone."""


call_records = Table(
    "call_records",
    metadata,
    Column("session_id", String(255), primary_key=True),
    Column("connection_id", String(255), primary_key=True),
    Column("document", Text, nullable=False),
    _length("call_records", "session_id", 1, 255),
    _length("call_records", "connection_id", 0, 255),
    _length("call_records", "document", 2, 1048576),
)
"""Sessions of calls and their connections, each as a JSON document of the domain's dataclass. The
row of a session itself has an empty ``connection_id``."""


key_values = Table(
    "key_values",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", String(1024), nullable=False),
    _length("key_values", "key", 1, 64),
    _length("key_values", "value", 1, 1024),
)
"""Small values such as the cluster's id."""


_alembic_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's table of the revisions that a store has, as Alembic itself creates it."""


def stored_revisions(connection: Connection) -> set[str]:
    """Return the revisions of a store's tables; none if the database has no tables of a store."""
    if not inspect(connection).has_table(_alembic_version.name):
        return set()
    return set(connection.scalars(select(_alembic_version.c.version_num)))


def upgrade(connection: Connection, store: str) -> None:
    """Create the tables, or run the missing migrations, in the connection's transaction.

    Args:
        connection: Within a transaction that writes.
        store: Name of the store in errors.

    Raises:
        StoreRevisionError: A later version, or one before 0.1.0, wrote the store.
    """
    revisions = stored_revisions(connection)
    if not revisions:
        metadata.create_all(connection, checkfirst=False)
        connection.execute(insert(journal).values(id=1, epoch=0, last_sequence=0))
        _alembic_version.create(connection, checkfirst=True)
        connection.execute(insert(_alembic_version).values(version_num=REVISION))
    elif revisions != {REVISION}:
        from mediafleet.store.migration import migrate  # noqa: PLC0415 - Alembic takes 11 MB

        migrate(connection, store)
