"""Hand a case over, decide about a patient nobody reaches, change the tier: by the forms of a case."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from tests.doors.conftest import SmallClinic, Story

SignIn = Callable[[SmallClinic, str], TestClient]
URGENT = "my leg feels weaker since last night"
EMERGENCY = "I cant pee since this morning and its numb between my legs"


@pytest.fixture
def base(story: Story) -> str:
    """Where the page of an urgent case is that nobody has accepted."""
    return opened(story, URGENT)


def opened(story: Story, words: str) -> str:
    story.enroll()
    story.writes(words)
    [(case_id,)] = story.rows("SELECT id FROM escalation")
    return f"/escalations/{case_id}"


def id_of(story: Story, role: str) -> str:
    return str(story.rows(f"SELECT id FROM staff WHERE key = '{role}'")[0][0])


def owner(story: Story) -> str:
    return str(story.rows("SELECT owner_id FROM escalation")[0][0])


def test_a_case_is_handed_over_only_when_the_other_person_accepts(
    base: str, story: Story, signed_in: SignIn
) -> None:
    nurse, physician = signed_in(story.clinic, "nurse"), signed_in(story.clinic, "physician")
    nurse.post(f"{base}/accept")
    assert "Offer the case" in nurse.get(base).text
    offered = nurse.post(f"{base}/hand-over", data={"to": id_of(story, "physician")})
    assert offered.headers["location"].endswith("done=handed-over")
    assert owner(story) == id_of(story, "nurse")

    shown = physician.get(base).text
    assert "I take this case over" in shown
    assert "Until then it stays with you" in nurse.get(base).text
    assert owner(story) == id_of(story, "nurse"), "looking at an offer accepts nothing"
    physician.post(f"{base}/hand-over/accept")
    assert owner(story) == id_of(story, "physician")
    assert story.rows("SELECT state FROM escalation") == [("accepted",)]


def test_an_offer_that_is_refused_leaves_the_case_with_its_owner(
    base: str, story: Story, signed_in: SignIn
) -> None:
    nurse, physician = signed_in(story.clinic, "nurse"), signed_in(story.clinic, "physician")
    nurse.post(f"{base}/accept")
    nurse.post(f"{base}/hand-over", data={"to": id_of(story, "physician")})
    assert physician.post(f"{base}/hand-over/decline").status_code == 303
    assert owner(story) == id_of(story, "nurse")
    assert physician.post(f"{base}/hand-over/accept").status_code == 404
    assert "Offer the case" in nurse.get(base).text


@pytest.mark.parametrize("to", ["", "nobody", "nurse", "coordinator"])
def test_a_case_is_not_offered_to_nobody_oneself_or_who_may_not_have_it(
    base: str, story: Story, signed_in: SignIn, to: str
) -> None:
    nurse = signed_in(story.clinic, "nurse")
    nurse.post(f"{base}/accept")
    wanted = id_of(story, to) if to in ("nurse", "coordinator") else to
    answer = nurse.post(f"{base}/hand-over", data={"to": wanted})
    assert answer.status_code == 422
    assert 'id="to-wrong"' in answer.text
    assert story.rows("SELECT count(*) FROM hand_over") == [(0,)]


def test_who_does_not_have_a_case_can_not_hand_it_over(base: str, story: Story, signed_in: SignIn) -> None:
    signed_in(story.clinic, "nurse").post(f"{base}/accept")
    answer = signed_in(story.clinic, "physician").post(
        f"{base}/hand-over", data={"to": id_of(story, "physician")}
    )
    assert answer.status_code == 403
    assert story.rows("SELECT count(*) FROM hand_over") == [(0,)]


@pytest.fixture
def unreachable(base: str, story: Story, signed_in: SignIn) -> str:
    """The page of a case whose patient was tried three times in vain."""
    nurse = signed_in(story.clinic, "nurse")
    nurse.post(f"{base}/accept")
    for how in ("phone", "helper_phone", "phone"):
        tried = nurse.post(f"{base}/attempts", data={"outcome": "no_answer", "how": how})
        assert tried.status_code == 303
    assert story.rows("SELECT state FROM escalation") == [("unreachable",)]
    return base


def test_a_nurse_reads_that_a_physician_has_to_decide(
    unreachable: str, story: Story, signed_in: SignIn
) -> None:
    nurse = signed_in(story.clinic, "nurse")
    shown = nurse.get(unreachable).text
    assert "A physician has to decide" in shown
    assert 'name="decision"' not in shown
    asked = {"decision": "welfare_check", "reason": "she lives alone"}
    assert nurse.post(f"{unreachable}/decide", data=asked).status_code == 403
    assert story.rows("SELECT state FROM escalation") == [("unreachable",)]


@pytest.mark.parametrize(
    ("decision", "state"),
    [("keep_trying", "contacting"), ("welfare_check", "contacted"), ("sent_to_emergency", "contacted")],
)
def test_a_physician_decides_with_a_reason(
    unreachable: str, story: Story, signed_in: SignIn, decision: str, state: str
) -> None:
    physician = signed_in(story.clinic, "physician")
    assert 'name="decision"' in physician.get(unreachable).text
    reasonless = physician.post(f"{unreachable}/decide", data={"decision": decision, "reason": " "})
    assert reasonless.status_code == 422
    assert 'id="reason-wrong"' in reasonless.text
    assert "checked" in reasonless.text, "what was chosen is still chosen"
    decided = physician.post(f"{unreachable}/decide", data={"decision": decision, "reason": "lives alone"})
    assert decided.status_code == 303
    assert story.rows("SELECT state FROM escalation") == [(state,)]
    shown = physician.get(unreachable).text
    assert "lives alone" in shown, "whoever has it next reads why"
    assert ("no; a physician decided" in shown) is (state == "contacted"), "nobody has reached the patient"


def test_a_helpers_number_is_dialed_without_what_a_phone_can_not_dial(
    story: Story, signed_in: SignIn
) -> None:
    story.enroll(helper_name="Joan", helper_phone="(415) 555-0129 x12")
    story.writes(URGENT)
    [(case_id,)] = story.rows("SELECT id FROM escalation")
    assert 'href="tel:4155550129"' in signed_in(story.clinic, "nurse").get(f"/escalations/{case_id}").text


def test_a_decision_that_nobody_offered_changes_nothing(
    unreachable: str, story: Story, signed_in: SignIn
) -> None:
    physician = signed_in(story.clinic, "physician")
    answer = physician.post(f"{unreachable}/decide", data={"decision": "close", "reason": "x"})
    assert answer.status_code == 422
    assert 'id="decision-wrong"' in answer.text
    assert story.rows("SELECT state FROM escalation") == [("unreachable",)]


def test_anybody_makes_a_case_an_emergency_with_a_reason(
    base: str, story: Story, coordinator: TestClient
) -> None:
    assert coordinator.post(f"{base}/raise", data={"raise_reason": ""}).status_code == 422
    assert story.rows("SELECT tier FROM escalation") == [("urgent",)]
    raised = coordinator.post(f"{base}/raise", data={"raise_reason": "her husband called: she can't stand"})
    assert raised.status_code == 303
    assert story.rows("SELECT tier FROM escalation") == [("emergency",)]


def test_only_a_license_lowers_a_case_and_never_puts_a_clock_back(
    story: Story, coordinator: TestClient, signed_in: SignIn
) -> None:
    base = opened(story, EMERGENCY)
    clocks = "SELECT kind, due_at FROM escalation_timer WHERE cancelled_at IS NULL ORDER BY kind"
    before = story.rows(clocks)
    assert "This is not an emergency" not in coordinator.get(base).text
    assert coordinator.post(f"{base}/lower", data={"lower_reason": "x"}).status_code == 403
    manager = signed_in(story.clinic, "manager")
    assert manager.post(f"{base}/lower", data={"lower_reason": "x"}).status_code == 403
    nurse = signed_in(story.clinic, "nurse")
    assert nurse.post(f"{base}/lower", data={"lower_reason": " "}).status_code == 422
    assert story.rows("SELECT tier FROM escalation") == [("emergency",)]
    assert nurse.post(f"{base}/lower", data={"lower_reason": "meant her cast"}).status_code == 303
    assert story.rows("SELECT tier FROM escalation") == [("urgent",)]
    assert story.rows(clocks) == before


def test_a_closed_case_is_neither_raised_nor_lowered_nor_handed_over(
    base: str, story: Story, signed_in: SignIn
) -> None:
    nurse = signed_in(story.clinic, "nurse")
    nurse.post(f"{base}/accept")
    assert (
        nurse.post(f"{base}/close", data={"disposition": "false_alarm", "note": "a joke"}).status_code == 303
    )
    refused = {
        "raise": {"raise_reason": "x"}, "lower": {"lower_reason": "x"},
        "hand-over": {"to": id_of(story, "physician")},
    }  # fmt: skip
    for verb, data in refused.items():
        assert nurse.post(f"{base}/{verb}", data=data).status_code in (403, 409)
    assert story.rows("SELECT state, tier FROM escalation") == [("closed", "urgent")]
    shown = nurse.get(base).text
    for words in ("Offer the case", "This is an emergency", "I take this case"):
        assert words not in shown


@pytest.fixture
def strangers(base: str, story: Story) -> str:
    """The page of a case of a number that nobody knows, beside the open case of a patient."""
    story.writes("my wife can't feel her legs", "+14155550177")
    [(case_id,)] = story.rows("SELECT id FROM escalation WHERE patient_id IS NULL")
    return f"/escalations/{case_id}"


def test_a_strangers_case_is_merged_into_the_one_it_belongs_to(
    base: str, strangers: str, story: Story, signed_in: SignIn
) -> None:
    nurse = signed_in(story.clinic, "nurse")
    assert "This belongs to another open case" in nurse.get(strangers).text
    assert "This belongs to another open case" not in nurse.get(base).text
    merged = nurse.post(f"{strangers}/merge", data={"into": base.rpartition("/")[2]})
    assert merged.headers["location"].endswith("done=merged")
    assert story.rows("SELECT state FROM escalation WHERE patient_id IS NULL") == [("merged",)]
    assert "feel her legs" in nurse.get(base).text


@pytest.mark.parametrize("into", ["", "itself", "01890000-0000-7000-8000-000000000000", "case 7"])
def test_a_case_is_not_merged_into_itself_or_nothing(
    strangers: str, story: Story, signed_in: SignIn, into: str
) -> None:
    wanted = strangers.rpartition("/")[2] if into == "itself" else into
    answer = signed_in(story.clinic, "nurse").post(f"{strangers}/merge", data={"into": wanted})
    assert answer.status_code == 422
    assert 'id="into-wrong"' in answer.text
    assert story.rows("SELECT count(*) FROM escalation WHERE state = 'merged'") == [(0,)]


def test_cases_of_two_patients_are_never_merged(base: str, story: Story, signed_in: SignIn) -> None:
    story.enroll(name="Tom Becker", phone="+14155550178")
    story.writes(URGENT, "+14155550178")
    [(other,)] = story.rows("SELECT id FROM escalation ORDER BY id DESC LIMIT 1")
    answer = signed_in(story.clinic, "nurse").post(f"{base}/merge", data={"into": str(other)})
    assert answer.status_code == 422
    assert story.rows("SELECT count(*) FROM escalation WHERE state = 'merged'") == [(0,)]
