"""A delivery report moves its message, forward only, by our own token; one about a page is left to its stage."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import text

from followup.kit.ids import new_id
from followup.messaging.models import Attempt, Message
from followup.messaging.states import MessageState

SID = "SM" + "d" * 32


@pytest.fixture
def token(clinic) -> str:
    """The token of a call whose answer was lost: the message is still queued for all we know."""
    clinic.enroll()
    clinic.goes_on(clinic.touchpoint("day-2-marrow").due_at)
    with clinic.session() as session:
        message_id = session.scalar(
            text(
                "SELECT message.id FROM message JOIN touchpoint t ON t.id = touchpoint_id"
                " WHERE key = 'day-2-marrow'"
            )
        )
        session.execute(
            text(
                "UPDATE message SET state = 'queued', provider_id = NULL, accepted_at = NULL WHERE id = :id"
            ),
            {"id": message_id},
        )
        session.add(
            Attempt(
                clinic_id=clinic.id, message_id=message_id, number=1, token="token-of-the-attempt", state="calling",
                claimed_by=uuid.uuid4(), claimed_at=clinic.now, lease_until=clinic.now,
            )
        )  # fmt: skip
    return "token-of-the-attempt"


def message(clinic) -> Message:
    step = clinic.touchpoint("day-2-marrow")
    [found] = clinic.all(Message, Message.touchpoint_id == step.id)
    return found


@pytest.mark.fault
def test_f49_a_report_before_our_commit_of_the_id_settles_the_call(clinic, token):
    clinic.report(token, SID, "delivered")
    clinic.process()
    found = message(clinic)
    assert (found.state, found.provider_id) == (MessageState.delivered, SID)
    assert [event.outcome for event in clinic.events] == ["status"]


@pytest.mark.fault
@pytest.mark.parametrize(
    "order",
    [
        ("sent", "delivered"),
        ("delivered", "sent"),
        ("undelivered", "delivered"),
        ("delivered", "undelivered"),
    ],
)
def test_f51_whatever_the_order_delivered_stands_and_every_report_is_kept(clinic, token, order):
    for status in order:
        clinic.report(token, SID, status, "30003" if status == "undelivered" else "")
        clinic.process()
    newest = clinic.all(Message, Message.provider_id == SID)
    assert newest[0].state in (MessageState.delivered, MessageState.failed)
    if order[0] != "undelivered":
        assert newest[0].state is MessageState.delivered
    assert len(clinic.events) == 2


@pytest.mark.fault
def test_f50_ten_copies_are_one_event(clinic, token):
    for _ in range(10):
        clinic.report(token, SID, "delivered")
    clinic.process()
    assert len(clinic.events) == 1


def test_a_code_that_lingers_on_a_report_without_failure_means_nothing(clinic, token):
    clinic.report(token, SID, "sent", "30003")
    clinic.process()
    found = message(clinic)
    assert (found.state, found.error_code) == (MessageState.sent, None)


def test_a_report_under_a_token_of_nobody_is_closed_with_its_reason(clinic):
    clinic.report("token-of-nobody-at-all", SID, "delivered")
    clinic.process()
    assert [event.outcome for event in clinic.events] == ["unknown_recipient"]


@pytest.mark.fault
def test_f53_a_report_can_not_reach_into_another_clinic(clinic, token, another_clinic):
    other = another_clinic("+14155550198")
    other.enroll()
    other.goes_on(other.touchpoint("day-2-marrow").due_at)
    theirs = message(other)
    clinic.report(token, theirs.provider_id, "failed", "30005")
    clinic.process()
    assert message(other).state is MessageState.accepted


def test_a_report_about_a_page_waits_for_the_stage_that_sent_it(clinic, rung):
    with clinic.session() as session:
        case_id = new_id()
        session.execute(
            text(
                "INSERT INTO escalation (id, clinic_id, code, tier, state, policy, step, round, opened_at, flags,"
                " not_reached_texts, version) VALUES (:id, :clinic, '7K4', 'urgent', 'paging', '{}', 0, 1, :now,"
                " '[]', 0, 1)"
            ),
            {"id": case_id, "clinic": clinic.id, "now": clinic.now},
        )
        session.execute(
            text(
                "INSERT INTO page (id, clinic_id, escalation_id, round, step, to_sealed, channel, purpose, number,"
                " token, link_token, body, state, due_at, tries) VALUES (:id, :clinic, :case, 1, 1,"
                " '\\x00', 'sms', 'page', 1, 'token-of-the-page-1', 'link', 'RB 7K4', 'submitted', :now, 1)"
            ),
            {"id": new_id(), "clinic": clinic.id, "case": case_id, "now": clinic.now},
        )
    clinic.report("token-of-the-page-1", SID, "delivered")
    assert clinic.process() == 1
    [event] = clinic.events
    assert (event.outcome, event.processed_at, event.clinic_id) == ("page_status", None, clinic.id)
    assert "care.page" in [bell.name for bell in rung]
    assert clinic.process() == 0


def test_a_burst_of_reports_is_understood_in_few_transactions(clinic, token):
    for number in range(90):
        clinic.report(token, SID, "sent" if number else "delivered", str(number))
    clinic.process()
    assert {event.outcome for event in clinic.events} == {"status"}
    assert message(clinic).state is MessageState.delivered
