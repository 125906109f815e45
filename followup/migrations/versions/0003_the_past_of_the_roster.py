"""The past of the roster can't be rewritten, whoever is asked: triggers refuse it.

What counts as past is the clinic's own mark (``roster_plan.frozen_until``, care time), which only moves forward: a
demo's clock is not the machine's. A shift that runs may end early, but never before the mark and for nobody else.
The owner of the table may add to the past, because a backup that comes back does; it may change nothing either.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PAST = """
CREATE FUNCTION refuse_past_of_roster() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen timestamptz;
BEGIN
    SELECT frozen_until INTO frozen FROM roster_plan
     WHERE clinic_id = CASE WHEN TG_OP = 'DELETE' THEN OLD.clinic_id ELSE NEW.clinic_id END;
    IF frozen IS NOT NULL THEN
        IF TG_OP = 'INSERT' AND NEW.starts_at < frozen AND NOT pg_has_role(
            current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE'
        ) THEN
            RAISE EXCEPTION 'the past of the roster can not be added to' USING ERRCODE = 'restrict_violation';
        END IF;
        IF TG_OP <> 'INSERT' AND OLD.ends_at <= frozen THEN
            RAISE EXCEPTION 'the past of the roster can not be changed' USING ERRCODE = 'restrict_violation';
        END IF;
        IF TG_OP = 'DELETE' AND OLD.starts_at < frozen THEN
            RAISE EXCEPTION 'what has begun can only be ended' USING ERRCODE = 'restrict_violation';
        END IF;
        IF TG_OP = 'UPDATE' AND OLD.starts_at < frozen AND (
            NEW.starts_at <> OLD.starts_at OR NEW.staff_id <> OLD.staff_id OR NEW.duty <> OLD.duty
            OR NEW.clinic_id <> OLD.clinic_id OR NEW.ends_at < frozen
        ) THEN
            RAISE EXCEPTION 'what has begun can only be ended' USING ERRCODE = 'restrict_violation';
        END IF;
        IF TG_OP = 'UPDATE' AND OLD.starts_at >= frozen AND NEW.starts_at < frozen THEN
            RAISE EXCEPTION 'the past of the roster can not be added to' USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$
"""
ONWARD = """
CREATE FUNCTION refuse_earlier_past() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.frozen_until < OLD.frozen_until OR NEW.clinic_id <> OLD.clinic_id THEN
        RAISE EXCEPTION 'what is past stays past' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""
TABLES = ("shift", "schedule_override")


def upgrade() -> None:
    op.execute(PAST)
    op.execute(ONWARD)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER past_stays BEFORE INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_past_of_roster()"
        )
    op.execute(
        "CREATE TRIGGER past_stays BEFORE UPDATE ON roster_plan"
        " FOR EACH ROW EXECUTE FUNCTION refuse_earlier_past()"
    )


def downgrade() -> None:
    for table in (*TABLES, "roster_plan"):
        op.execute(f"DROP TRIGGER IF EXISTS past_stays ON {table}")
    op.execute("DROP FUNCTION IF EXISTS refuse_past_of_roster()")
    op.execute("DROP FUNCTION IF EXISTS refuse_earlier_past()")
