"""Words may end, and never become other words: what retention removes from the record, and how little that is.

Raw events and what was concluded about replies are otherwise only added to. When their time is over the app may
replace what they hold by an empty value; a trigger refuses anything longer, so that nobody can put words into a
record with this right. The owner's login changes keys, and is let through.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# A sealed "{}": id of the key (4), nonce (12), two characters, tag (16).
EMPTY_BYTES = 34
COLUMNS = {"provider_event": "payload_sealed", "assessment": "decision_sealed"}


def upgrade() -> None:
    for table, column in COLUMNS.items():
        op.execute(
            f"""
            CREATE FUNCTION only_emptied_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.{column} IS DISTINCT FROM OLD.{column} AND octet_length(NEW.{column}) > {EMPTY_BYTES}
                   AND NOT pg_has_role(
                       current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
                THEN
                    RAISE EXCEPTION 'a record can only be emptied' USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN NEW;
            END $$
            """
        )
        op.execute(
            f"CREATE TRIGGER only_emptied BEFORE UPDATE OF {column} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION only_emptied_{table}()"
        )
        op.execute(f"GRANT UPDATE ({column}) ON {table} TO followup_app")


def downgrade() -> None:
    for table, column in COLUMNS.items():
        op.execute(f"REVOKE UPDATE ({column}) ON {table} FROM followup_app")
        op.execute(f"DROP TRIGGER IF EXISTS only_emptied ON {table}")
        op.execute(f"DROP FUNCTION IF EXISTS only_emptied_{table}()")
