"""indexes that keep filtered lists fast among a million people

Revision: 0005, after: 0004

Each is partial. What an import adds pays for one of them, that of invitations by their import.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES = (
    (
        "ix_deliveries_aside",
        "deliveries",
        ["platform_id", "state", "about_id"],
        "state IN ('failed', 'held', 'dropped')",
    ),
    (
        "ix_invitations_platform_id_import_id_id",
        "invitations",
        ["platform_id", "import_id", "id"],
        "import_id IS NOT NULL",
    ),
    ("ix_invitations_platform_id_state_id", "invitations", ["platform_id", "state", "id"], "state <> 'pending'"),
    ("ix_users_platform_id_state_id", "users", ["platform_id", "state", "id"], "state <> 'invited'"),
)


def upgrade() -> None:
    """Make them."""
    for name, table, columns, condition in INDEXES:
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Take them away."""
    for name, table, _columns, _condition in INDEXES:
        op.drop_index(name, table_name=table)
