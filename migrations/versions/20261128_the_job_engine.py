"""the job engine

Revision: 0003, after: 0002

Procrastinate's own tables and functions, on PostgreSQL only. They are those of the locked version; a newer one that
changes them (`tests/contract/test_migrations.py` tells) gets a migration that runs its deltas from
`procrastinate/sql/migrations`.
"""

from typing import Any

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname LIKE 'procrastinate%%'
"""
_TYPES = """
SELECT typname FROM pg_type
WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('e', 'c') AND typname LIKE 'procrastinate%%'
"""
_FUNCTIONS = """
SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate%%'
"""


def upgrade() -> None:
    """Make them."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection  # of many statements at once, without parameters
        driver.execute(SchemaManager.get_schema())
        # Teams and users point at each other: SQLite was given this key with the table, PostgreSQL takes it afterwards.
        op.create_foreign_key(
            "fk_teams_platform_id_leader_id",
            "teams",
            "users",
            ["platform_id", "leader_id"],
            ["platform_id", "id"],
        )


def downgrade() -> None:
    """Take them away."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    op.drop_constraint("fk_teams_platform_id_leader_id", "teams", type_="foreignkey")
    for kind, names in (("TABLE", _TABLES), ("TYPE", _TYPES), ("FUNCTION", _FUNCTIONS)):
        for name in connection.exec_driver_sql(names).scalars().all():
            op.execute(f"DROP {kind} IF EXISTS {name} CASCADE")
