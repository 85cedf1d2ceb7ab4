"""Deadlines of drains."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("media_nodes") as media_nodes:
        media_nodes.add_column(sa.Column("drain_seconds", sa.Integer))
        media_nodes.add_column(sa.Column("drain_at_deadline", sa.String(16)))
        media_nodes.add_column(sa.Column("drain_deadline", sa.BigInteger))
        media_nodes.add_column(sa.Column("drain_extensions", sa.Integer))
        media_nodes.create_check_constraint("media_nodes_drain_seconds_count", "drain_seconds >= 1")
        media_nodes.create_check_constraint(
            "media_nodes_drain_extensions_count", "drain_extensions >= 0"
        )
        media_nodes.create_check_constraint(
            "media_nodes_drain_at_deadline_known",
            "drain_at_deadline IN ('force', 'abort', 'extend')",
        )


def downgrade() -> None:
    with op.batch_alter_table("media_nodes") as media_nodes:
        for name in ("seconds_count", "extensions_count", "at_deadline_known"):
            media_nodes.drop_constraint(f"media_nodes_drain_{name}", type_="check")
        for name in ("extensions", "deadline", "at_deadline", "seconds"):
            media_nodes.drop_column(f"drain_{name}")
