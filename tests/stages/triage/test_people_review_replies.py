"""People close replies with what they did, and change tiers: anybody raises, a licensed clinician lowers."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from followup.audit.models import AuditEvent
from followup.audit.record import Actor
from followup.errors import Conflict, InvalidInput, NotAllowed, NotFound
from followup.replies.identify import identify
from followup.replies.models import Reply
from followup.replies.states import ReplyState
from followup.staff.states import StaffRole
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind, TaskState
from followup.triage.assess import assess
from followup.triage.models import Assessment
from followup.triage.queries import inbox
from followup.triage.review import dispose, retier

CORA = Actor("staff", uuid.uuid4())


def texts(clinic, *bodies: str) -> list[uuid.UUID]:
    """Texts that come in hours apart, each assessed; returns the replies' ids."""
    for body in bodies:
        clinic.now += timedelta(hours=1)
        clinic.text(body)
        with clinic.session() as session:
            waiting = session.query(Reply).filter(Reply.state == ReplyState.received).one()
            assess(session, waiting, now=clinic.now)
    return [reply.id for reply in clinic.replies]


def test_the_inbox_has_high_priority_first_then_who_waits_longest(clinic):
    clinic.enroll()
    for words, priority in (("first", "low"), ("second", "high"), ("third", "normal"), ("fourth", "high")):
        clinic.now += timedelta(hours=1)
        clinic.text(words)
        with clinic.session() as session:
            waiting = session.query(Reply).filter(Reply.state == ReplyState.received).one()
            waiting.state = ReplyState.in_review
            session.add(
                Assessment(
                    clinic_id=clinic.id, reply_id=waiting.id, patient_id=waiting.patient_id, tier="unclear",
                    priority=priority, ruleset="-", assessed_by="engine", decision={}, assessed_at=clinic.now,
                )
            )  # fmt: skip
    with clinic.session() as session:
        items = inbox(session)
        assert [item.body for item in items] == ["second", "fourth", "third", "first"]
        assert {item.patient_name for item in items} == {"Ines Sample"}
        for place in range(1, 5):
            page, rest = inbox(session, many=place), inbox(session, after=items[place - 1].position)
            assert [item.body for item in (*page, *rest)] == [item.body for item in items]


def test_a_reply_is_closed_once_with_its_tasks(clinic):
    clinic.enroll()
    [reply_id] = texts(clinic, "blorp")
    with clinic.session() as session:
        open_task(
            session, clinic.id, kind=TaskKind.review_reply, reason="read it", due_at=clinic.now, now=clinic.now,
            subject_id=reply_id,
        )  # fmt: skip
        dispose(session, reply_id, disposition="called", note="fine", now=clinic.now, actor=CORA)
    assert clinic.reply.state is ReplyState.disposed
    assert [task.state for task in clinic.tasks] == [TaskState.done]
    audited = clinic.all(AuditEvent, AuditEvent.action == "dispose reply")
    assert [(each.actor_id, each.reason) for each in audited] == [(CORA.id, "called")]
    with clinic.session() as session, pytest.raises(Conflict):
        dispose(session, reply_id, disposition="called", now=clinic.now, actor=CORA)


@pytest.mark.parametrize(("disposition", "note"), [("", ""), ("ignored", ""), ("called", "x" * 5_000)])
def test_a_reply_is_not_closed_without_saying_what_was_done(clinic, disposition, note):
    clinic.enroll()
    [reply_id] = texts(clinic, "blorp")
    with clinic.session() as session, pytest.raises(InvalidInput):
        dispose(session, reply_id, disposition=disposition, note=note, now=clinic.now, actor=CORA)


@pytest.mark.parametrize("role", [StaffRole.coordinator, StaffRole.nurse])
def test_anybody_may_raise_a_tier_with_a_reason(clinic, role):
    clinic.enroll()
    [reply_id] = texts(clinic, "blorp")
    with clinic.session() as session:
        raised = retier(
            session, reply_id, tier="urgent", reason="she sounds confused", now=clinic.now, actor=CORA, role=role
        )  # fmt: skip
        assert (raised.tier, raised.priority, raised.assessed_by) == ("urgent", "high", str(CORA))
    first, second = clinic.all(Assessment)
    assert first.assessed_by == "engine"
    assert second.decision["corrects"] == first.tier
    assert b"confused" not in bytes(second.decision_sealed)


@pytest.mark.parametrize("role", [StaffRole.coordinator, StaffRole.manager, StaffRole.clinic_admin])
def test_only_a_licensed_clinician_lowers_a_tier(clinic, role):
    clinic.enroll()
    [reply_id] = texts(clinic, "I can't breathe")
    asked = {"tier": "routine", "reason": "she meant her cat", "now": clinic.now, "actor": CORA}
    with clinic.session() as session, pytest.raises(NotAllowed):
        retier(session, reply_id, role=role, **asked)
    with clinic.session() as session:
        assert retier(session, reply_id, role=StaffRole.physician, **asked).tier == "routine"


def test_a_filed_reply_that_is_raised_is_in_the_inbox_again(clinic):
    clinic.enroll()
    clinic.goes_on(clinic.touchpoint("day-2-marrow").due_at)
    [reply_id] = texts(clinic, "2")
    assert clinic.reply.state is ReplyState.filed
    with clinic.session() as session:
        retier(
            session, reply_id, tier="same_day", reason="call her", now=clinic.now, actor=CORA,
            role=StaffRole.coordinator,
        )  # fmt: skip
    assert clinic.reply.state is ReplyState.in_review


@pytest.mark.parametrize(("tier", "reason"), [("deadly", "x"), ("urgent", "  "), ("unclear", "x")])
def test_a_tier_is_changed_to_another_known_one_with_a_reason(clinic, tier, reason):
    clinic.enroll()
    [reply_id] = texts(clinic, "blorp")
    with clinic.session() as session, pytest.raises(InvalidInput):
        retier(session, reply_id, tier=tier, reason=reason, now=clinic.now, actor=CORA, role=StaffRole.nurse)


def test_a_reply_of_another_clinic_is_not_there(clinic):
    with clinic.session() as session, pytest.raises(NotFound):
        dispose(session, uuid.uuid4(), disposition="called", now=clinic.now, actor=CORA)


def test_a_person_says_who_wrote_from_a_shared_phone(clinic):
    ines = clinic.enroll("Ines Sample")
    clinic.enroll("Pedro Sample")
    [reply_id] = texts(clinic, "it was me, Ines")
    with clinic.session() as session:
        identify(session, reply_id, ines.patient_id, now=clinic.now, actor=CORA)
    assert clinic.reply.patient_id == ines.patient_id
    assert [task.state for task in clinic.tasks if task.kind is TaskKind.identity] == [TaskState.done]
    from followup.enrollment.models import Enrollment

    assert [each.held_since for each in clinic.all(Enrollment)] == [None, None]
