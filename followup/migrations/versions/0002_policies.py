"""Who may touch which rows: forced row-level security and narrow grants.

The app role sees the rows of the clinic set for its transaction, and nothing when none is set. The engine role
looks over all clinics, at the columns that say what is due and where. The intake role adds raw events and can't
read anything. Records of what happened are append-only: no role may change or remove them.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CURRENT = "NULLIF(current_setting('followup.clinic_id', true), '')::uuid"

# Tables whose rows belong to a clinic, and what the app role may do with them.
APPEND = "SELECT, INSERT"
CHANGE = "SELECT, INSERT, UPDATE"
REPLACE = "SELECT, INSERT, UPDATE, DELETE"
APP = {
    "audit_event": APPEND,
    "move": APPEND,
    "consent": APPEND,
    "assessment": APPEND,
    "escalation_signal": APPEND,
    "contact_attempt": APPEND,
    "escalation_policy": APPEND,
    "pathway_version": APPEND,
    "pathway_signature": APPEND,
    "sender": CHANGE,
    "staff": CHANGE,
    "staff_contact_point": CHANGE,
    "staff_session": CHANGE,
    "api_key": CHANGE,
    "recovery_code": CHANGE,
    "staff_link": CHANGE,
    "shift": REPLACE,
    "schedule": APPEND,
    "schedule_override": CHANGE,
    "roster_plan": CHANGE,
    "staff_point_code": CHANGE,
    "shift_reminder": CHANGE,
    "patient": CHANGE,
    "contact_point": CHANGE,
    "procedure": CHANGE,
    "task": CHANGE,
    "enrollment": CHANGE,
    "touchpoint": CHANGE,
    "message": CHANGE,
    "attempt": CHANGE,
    "reply": CHANGE,
    "reply_media": CHANGE,
    "legal_hold": CHANGE,
    "escalation": CHANGE,
    "escalation_timer": CHANGE,
    "page": CHANGE,
    "reply_code": CHANGE,
    "hand_over": CHANGE,
}

# Tables beside those of a clinic.
BESIDES = ("clinic", "provider_event", "heartbeat", "outage", "sign_in_bucket", "sealing_key")

# What the engine role may look at, over all clinics: when and where, never who and what.
ENGINE_READS = {
    "clinic": "*",
    "sender": "*",
    "attempt": "*",
    "escalation_timer": "*",
    "audit_event": "*",
    "touchpoint": "id, clinic_id, state, due_at, look_at, not_after, remind_at",
    "message": "id, clinic_id, sender_id, channel, purpose, is_urgent, state, claimable, not_before, not_after,"
    " queued_at, accepted_at, provider_id, email_message_id",
    "reply": "id, clinic_id, state, received_at, recorded_at",
    "reply_media": "id, clinic_id, state, due_at",
    "task": "id, clinic_id, kind, state, priority, due_at, raised_at",
    "contact_point": "id, clinic_id",
    "enrollment": "id, clinic_id, state, held_since",
    "escalation": "id, clinic_id, code, state, tier, opened_at, first_page_at, accepted_at, contacted_at",
    "page": "id, clinic_id, escalation_id, channel, purpose, state, due_at, token, link_token,"
    " lease_until, submitted_at, provider_id, tries",
    "staff": "id, clinic_id, email_blind, disabled_at",
    "staff_session": "id, clinic_id, staff_id, token_hash, last_seen_at, expires_at, ended_at, is_open",
    "staff_link": "id, clinic_id, staff_id, kind, token_hash, expires_at, used_at",
    "shift_reminder": "id, clinic_id, starts_at, token_hash",
    "roster_plan": "id, clinic_id, frozen_until, planned_until, checked_at",
    "shift": "id, clinic_id, starts_at, ends_at",
    "api_key": "id, clinic_id, role, scopes, key_hash, expires_at, revoked_at",
}
ENGINE_CHANGES = {
    "sender": "lease_owner, lease_until, urgent_lease_owner, urgent_lease_until, paused_until, pause_reason,"
    " inbound_listed_at",
    "audit_event": "previous_hash, hash",
}


def upgrade() -> None:
    op.execute("GRANT USAGE ON SCHEMA public TO followup_app, followup_engine, followup_intake")
    for table, verbs in APP.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT {verbs} ON {table} TO followup_app")
        op.execute(
            f"CREATE POLICY own_clinic ON {table} TO followup_app"
            f" USING (clinic_id = {CURRENT}) WITH CHECK (clinic_id = {CURRENT})"
        )

    for table in BESIDES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    # The owner changes tables anyway; key rotation, backup and the removal of a patient need its rows, too.
    for table in (*APP, *BESIDES):
        op.execute(f"CREATE POLICY owner_keeps ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"GRANT {CHANGE} ON clinic TO followup_app")
    op.execute(
        f"CREATE POLICY own_clinic ON clinic TO followup_app USING (id = {CURRENT}) WITH CHECK (id = {CURRENT})"
    )
    op.execute("GRANT SELECT ON provider_event TO followup_app")
    op.execute("GRANT UPDATE (processed_at, outcome, tries) ON provider_event TO followup_app")
    op.execute(
        f"CREATE POLICY own_clinic ON provider_event TO followup_app"
        f" USING (clinic_id = {CURRENT}) WITH CHECK (clinic_id = {CURRENT})"
    )

    for table, columns in ENGINE_READS.items():
        granted = "SELECT" if columns == "*" else f"SELECT ({columns})"
        op.execute(f"GRANT {granted} ON {table} TO followup_engine")
        op.execute(f"CREATE POLICY engine_looks ON {table} FOR SELECT TO followup_engine USING (true)")
    for table, columns in ENGINE_CHANGES.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO followup_engine")
        op.execute(f"CREATE POLICY engine_marks ON {table} FOR UPDATE TO followup_engine USING (true)")
    op.execute("GRANT SELECT, INSERT, UPDATE ON heartbeat TO followup_engine")
    op.execute("CREATE POLICY engine_beats ON heartbeat TO followup_engine USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT, INSERT ON outage TO followup_engine")
    op.execute("CREATE POLICY engine_beats ON outage TO followup_engine USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT ON outage TO followup_app")
    op.execute("CREATE POLICY app_looks ON outage FOR SELECT TO followup_app USING (true)")
    op.execute("GRANT SELECT, INSERT, UPDATE ON sign_in_bucket TO followup_engine")
    op.execute(
        "CREATE POLICY engine_counts ON sign_in_bucket TO followup_engine USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (retired_at) ON sealing_key TO followup_engine")
    op.execute("CREATE POLICY engine_notes ON sealing_key TO followup_engine USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT ON heartbeat TO followup_app")
    op.execute("CREATE POLICY app_looks ON heartbeat FOR SELECT TO followup_app USING (true)")
    op.execute("GRANT SELECT, INSERT ON provider_event TO followup_engine")
    op.execute("GRANT UPDATE (clinic_id, processed_at, outcome, tries) ON provider_event TO followup_engine")
    op.execute(
        "CREATE POLICY engine_routes ON provider_event TO followup_engine USING (true) WITH CHECK (true)"
    )

    op.execute("GRANT INSERT ON provider_event TO followup_intake")
    op.execute(
        "CREATE POLICY intake_adds ON provider_event FOR INSERT TO followup_intake"
        " WITH CHECK (clinic_id IS NULL AND processed_at IS NULL)"
    )


def downgrade() -> None:
    for table in (*APP, *BESIDES):
        for policy in (
            "own_clinic", "engine_looks", "engine_marks", "engine_beats", "app_looks", "engine_routes",
            "intake_adds", "engine_counts", "owner_keeps", "engine_notes",
        ):  # fmt: skip
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM followup_app, followup_engine, followup_intake")
