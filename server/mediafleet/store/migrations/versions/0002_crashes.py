"""Crashes of nodes, and events that name all sessions of a node."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("media_nodes") as media_nodes:
        media_nodes.add_column(sa.Column("crashed_since", sa.BigInteger))
    _limit_payload(1048576)


def downgrade() -> None:
    _limit_payload(16384)
    with op.batch_alter_table("media_nodes") as media_nodes:
        media_nodes.drop_column("crashed_since")


def _limit_payload(most: int) -> None:
    with op.batch_alter_table("events") as events:
        events.drop_constraint("events_payload_length", type_="check")
        events.create_check_constraint(
            "events_payload_length", f"length(payload) BETWEEN 2 AND {most}"
        )
