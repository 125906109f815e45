"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clinic",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("short_name", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("open_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("holidays", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("text_from", sa.Time(), nullable=False),
        sa.Column("text_until", sa.Time(), nullable=False),
        sa.Column("urgent_phone", sa.String(), nullable=False),
        sa.Column("office_phone", sa.String(), nullable=False),
        sa.Column("sending_paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sending_paused_reason", sa.String(), nullable=True),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic")),
        sa.UniqueConstraint("slug", name=op.f("uq_clinic_slug")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heartbeat")),
        sa.UniqueConstraint("name", name=op.f("uq_heartbeat_name")),
    )
    op.create_table(
        "outage",
        sa.Column("loop", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
    )
    op.create_index("ix_outage_ended", "outage", ["ended_at"], unique=False)
    op.create_table(
        "sealing_key",
        sa.Column("key_id", sa.LargeBinary(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealing_key")),
        sa.UniqueConstraint("key_id", name=op.f("uq_sealing_key_key_id")),
    )
    op.create_table(
        "sign_in_bucket",
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("tries_left", sa.Double(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_bucket")),
        sa.UniqueConstraint("slot", name=op.f("uq_sign_in_bucket_slot")),
    )
    op.create_table(
        "api_key",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "coordinator",
                "nurse",
                "physician",
                "manager",
                "clinic_admin",
                "system_admin",
                "auditor",
                name="staffrole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_api_key_clinic_id_clinic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    op.create_index("ix_api_key_clinic", "api_key", ["clinic_id"], unique=False)
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.UUID(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.UUID(), nullable=True),
        sa.Column("patient_id", sa.UUID(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("words_digest", sa.LargeBinary(), nullable=True),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_audit_event_clinic_id_clinic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("seq", name=op.f("uq_audit_event_seq")),
    )
    op.create_index("ix_audit_event_clinic_seq", "audit_event", ["clinic_id", "seq"], unique=False)
    op.create_index("ix_audit_event_subject", "audit_event", ["clinic_id", "subject_id"], unique=False)
    op.create_index(
        "ix_audit_event_unchained",
        "audit_event",
        ["clinic_id", "seq"],
        unique=False,
        postgresql_where="hash IS NULL",
    )
    op.create_table(
        "escalation_policy",
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_escalation_policy_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_policy")),
    )
    op.create_index(
        "ix_escalation_policy_newest", "escalation_policy", ["clinic_id", "published_at"], unique=False
    )
    op.create_table(
        "move",
        sa.Column("thing", sa.String(), nullable=False),
        sa.Column("thing_id", sa.UUID(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_move_clinic_id_clinic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move")),
    )
    op.create_index("ix_move_thing", "move", ["clinic_id", "thing_id", "at"], unique=False)
    op.create_table(
        "pathway_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("pinned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_pathway_version_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathway_version")),
        sa.UniqueConstraint(
            "clinic_id", "name", "content_hash", name=op.f("uq_pathway_version_clinic_id_name_content_hash")
        ),
    )
    op.create_table(
        "patient",
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_blind", postgresql.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("birth_date_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("notes_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("died_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_patient_clinic_id_clinic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
    )
    op.create_index("ix_patient_clinic", "patient", ["clinic_id", "id"], unique=False)
    op.create_index("ix_patient_name_blind", "patient", ["name_blind"], unique=False, postgresql_using="gin")
    op.create_table(
        "provider_event",
        sa.Column("clinic_id", sa.UUID(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "inbound_sms",
                "inbound_email",
                "sms_status",
                "voice_status",
                "voice_input",
                "bounce",
                "unsubscribe",
                name="eventkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("provider_key", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("our_address", sa.String(), nullable=True),
        sa.Column("payload_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("urgent_look", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_provider_event_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_event")),
        sa.UniqueConstraint("kind", "provider_key", name=op.f("uq_provider_event_kind_provider_key")),
    )
    op.create_index("ix_provider_event_clinic", "provider_event", ["clinic_id", "received_at"], unique=False)
    op.create_index(
        "ix_provider_event_waiting",
        "provider_event",
        ["received_at", "id"],
        unique=False,
        postgresql_where="processed_at IS NULL",
    )
    op.create_table(
        "roster_plan",
        sa.Column("frozen_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days_ahead", sa.Integer(), nullable=False),
        sa.Column("needs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_roster_plan_clinic_id_clinic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_plan")),
        sa.UniqueConstraint("clinic_id", name=op.f("uq_roster_plan_clinic_id")),
    )
    op.create_table(
        "schedule",
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_schedule_clinic_id_clinic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
    )
    op.create_index("ix_schedule_newest", "schedule", ["clinic_id", "duty", "published_at"], unique=False)
    op.create_table(
        "sender",
        sa.Column(
            "channel",
            sa.Enum(
                "sms", "email", "voice", name="channel", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("messaging_service_sid", sa.String(), nullable=True),
        sa.Column("rate_per_second", sa.Double(), nullable=False),
        sa.Column("paced_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.UUID(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("urgent_lease_owner", sa.UUID(), nullable=True),
        sa.Column("urgent_lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inbound_listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_sender_clinic_id_clinic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_sender_channel_address")),
    )
    op.create_index("ix_sender_clinic", "sender", ["clinic_id", "channel"], unique=False)
    op.create_table(
        "staff",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "coordinator",
                "nurse",
                "physician",
                "manager",
                "clinic_admin",
                "system_admin",
                "auditor",
                name="staffrole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_blind", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("factor_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("factor_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("factor_step", sa.Integer(), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_staff_clinic_id_clinic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("clinic_id", "key", name=op.f("uq_staff_clinic_id_key")),
        sa.UniqueConstraint("email_blind", name=op.f("uq_staff_email_blind")),
    )
    op.create_index("ix_staff_clinic", "staff", ["clinic_id"], unique=False)
    op.create_table(
        "contact_point",
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "sms", "email", "voice", name="channel", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("address_blind", sa.LargeBinary(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "stated",
                "confirmed",
                "bad",
                "replaced",
                "wrong_person",
                name="contactstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_reason", sa.String(), nullable=True),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opted_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_contact_point_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_contact_point_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_point")),
        sa.UniqueConstraint(
            "clinic_id",
            "patient_id",
            "channel",
            "address_blind",
            name=op.f("uq_contact_point_clinic_id_patient_id_channel_address_blind"),
        ),
    )
    op.create_index("ix_contact_point_address", "contact_point", ["clinic_id", "address_blind"], unique=False)
    op.create_index("ix_contact_point_patient", "contact_point", ["clinic_id", "patient_id"], unique=False)
    op.create_table(
        "legal_hold",
        sa.Column("patient_id", sa.UUID(), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_legal_hold_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_legal_hold_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(
        "ix_legal_hold_standing",
        "legal_hold",
        ["clinic_id", "patient_id"],
        unique=False,
        postgresql_where="lifted_at IS NULL",
    )
    op.create_table(
        "pathway_signature",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column("is_clinician", sa.Boolean(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_pathway_signature_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_pathway_signature_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathway_signature")),
        sa.UniqueConstraint(
            "clinic_id",
            "content_hash",
            "staff_id",
            name=op.f("uq_pathway_signature_clinic_id_content_hash_staff_id"),
        ),
    )
    op.create_table(
        "procedure",
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("performed_on", sa.Date(), nullable=False),
        sa.Column("performed_at", sa.Time(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column(
            "harvest",
            sa.Enum(
                "bone_marrow", "fat", name="harvest", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("facts_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_procedure_clinic_id_clinic")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_procedure_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure")),
    )
    op.create_index("ix_procedure_patient", "procedure", ["clinic_id", "patient_id"], unique=False)
    op.create_table(
        "recovery_code",
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_recovery_code_clinic_id_clinic")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recovery_code_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("staff_id", "code_hash", name=op.f("uq_recovery_code_staff_id_code_hash")),
    )
    op.create_table(
        "schedule_override",
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "add",
                "remove",
                "replace",
                name="changekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column("instead_of_id", sa.UUID(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_schedule_override_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(
            ["instead_of_id"], ["staff.id"], name=op.f("fk_schedule_override_instead_of_id_staff")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_schedule_override_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_override")),
    )
    op.create_index(
        "ix_schedule_override_duty", "schedule_override", ["clinic_id", "duty", "ends_at"], unique=False
    )
    op.create_table(
        "shift",
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_shift_clinic_id_clinic")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_shift_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_duty", "shift", ["clinic_id", "duty", "starts_at"], unique=False)
    op.create_table(
        "shift_reminder",
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hours_before", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_shift_reminder_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_shift_reminder_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_reminder")),
        sa.UniqueConstraint(
            "clinic_id",
            "staff_id",
            "duty",
            "starts_at",
            "hours_before",
            name=op.f("uq_shift_reminder_clinic_id_staff_id_duty_starts_at_hours_before"),
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_shift_reminder_token_hash")),
    )
    op.create_table(
        "staff_contact_point",
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "sms", "email", "voice", name="channel", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("address_blind", sa.LargeBinary(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_reason", sa.String(), nullable=True),
        sa.Column("hard_failures", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_staff_contact_point_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_contact_point_staff_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_contact_point")),
        sa.UniqueConstraint(
            "clinic_id",
            "channel",
            "address_blind",
            "staff_id",
            name=op.f("uq_staff_contact_point_clinic_id_channel_address_blind_staff_id"),
        ),
    )
    op.create_index("ix_staff_contact_point_address", "staff_contact_point", ["address_blind"], unique=False)
    op.create_index(
        "ix_staff_contact_point_staff", "staff_contact_point", ["clinic_id", "staff_id"], unique=False
    )
    op.create_table(
        "staff_link",
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "invitation", "reset", name="linkkind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_staff_link_clinic_id_clinic")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_link_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_link_token_hash")),
    )
    op.create_index("ix_staff_link_staff", "staff_link", ["clinic_id", "staff_id"], unique=False)
    op.create_table(
        "staff_session",
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_staff_session_clinic_id_clinic")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_session_token_hash")),
    )
    op.create_index("ix_staff_session_staff", "staff_session", ["clinic_id", "staff_id"], unique=False)
    op.create_table(
        "task",
        sa.Column(
            "kind",
            sa.Enum(
                "call_back",
                "review_reply",
                "call_silent",
                "call_missed_text",
                "bad_number",
                "wrong_person",
                "unconfirmed_send",
                "consent",
                "identity",
                "content",
                "sending_paused",
                "staffing",
                name="taskkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("open", "done", name="taskstate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("patient_id", sa.UUID(), nullable=True),
        sa.Column("subject_id", sa.UUID(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner_id", sa.UUID(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("disposition", sa.String(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_task_clinic_id_clinic")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_task_owner_id_staff")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_task_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.create_index(
        "ix_task_open", "task", ["clinic_id", "due_at", "id"], unique=False, postgresql_where="state = 'open'"
    )
    op.create_index("ix_task_patient", "task", ["clinic_id", "patient_id"], unique=False)
    op.create_index(
        "uq_task_open_subject",
        "task",
        ["clinic_id", "kind", "subject_id"],
        unique=True,
        postgresql_where="state = 'open' AND subject_id IS NOT NULL",
    )
    op.create_table(
        "consent",
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("contact_point_id", sa.UUID(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "sms", "email", "voice", name="channel", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "decision",
            sa.Enum(
                "granted",
                "revoked",
                name="consentdecision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("obtained_by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_consent_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_consent_contact_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_consent_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(
        "ix_consent_contact_point", "consent", ["clinic_id", "contact_point_id", "at"], unique=False
    )
    op.create_table(
        "enrollment",
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("procedure_id", sa.UUID(), nullable=False),
        sa.Column("pathway_version_id", sa.UUID(), nullable=False),
        sa.Column("pathway", sa.String(), nullable=False),
        sa.Column("performed_on", sa.Date(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "sms", "email", "voice", name="channel", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("preferences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active",
                "paused",
                "completed",
                "withdrawn",
                name="enrollmentstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("held_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_reason", sa.String(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrolled_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("request_key", sa.String(), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_enrollment_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["pathway_version_id"],
            ["pathway_version.id"],
            name=op.f("fk_enrollment_pathway_version_id_pathway_version"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_enrollment_patient_id_patient")
        ),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name=op.f("fk_enrollment_procedure_id_procedure")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment")),
    )
    op.create_index("ix_enrollment_patient", "enrollment", ["clinic_id", "patient_id"], unique=False)
    op.create_index("ix_enrollment_state", "enrollment", ["clinic_id", "state", "id"], unique=False)
    op.create_index(
        "uq_enrollment_once",
        "enrollment",
        ["clinic_id", "patient_id", "pathway", "performed_on"],
        unique=True,
        postgresql_where="state <> 'withdrawn'",
    )
    op.create_index("uq_enrollment_request", "enrollment", ["clinic_id", "request_key"], unique=True)
    op.create_table(
        "staff_point_code",
        sa.Column("staff_contact_point_id", sa.UUID(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_staff_point_code_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(
            ["staff_contact_point_id"],
            ["staff_contact_point.id"],
            name=op.f("fk_staff_point_code_staff_contact_point_id_staff_contact_point"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_point_code")),
    )
    op.create_index(
        "ix_staff_point_code_point",
        "staff_point_code",
        ["clinic_id", "staff_contact_point_id", "sent_at"],
        unique=False,
    )
    op.create_table(
        "escalation",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=True),
        sa.Column("enrollment_id", sa.UUID(), nullable=True),
        sa.Column(
            "tier",
            sa.Enum(
                "emergency", "urgent", name="casetier", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "paging",
                "accepted",
                "contacting",
                "unreachable",
                "contacted",
                "closed",
                "merged",
                name="escalationstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("policy", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.UUID(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_page_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("disposition", sa.String(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("flags", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("not_reached_texts", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.UUID(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_escalation_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_escalation_enrollment_id_enrollment")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_escalation_owner_id_staff")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_escalation_patient_id_patient")
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["escalation.id"], name=op.f("fk_escalation_previous_id_escalation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
    )
    op.create_index(
        "ix_escalation_open",
        "escalation",
        ["clinic_id", "state", "opened_at"],
        unique=False,
        postgresql_where="state IN ('paging', 'accepted', 'contacting', 'unreachable', 'contacted')",
    )
    op.create_index(
        "ix_escalation_patient", "escalation", ["clinic_id", "patient_id", "opened_at"], unique=False
    )
    op.create_index("uq_escalation_code", "escalation", ["clinic_id", "code"], unique=True)
    op.create_index(
        "uq_escalation_open_patient",
        "escalation",
        ["clinic_id", "patient_id"],
        unique=True,
        postgresql_where="patient_id IS NOT NULL AND state IN ('paging', 'accepted', 'contacting', 'unreachable', 'contacted')",
    )
    op.create_table(
        "touchpoint",
        sa.Column("enrollment_id", sa.UUID(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "sms", "email", "voice", name="channel", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("local_time", sa.DateTime(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late_rule", sa.String(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("requires_answer", sa.Boolean(), nullable=False),
        sa.Column("pending_question", sa.String(), nullable=True),
        sa.Column("asked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "dispatched",
                "answered",
                "unanswered",
                "skipped",
                "cancelled",
                "call_task",
                name="touchpointstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_touchpoint_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_touchpoint_enrollment_id_enrollment")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_touchpoint_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touchpoint")),
        sa.UniqueConstraint(
            "enrollment_id", "key", "round", name=op.f("uq_touchpoint_enrollment_id_key_round")
        ),
    )
    op.create_index(
        "ix_touchpoint_due",
        "touchpoint",
        ["look_at", "id"],
        unique=False,
        postgresql_where="state = 'planned'",
    )
    op.create_index(
        "ix_touchpoint_patient", "touchpoint", ["clinic_id", "patient_id", "due_at"], unique=False
    )
    op.create_index(
        "ix_touchpoint_unanswered",
        "touchpoint",
        ["remind_at", "id"],
        unique=False,
        postgresql_where="state = 'dispatched' AND remind_at IS NOT NULL",
    )
    op.create_table(
        "contact_attempt",
        sa.Column("escalation_id", sa.UUID(), nullable=False),
        sa.Column("staff_id", sa.UUID(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("read_back", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_contact_attempt_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalation.id"], name=op.f("fk_contact_attempt_escalation_id_escalation")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_contact_attempt_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_attempt")),
    )
    op.create_index(
        "ix_contact_attempt_case", "contact_attempt", ["clinic_id", "escalation_id", "at"], unique=False
    )
    op.create_table(
        "escalation_signal",
        sa.Column("escalation_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause_id", sa.UUID(), nullable=False),
        sa.Column(
            "tier",
            sa.Enum(
                "emergency", "urgent", name="casetier", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_escalation_signal_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalation.id"], name=op.f("fk_escalation_signal_escalation_id_escalation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_signal")),
        sa.UniqueConstraint(
            "escalation_id", "cause_id", name=op.f("uq_escalation_signal_escalation_id_cause_id")
        ),
    )
    op.create_index(
        "ix_escalation_signal_case", "escalation_signal", ["clinic_id", "escalation_id", "at"], unique=False
    )
    op.create_table(
        "escalation_timer",
        sa.Column("escalation_id", sa.UUID(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "step",
                "repage",
                "not_reached",
                "contact_warning",
                "contact",
                "document",
                "unreachable",
                "hand_over",
                name="timerkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_escalation_timer_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalation.id"], name=op.f("fk_escalation_timer_escalation_id_escalation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_timer")),
    )
    op.create_index(
        "ix_escalation_timer_due",
        "escalation_timer",
        ["due_at", "id"],
        unique=False,
        postgresql_where="fired_at IS NULL AND cancelled_at IS NULL",
    )
    op.create_index(
        "uq_escalation_timer_active",
        "escalation_timer",
        ["escalation_id", "kind"],
        unique=True,
        postgresql_where="fired_at IS NULL AND cancelled_at IS NULL",
    )
    op.create_table(
        "hand_over",
        sa.Column("escalation_id", sa.UUID(), nullable=False),
        sa.Column("from_id", sa.UUID(), nullable=False),
        sa.Column("to_id", sa.UUID(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_hand_over_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalation.id"], name=op.f("fk_hand_over_escalation_id_escalation")
        ),
        sa.ForeignKeyConstraint(["from_id"], ["staff.id"], name=op.f("fk_hand_over_from_id_staff")),
        sa.ForeignKeyConstraint(["to_id"], ["staff.id"], name=op.f("fk_hand_over_to_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
    )
    op.create_index("ix_hand_over_case", "hand_over", ["clinic_id", "escalation_id"], unique=False)
    op.create_index(
        "uq_hand_over_open",
        "hand_over",
        ["escalation_id"],
        unique=True,
        postgresql_where="accepted_at IS NULL AND ended_at IS NULL",
    )
    op.create_table(
        "message",
        sa.Column("patient_id", sa.UUID(), nullable=True),
        sa.Column("enrollment_id", sa.UUID(), nullable=True),
        sa.Column("touchpoint_id", sa.UUID(), nullable=True),
        sa.Column("contact_point_id", sa.UUID(), nullable=True),
        sa.Column("to_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sender_id", sa.UUID(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "sms", "email", "voice", name="channel", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "planned",
                "reminder",
                "welcome",
                "answer",
                "safety",
                "staff",
                "consent",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("text_key", sa.String(), nullable=False),
        sa.Column("cause_id", sa.UUID(), nullable=True),
        sa.Column("written_by", sa.UUID(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "cancelled",
                "accepted",
                "sent",
                "delivered",
                "undelivered",
                "failed",
                "expired",
                name="messagestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("claimable", sa.Boolean(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=True),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("email_message_id", sa.String(), nullable=True),
        sa.Column("in_reply_to", sa.String(), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polls", sa.Integer(), nullable=False),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("carrier_emptied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_message_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_message_contact_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_message_enrollment_id_enrollment")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_message_patient_id_patient")),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_message_sender_id_sender")),
        sa.ForeignKeyConstraint(
            ["touchpoint_id"], ["touchpoint.id"], name=op.f("fk_message_touchpoint_id_touchpoint")
        ),
        sa.ForeignKeyConstraint(["written_by"], ["staff.id"], name=op.f("fk_message_written_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index(op.f("ix_message_email_message_id"), "message", ["email_message_id"], unique=False)
    op.create_index("ix_message_patient", "message", ["clinic_id", "patient_id", "queued_at"], unique=False)
    op.create_index(
        "ix_message_queue",
        "message",
        ["sender_id", "is_urgent", "not_before", "id"],
        unique=False,
        postgresql_where="state = 'queued' AND claimable",
    )
    op.create_index("ix_message_recent", "message", ["clinic_id", "queued_at"], unique=False)
    op.create_index("ix_message_touchpoint", "message", ["touchpoint_id"], unique=False)
    op.create_index(
        "ix_message_unsettled",
        "message",
        ["accepted_at", "id"],
        unique=False,
        postgresql_where="state IN ('accepted', 'sent')",
    )
    op.create_index("uq_message_cause", "message", ["cause_id", "purpose", "text_key", "round"], unique=True)
    op.create_index("uq_message_provider", "message", ["provider_id"], unique=True)
    op.create_index(
        "uq_message_slot",
        "message",
        ["contact_point_id", "local_day", "slot"],
        unique=True,
        postgresql_where="local_day IS NOT NULL AND state <> 'cancelled'",
    )
    op.create_index(
        "uq_message_touchpoint_purpose",
        "message",
        ["touchpoint_id", "purpose", "round"],
        unique=True,
        postgresql_where="touchpoint_id IS NOT NULL AND purpose IN ('planned', 'reminder', 'welcome')",
    )
    op.create_table(
        "page",
        sa.Column("escalation_id", sa.UUID(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.UUID(), nullable=True),
        sa.Column("staff_contact_point_id", sa.UUID(), nullable=True),
        sa.Column("to_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "sms", "email", "voice", name="channel", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "page",
                "notice",
                "answer",
                name="pagepurpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("link_token", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "claimed",
                "submitted",
                "sent",
                "delivered",
                "undelivered",
                "failed",
                "unknown",
                "cancelled",
                name="pagestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("bundle_id", sa.UUID(), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["page.id"], name=op.f("fk_page_bundle_id_page")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_page_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalation.id"], name=op.f("fk_page_escalation_id_escalation")
        ),
        sa.ForeignKeyConstraint(
            ["staff_contact_point_id"],
            ["staff_contact_point.id"],
            name=op.f("fk_page_staff_contact_point_id_staff_contact_point"),
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_page_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
        sa.UniqueConstraint(
            "escalation_id",
            "round",
            "step",
            "staff_contact_point_id",
            "channel",
            "purpose",
            "number",
            name="uq_page_once",
            postgresql_nulls_not_distinct=True,
        ),
        sa.UniqueConstraint("link_token", name=op.f("uq_page_link_token")),
        sa.UniqueConstraint("token", name=op.f("uq_page_token")),
    )
    op.create_index(
        "ix_page_bundle", "page", ["bundle_id"], unique=False, postgresql_where="bundle_id IS NOT NULL"
    )
    op.create_index("ix_page_case", "page", ["clinic_id", "escalation_id"], unique=False)
    op.create_index(
        "ix_page_queue",
        "page",
        ["due_at", "id"],
        unique=False,
        postgresql_where="state IN ('planned', 'claimed', 'unknown')",
    )
    op.create_index(
        "ix_page_unsettled",
        "page",
        ["submitted_at", "id"],
        unique=False,
        postgresql_where="state IN ('submitted', 'sent')",
    )
    op.create_index("uq_page_provider", "page", ["provider_id"], unique=True)
    op.create_table(
        "reply",
        sa.Column("provider_event_id", sa.UUID(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=True),
        sa.Column("enrollment_id", sa.UUID(), nullable=True),
        sa.Column("contact_point_id", sa.UUID(), nullable=True),
        sa.Column("sender_id", sa.UUID(), nullable=False),
        sa.Column("touchpoint_id", sa.UUID(), nullable=True),
        sa.Column(
            "channel",
            sa.Enum(
                "sms", "email", "voice", name="channel", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("from_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("from_blind", sa.LargeBinary(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("media_count", sa.Integer(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("email_message_id", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "assessed",
                "filed",
                "in_review",
                "disposed",
                name="replystate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("asked_by", sa.UUID(), nullable=True),
        sa.Column("opt", sa.String(), nullable=True),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("carrier_emptied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_reply_asked_by_staff")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_reply_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_reply_contact_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_reply_enrollment_id_enrollment")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_reply_patient_id_patient")),
        sa.ForeignKeyConstraint(
            ["provider_event_id"],
            ["provider_event.id"],
            name=op.f("fk_reply_provider_event_id_provider_event"),
        ),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_reply_sender_id_sender")),
        sa.ForeignKeyConstraint(
            ["touchpoint_id"], ["touchpoint.id"], name=op.f("fk_reply_touchpoint_id_touchpoint")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
        sa.UniqueConstraint("provider_event_id", name=op.f("uq_reply_provider_event_id")),
    )
    op.create_index("ix_reply_from", "reply", ["clinic_id", "from_blind", "received_at"], unique=False)
    op.create_index("ix_reply_patient", "reply", ["clinic_id", "patient_id", "received_at"], unique=False)
    op.create_index(
        "ix_reply_review",
        "reply",
        ["clinic_id", "received_at", "id"],
        unique=False,
        postgresql_where="state = 'in_review'",
    )
    op.create_index(
        "ix_reply_unassessed",
        "reply",
        ["received_at", "id"],
        unique=False,
        postgresql_where="state = 'received'",
    )
    op.create_table(
        "reply_code",
        sa.Column("staff_contact_point_id", sa.UUID(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("escalation_id", sa.UUID(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_reply_code_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalation.id"], name=op.f("fk_reply_code_escalation_id_escalation")
        ),
        sa.ForeignKeyConstraint(
            ["staff_contact_point_id"],
            ["staff_contact_point.id"],
            name=op.f("fk_reply_code_staff_contact_point_id_staff_contact_point"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_code")),
        sa.UniqueConstraint(
            "clinic_id",
            "staff_contact_point_id",
            "code",
            name=op.f("uq_reply_code_clinic_id_staff_contact_point_id_code"),
        ),
    )
    op.create_index("ix_reply_code_case", "reply_code", ["clinic_id", "escalation_id"], unique=False)
    op.create_table(
        "assessment",
        sa.Column("reply_id", sa.UUID(), nullable=False),
        sa.Column("patient_id", sa.UUID(), nullable=True),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("ruleset", sa.String(), nullable=False),
        sa.Column("assessed_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("decision_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_assessment_clinic_id_clinic")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_assessment_patient_id_patient")
        ),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name=op.f("fk_assessment_reply_id_reply")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
    )
    op.create_index(
        "ix_assessment_patient", "assessment", ["clinic_id", "patient_id", "assessed_at"], unique=False
    )
    op.create_index(
        "ix_assessment_reply", "assessment", ["clinic_id", "reply_id", "assessed_at"], unique=False
    )
    op.create_table(
        "attempt",
        sa.Column("message_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "claimed",
                "calling",
                "accepted",
                "refused",
                "in_doubt",
                "unconfirmed",
                "released",
                name="attemptstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("claimed_by", sa.UUID(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calling_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("refusal", sa.String(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_attempt_clinic_id_clinic")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_attempt_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("message_id", "number", name=op.f("uq_attempt_message_id_number")),
        sa.UniqueConstraint("token", name=op.f("uq_attempt_token")),
    )
    op.create_index(
        "ix_attempt_open",
        "attempt",
        ["lease_until", "id"],
        unique=False,
        postgresql_where="state IN ('claimed', 'calling', 'in_doubt')",
    )
    op.create_table(
        "reply_media",
        sa.Column("reply_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "kept",
                "refused",
                "removed",
                name="mediastate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_reply_media_clinic_id_clinic")),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name=op.f("fk_reply_media_reply_id_reply")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_media")),
        sa.UniqueConstraint("reply_id", "position", name=op.f("uq_reply_media_reply_id_position")),
    )
    op.create_index(
        "ix_reply_media_due",
        "reply_media",
        ["due_at", "id"],
        unique=False,
        postgresql_where="state = 'waiting'",
    )


def downgrade() -> None:
    op.drop_index("ix_reply_media_due", table_name="reply_media", postgresql_where="state = 'waiting'")
    op.drop_table("reply_media")
    op.drop_index(
        "ix_attempt_open",
        table_name="attempt",
        postgresql_where="state IN ('claimed', 'calling', 'in_doubt')",
    )
    op.drop_table("attempt")
    op.drop_index("ix_assessment_reply", table_name="assessment")
    op.drop_index("ix_assessment_patient", table_name="assessment")
    op.drop_table("assessment")
    op.drop_index("ix_reply_code_case", table_name="reply_code")
    op.drop_table("reply_code")
    op.drop_index("ix_reply_unassessed", table_name="reply", postgresql_where="state = 'received'")
    op.drop_index("ix_reply_review", table_name="reply", postgresql_where="state = 'in_review'")
    op.drop_index("ix_reply_patient", table_name="reply")
    op.drop_index("ix_reply_from", table_name="reply")
    op.drop_table("reply")
    op.drop_index("uq_page_provider", table_name="page")
    op.drop_index("ix_page_unsettled", table_name="page", postgresql_where="state IN ('submitted', 'sent')")
    op.drop_index(
        "ix_page_queue", table_name="page", postgresql_where="state IN ('planned', 'claimed', 'unknown')"
    )
    op.drop_index("ix_page_case", table_name="page")
    op.drop_index("ix_page_bundle", table_name="page", postgresql_where="bundle_id IS NOT NULL")
    op.drop_table("page")
    op.drop_index(
        "uq_message_touchpoint_purpose",
        table_name="message",
        postgresql_where="touchpoint_id IS NOT NULL AND purpose IN ('planned', 'reminder', 'welcome')",
    )
    op.drop_index(
        "uq_message_slot",
        table_name="message",
        postgresql_where="local_day IS NOT NULL AND state <> 'cancelled'",
    )
    op.drop_index("uq_message_provider", table_name="message")
    op.drop_index("uq_message_cause", table_name="message")
    op.drop_index(
        "ix_message_unsettled", table_name="message", postgresql_where="state IN ('accepted', 'sent')"
    )
    op.drop_index("ix_message_touchpoint", table_name="message")
    op.drop_index("ix_message_recent", table_name="message")
    op.drop_index("ix_message_queue", table_name="message", postgresql_where="state = 'queued' AND claimable")
    op.drop_index("ix_message_patient", table_name="message")
    op.drop_index(op.f("ix_message_email_message_id"), table_name="message")
    op.drop_table("message")
    op.drop_index(
        "uq_hand_over_open",
        table_name="hand_over",
        postgresql_where="accepted_at IS NULL AND ended_at IS NULL",
    )
    op.drop_index("ix_hand_over_case", table_name="hand_over")
    op.drop_table("hand_over")
    op.drop_index(
        "uq_escalation_timer_active",
        table_name="escalation_timer",
        postgresql_where="fired_at IS NULL AND cancelled_at IS NULL",
    )
    op.drop_index(
        "ix_escalation_timer_due",
        table_name="escalation_timer",
        postgresql_where="fired_at IS NULL AND cancelled_at IS NULL",
    )
    op.drop_table("escalation_timer")
    op.drop_index("ix_escalation_signal_case", table_name="escalation_signal")
    op.drop_table("escalation_signal")
    op.drop_index("ix_contact_attempt_case", table_name="contact_attempt")
    op.drop_table("contact_attempt")
    op.drop_index(
        "ix_touchpoint_unanswered",
        table_name="touchpoint",
        postgresql_where="state = 'dispatched' AND remind_at IS NOT NULL",
    )
    op.drop_index("ix_touchpoint_patient", table_name="touchpoint")
    op.drop_index("ix_touchpoint_due", table_name="touchpoint", postgresql_where="state = 'planned'")
    op.drop_table("touchpoint")
    op.drop_index(
        "uq_escalation_open_patient",
        table_name="escalation",
        postgresql_where="patient_id IS NOT NULL AND state IN ('paging', 'accepted', 'contacting', 'unreachable', 'contacted')",
    )
    op.drop_index("uq_escalation_code", table_name="escalation")
    op.drop_index("ix_escalation_patient", table_name="escalation")
    op.drop_index(
        "ix_escalation_open",
        table_name="escalation",
        postgresql_where="state IN ('paging', 'accepted', 'contacting', 'unreachable', 'contacted')",
    )
    op.drop_table("escalation")
    op.drop_index("ix_staff_point_code_point", table_name="staff_point_code")
    op.drop_table("staff_point_code")
    op.drop_index("uq_enrollment_request", table_name="enrollment")
    op.drop_index("uq_enrollment_once", table_name="enrollment", postgresql_where="state <> 'withdrawn'")
    op.drop_index("ix_enrollment_state", table_name="enrollment")
    op.drop_index("ix_enrollment_patient", table_name="enrollment")
    op.drop_table("enrollment")
    op.drop_index("ix_consent_contact_point", table_name="consent")
    op.drop_table("consent")
    op.drop_index(
        "uq_task_open_subject",
        table_name="task",
        postgresql_where="state = 'open' AND subject_id IS NOT NULL",
    )
    op.drop_index("ix_task_patient", table_name="task")
    op.drop_index("ix_task_open", table_name="task", postgresql_where="state = 'open'")
    op.drop_table("task")
    op.drop_index("ix_staff_session_staff", table_name="staff_session")
    op.drop_table("staff_session")
    op.drop_index("ix_staff_link_staff", table_name="staff_link")
    op.drop_table("staff_link")
    op.drop_index("ix_staff_contact_point_staff", table_name="staff_contact_point")
    op.drop_index("ix_staff_contact_point_address", table_name="staff_contact_point")
    op.drop_table("staff_contact_point")
    op.drop_table("shift_reminder")
    op.drop_index("ix_shift_duty", table_name="shift")
    op.drop_table("shift")
    op.drop_index("ix_schedule_override_duty", table_name="schedule_override")
    op.drop_table("schedule_override")
    op.drop_table("recovery_code")
    op.drop_index("ix_procedure_patient", table_name="procedure")
    op.drop_table("procedure")
    op.drop_table("pathway_signature")
    op.drop_index("ix_legal_hold_standing", table_name="legal_hold", postgresql_where="lifted_at IS NULL")
    op.drop_table("legal_hold")
    op.drop_index("ix_contact_point_patient", table_name="contact_point")
    op.drop_index("ix_contact_point_address", table_name="contact_point")
    op.drop_table("contact_point")
    op.drop_index("ix_staff_clinic", table_name="staff")
    op.drop_table("staff")
    op.drop_index("ix_sender_clinic", table_name="sender")
    op.drop_table("sender")
    op.drop_index("ix_schedule_newest", table_name="schedule")
    op.drop_table("schedule")
    op.drop_table("roster_plan")
    op.drop_index(
        "ix_provider_event_waiting", table_name="provider_event", postgresql_where="processed_at IS NULL"
    )
    op.drop_index("ix_provider_event_clinic", table_name="provider_event")
    op.drop_table("provider_event")
    op.drop_index("ix_patient_name_blind", table_name="patient", postgresql_using="gin")
    op.drop_index("ix_patient_clinic", table_name="patient")
    op.drop_table("patient")
    op.drop_table("pathway_version")
    op.drop_index("ix_move_thing", table_name="move")
    op.drop_table("move")
    op.drop_index("ix_escalation_policy_newest", table_name="escalation_policy")
    op.drop_table("escalation_policy")
    op.drop_index("ix_audit_event_unchained", table_name="audit_event", postgresql_where="hash IS NULL")
    op.drop_index("ix_audit_event_subject", table_name="audit_event")
    op.drop_index("ix_audit_event_clinic_seq", table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_index("ix_api_key_clinic", table_name="api_key")
    op.drop_table("api_key")
    op.drop_table("sign_in_bucket")
    op.drop_table("sealing_key")
    op.drop_index("ix_outage_ended", table_name="outage")
    op.drop_table("outage")
    op.drop_table("heartbeat")
    op.drop_table("clinic")
