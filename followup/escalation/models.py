"""Escalation rows: the case, what it stands on, its clocks, its pages and what staff did."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from followup.clinics.states import Channel
from followup.db.base import ClinicRow, states
from followup.db.sealed import Sealed
from followup.escalation.states import CaseTier, EscalationState, PagePurpose, PageState, TimerKind

_OPEN = "state IN ('paging', 'accepted', 'contacting', 'unreachable', 'contacted')"


class Escalation(ClinicRow):
    """A demand that a clinician take over now. Times are care time."""

    __tablename__ = "escalation"
    __table_args__ = (
        # One open case per patient; later findings attach to it and may raise it.
        Index(
            "uq_escalation_open_patient", "clinic_id", "patient_id",
            unique=True, postgresql_where=f"patient_id IS NOT NULL AND {_OPEN}",
        ),
        Index("ix_escalation_open", "clinic_id", "state", "opened_at", postgresql_where=_OPEN),
        Index("uq_escalation_code", "clinic_id", "code", unique=True),
        Index("ix_escalation_patient", "clinic_id", "patient_id", "opened_at"),
    )  # fmt: skip

    code: Mapped[str]  # short id that pages and people use
    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patient.id"))
    enrollment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("enrollment.id"))
    tier: Mapped[CaseTier] = mapped_column(states(CaseTier))
    state: Mapped[EscalationState] = mapped_column(states(EscalationState), default=EscalationState.paging)
    # The policy as it was when the case opened; people are resolved when they are paged.
    policy: Mapped[dict[str, Any]]
    # How many steps of this round have been paged; from the second round on each round is one broadcast.
    step: Mapped[int] = mapped_column(default=0)
    round: Mapped[int] = mapped_column(default=1)
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    opened_at: Mapped[datetime]
    first_page_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    disposition: Mapped[str | None]
    note_sealed: Mapped[bytes | None]
    # "Patient may not have been told: call now", "cannot be texted", "nobody on call".
    flags: Mapped[list[Any]] = mapped_column(default=list)
    not_reached_texts: Mapped[int] = mapped_column(default=0)
    previous_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("escalation.id"))
    version: Mapped[int] = mapped_column(default=1)

    note: Sealed[str | None] = Sealed("note_sealed")


class EscalationSignal(ClinicRow):
    """One finding that the case stands on: an assessed reply, an overdue task, a silence."""

    __tablename__ = "escalation_signal"
    __table_args__ = (
        UniqueConstraint("escalation_id", "cause_id"),
        Index("ix_escalation_signal_case", "clinic_id", "escalation_id", "at"),
    )

    escalation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("escalation.id"))
    kind: Mapped[str]  # reply, overdue_task, silence, staff_text
    cause_id: Mapped[uuid.UUID]  # the reply, task, touchpoint or raw event
    tier: Mapped[CaseTier] = mapped_column(states(CaseTier))
    rule: Mapped[str | None]
    at: Mapped[datetime]


class EscalationTimer(ClinicRow):
    """What a case does next by itself, and when (care time)."""

    __tablename__ = "escalation_timer"
    __table_args__ = (
        Index(
            "uq_escalation_timer_active", "escalation_id", "kind",
            unique=True, postgresql_where="fired_at IS NULL AND cancelled_at IS NULL",
        ),
        Index(
            "ix_escalation_timer_due", "due_at", "id",
            postgresql_where="fired_at IS NULL AND cancelled_at IS NULL",
        ),
    )  # fmt: skip

    escalation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("escalation.id"))
    kind: Mapped[TimerKind] = mapped_column(states(TimerKind))
    due_at: Mapped[datetime]
    fired_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class Page(ClinicRow):
    """One call for attention to one phone of one person. Its body holds no patient data, so it is not sealed."""

    __tablename__ = "page"
    __table_args__ = (
        # Two engines that run the same step plan each page once; the catch-all line has no contact point.
        UniqueConstraint(
            "escalation_id", "round", "step", "staff_contact_point_id", "channel", "purpose", "number",
            name="uq_page_once", postgresql_nulls_not_distinct=True,
        ),
        UniqueConstraint("token"),
        UniqueConstraint("link_token"),
        Index("ix_page_queue", "due_at", "id", postgresql_where="state IN ('planned', 'claimed', 'unknown')"),
        Index("ix_page_unsettled", "submitted_at", "id", postgresql_where="state IN ('submitted', 'sent')"),
        Index("uq_page_provider", "provider_id", unique=True),
        Index("ix_page_case", "clinic_id", "escalation_id"),
        Index("ix_page_bundle", "bundle_id", postgresql_where="bundle_id IS NOT NULL"),
    )  # fmt: skip

    # Null for an answer to a text of staff that named no case.
    escalation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("escalation.id"))
    round: Mapped[int]
    step: Mapped[int]
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    # Null for the clinic's catch-all line, which belongs to nobody in particular.
    staff_contact_point_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_contact_point.id"))
    to_sealed: Mapped[bytes]
    channel: Mapped[Channel] = mapped_column(states(Channel))
    purpose: Mapped[PagePurpose] = mapped_column(states(PagePurpose), default=PagePurpose.page)
    number: Mapped[int] = mapped_column(default=1)
    token: Mapped[str]  # in the carrier's callback addresses
    link_token: Mapped[str]  # in the link to the accept button
    body: Mapped[str]
    subject: Mapped[str | None]  # of an email
    state: Mapped[PageState] = mapped_column(states(PageState), default=PageState.planned)
    reason: Mapped[str | None]
    due_at: Mapped[datetime]  # care time
    # Machine time from here: a claim and its call do not follow the care clock.
    claimed_at: Mapped[datetime | None]
    # Planned: not called before. Claimed: the claim holds until. Unknown: sent again after. Sent: when silence
    # about it adds another channel. Null: nothing is waited for.
    lease_until: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]
    provider_id: Mapped[str | None]
    error_code: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0)
    # In a storm one text to a phone carries several cases: the page that carried this one.
    bundle_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("page.id"))

    to: Sealed[str] = Sealed("to_sealed")


class ReplyCode(ClinicRow):
    """The word that accepts one case from one phone; not used again for seven days."""

    __tablename__ = "reply_code"
    __table_args__ = (
        UniqueConstraint("clinic_id", "staff_contact_point_id", "code"),
        Index("ix_reply_code_case", "clinic_id", "escalation_id"),
    )

    staff_contact_point_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_contact_point.id"))
    code: Mapped[str]
    escalation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("escalation.id"))
    expires_at: Mapped[datetime]


class ContactAttempt(ClinicRow):
    """One try of a clinician to speak with the patient."""

    __tablename__ = "contact_attempt"
    __table_args__ = (Index("ix_contact_attempt_case", "clinic_id", "escalation_id", "at"),)

    escalation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("escalation.id"))
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    how: Mapped[str]  # phone, helper_phone, in_person, video
    outcome: Mapped[str]  # reached, no_answer, voicemail, wrong_number, refused
    note_sealed: Mapped[bytes | None]
    # The patient repeated in their own words what to do; without it the loop is not closed.
    read_back: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]

    note: Sealed[str | None] = Sealed("note_sealed")


class HandOver(ClinicRow):
    """One offer to take over an open case; the owner stays the owner until the other person accepts."""

    __tablename__ = "hand_over"
    __table_args__ = (
        Index(
            "uq_hand_over_open", "escalation_id",
            unique=True, postgresql_where="accepted_at IS NULL AND ended_at IS NULL",
        ),
        Index("ix_hand_over_case", "clinic_id", "escalation_id"),
    )  # fmt: skip

    escalation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("escalation.id"))
    from_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    to_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    offered_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]  # declined or expired


class EscalationPolicy(ClinicRow):
    """One published version of who is paged when; frozen into each case that opens under it."""

    __tablename__ = "escalation_policy"
    # The newest counts; going back to an older wording is a new version, too.
    __table_args__ = (Index("ix_escalation_policy_newest", "clinic_id", "published_at"),)

    content: Mapped[dict[str, Any]]
    content_hash: Mapped[str]
    published_at: Mapped[datetime]
