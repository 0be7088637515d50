"""the audit list is append-only

Revision: 0004, after: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEPT_DAYS = 30
"""No event younger than this can be deleted; `ROLLCALL_AUDIT_RETENTION_DAYS` cannot be less."""

# A table that SQLite has to copy (`batch_alter_table`) loses its triggers: make them again after any such change.
SQLITE = (
    """CREATE TRIGGER audit_events_never_change BEFORE UPDATE ON audit_events
    BEGIN SELECT RAISE(ABORT, 'audit events never change'); END""",
    f"""CREATE TRIGGER audit_events_stay BEFORE DELETE ON audit_events
    WHEN OLD.at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-{KEPT_DAYS} days')
    BEGIN SELECT RAISE(ABORT, 'audit events stay for {KEPT_DAYS} days'); END""",
)
POSTGRESQL = (
    f"""CREATE FUNCTION refuse_to_change_audit_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND OLD.at <= now() - interval '{KEPT_DAYS} days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'audit events never change, and stay for {KEPT_DAYS} days';
    END $$""",
    """CREATE TRIGGER audit_events_stay BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_audit_events()""",
)


def upgrade() -> None:
    """An index for what happened to one subject; triggers; and room for what concerns no platform (0)."""
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.drop_constraint("fk_audit_events_platform_id", type_="foreignkey")
    op.create_index(
        "ix_audit_events_platform_id_subject_id_id",
        "audit_events",
        ["platform_id", "subject_id", "id"],
        sqlite_where=sa.text("subject_id IS NOT NULL"),
        postgresql_where=sa.text("subject_id IS NOT NULL"),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Undo it. What concerned no platform is forgotten: there is no room for it."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_events_never_change")
        op.execute("DROP TRIGGER audit_events_stay")
    else:
        op.execute("DROP TRIGGER audit_events_stay ON audit_events")
        op.execute("DROP FUNCTION refuse_to_change_audit_events()")
    op.execute("DELETE FROM audit_events WHERE platform_id = 0")
    op.drop_index("ix_audit_events_platform_id_subject_id_id", table_name="audit_events")
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_foreign_key("fk_audit_events_platform_id", "platforms", ["platform_id"], ["id"])
