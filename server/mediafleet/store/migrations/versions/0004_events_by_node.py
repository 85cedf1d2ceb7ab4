"""Events of one Media Node can be found without reading all others."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("events_by_node", "events", ["node_id", "name"])


def downgrade() -> None:
    op.drop_index("events_by_node", "events")
