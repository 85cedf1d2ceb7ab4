"""First tables."""

import sqlalchemy as sa
from alembic import op

# Stores of commits before the first release have the revisions 0001 to 0004, and are refused.
revision = "0.1.0"
down_revision = None
branch_labels = None
depends_on = None


def _length(table: str, column: str, least: int, most: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"length({column}) BETWEEN {least} AND {most}", name=f"{table}_{column}_length"
    )


def upgrade() -> None:
    _make_media_nodes()
    _make_events()
    _make_readers()
    journal = op.create_table(
        "journal",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name="journal_has_one_row"),
        sa.CheckConstraint("epoch >= 0", name="journal_epoch_counts"),
        sa.CheckConstraint("last_sequence >= 0", name="journal_last_sequence_counts"),
    )
    op.bulk_insert(journal, [{"id": 1, "epoch": 0, "last_sequence": 0}])
    op.create_table(
        "call_records",
        sa.Column("session_id", sa.String(255), primary_key=True),
        sa.Column("connection_id", sa.String(255), primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        _length("call_records", "session_id", 1, 255),
        _length("call_records", "connection_id", 0, 255),
        _length("call_records", "document", 2, 1048576),
    )
    op.create_table(
        "key_values",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("value", sa.String(1024), nullable=False),
        _length("key_values", "key", 1, 64),
        _length("key_values", "value", 1, 1024),
    )


def downgrade() -> None:
    for table in (
        "key_values",
        "call_records",
        "journal",
        "dead_letters",
        "event_readers",
        "events",
        "media_nodes",
    ):
        op.drop_table(table)


def _make_media_nodes() -> None:
    op.create_table(
        "media_nodes",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("joined_sequence", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("environment_id", sa.String(255)),
        sa.Column("uri", sa.String(255)),
        sa.Column("launching_time", sa.BigInteger, nullable=False),
        sa.Column("status_since", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(4000)),
        sa.Column("evicts_sessions", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("crashed_since", sa.BigInteger),
        sa.Column("drain_seconds", sa.Integer),
        sa.Column("drain_at_deadline", sa.String(16)),
        sa.Column("drain_deadline", sa.BigInteger),
        sa.Column("drain_extensions", sa.Integer),
        sa.Column("moves_calls", sa.Boolean, nullable=False),
        sa.Column("labels", sa.String(4000)),
        sa.UniqueConstraint("joined_sequence", name="media_nodes_joined_sequence_unique"),
        sa.CheckConstraint(
            "status IN ('launching', 'canceled', 'failed', 'running', "
            "'waiting-idle-to-terminate', 'terminating', 'terminated')",
            name="media_nodes_status_known",
        ),
        sa.CheckConstraint("version >= 1", name="media_nodes_version_counts"),
        sa.CheckConstraint("drain_seconds >= 1", name="media_nodes_drain_seconds_count"),
        sa.CheckConstraint("drain_extensions >= 0", name="media_nodes_drain_extensions_count"),
        sa.CheckConstraint(
            "drain_at_deadline IN ('force', 'abort', 'extend')",
            name="media_nodes_drain_at_deadline_known",
        ),
        _length("media_nodes", "id", 1, 128),
        _length("media_nodes", "environment_id", 1, 255),
        _length("media_nodes", "uri", 1, 255),
        _length("media_nodes", "reason", 0, 4000),
        _length("media_nodes", "labels", 2, 4000),
    )


def _make_events() -> None:
    op.create_table(
        "events",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("node_id", sa.String(128)),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("sequence >= 1", name="events_sequence_counts"),
        _length("events", "node_id", 1, 128),
        _length("events", "name", 1, 64),
        _length("events", "payload", 2, 1048576),
        _length("events", "hash", 64, 64),
    )
    op.create_index("events_by_node", "events", ["node_id", "name"])


def _make_readers() -> None:
    op.create_table(
        "event_readers",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.CheckConstraint("position >= 0", name="event_readers_position_counts"),
        _length("event_readers", "name", 1, 32),
    )
    op.create_table(
        "dead_letters",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("node_id", sa.String(128)),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("given_up", sa.BigInteger, nullable=False),
        _length("dead_letters", "reason", 0, 1000),
    )
