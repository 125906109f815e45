"""What a quality review needs: one case's timeline with its targets and its hash, and many cases counted."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import create_engine, text

from followup.audit.seal import seal_all
from followup.kit.clock import ClockFile
from tests.doors.conftest import NOW, SmallClinic, Story

SignIn = Callable[[SmallClinic, str], TestClient]


def rows(answer: Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def later(story: Story, minutes: float) -> None:
    clock = story.house.clock
    assert isinstance(clock, ClockFile)
    clock.set(NOW + timedelta(minutes=minutes), speed=0)


def handle(
    story: Story,
    nurse: TestClient,
    *,
    accepted: float = 2,
    disposition: str = "seen_today",
    number: str = "+14155550123",
) -> str:
    """A case that a nurse accepts, whose patient is reached 10 minutes later and that is closed 20 after that."""
    later(story, 0)
    story.enroll(phone=number, name=f"Ines Ortega {number[-1]}")
    story.writes("my leg feels weaker since last night", number)
    [(case_id,)] = story.rows("SELECT id FROM escalation ORDER BY id DESC LIMIT 1")
    base = f"/escalations/{case_id}"
    later(story, accepted)
    assert nurse.post(f"{base}/accept").status_code == 303
    later(story, accepted + 10)
    said = {"outcome": "reached", "how": "phone", "read_back": "yes", "note": "weak left foot"}
    assert nurse.post(f"{base}/attempts", data=said).status_code == 303
    later(story, accepted + 12)
    done = {"disposition": disposition, "note": "comes at eight"}
    assert nurse.post(f"{base}/close", data=done).status_code == 303
    return base


def milestones(shown: str) -> dict[str, list[str]]:
    table = shown[shown.index("What had to happen") : shown.index("What it stood on")]
    found = [
        [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<td>(.*?)</td>", row, re.DOTALL)
        ]
        for row in re.findall(r"<tr><td>.*?</tr>", table, re.DOTALL)
    ]
    return {cells[0]: cells[1:] for cells in found}


def test_a_case_in_time_says_so_against_the_clinics_targets(story: Story, signed_in: SignIn) -> None:
    nurse = signed_in(story.clinic, "nurse")
    base = handle(story, nurse)
    found = milestones(nurse.get(f"{base}/evidence").text)
    assert list(found) == [
        "Received", "Assessed", "First page handed to the carrier", "First page delivered", "Accepted",
        "Patient contacted", "Closed",
    ]  # fmt: skip
    assert found["Accepted"][1:] == ["2 min after received", "Target 5 min", "in time"]
    assert found["Patient contacted"][1:] == ["10 min after accepted", "Target 30 min", "in time"]
    assert found["Closed"][1:] == ["2 min after patient contacted", "Target 2 h", "in time"]
    assert found["First page delivered"][0] == "not yet", "nobody sends pages in this test"


def test_a_late_acceptance_is_called_late(story: Story, signed_in: SignIn) -> None:
    nurse = signed_in(story.clinic, "nurse")
    base = handle(story, nurse, accepted=7)
    assert milestones(nurse.get(f"{base}/evidence").text)["Accepted"][-1] == "late"


def test_the_evidence_names_no_patient_and_quotes_no_message(story: Story, signed_in: SignIn) -> None:
    nurse = signed_in(story.clinic, "nurse")
    shown = nurse.get(f"{handle(story, nurse)}/evidence").text
    for private in ("Ines", "Ortega", "leg feels", "0123", "weak left foot", "comes at eight"):
        assert private not in shown
    assert "accept escalation" in shown


def test_the_evidence_ends_with_the_hash_of_the_last_record(story: Story, signed_in: SignIn) -> None:
    nurse = signed_in(story.clinic, "nurse")
    base = handle(story, nurse)
    assert "join the chain within seconds" in nurse.get(f"{base}/evidence").text
    seal_all(story.house.database, settled_after=0)
    shown = nurse.get(f"{base}/evidence").text
    case_id = base.rpartition("/")[2]
    with story.house.database.transaction(story.clinic.id) as session:
        sealed = session.scalar(
            text(
                "SELECT hash FROM audit_event WHERE subject_id = :case AND hash IS NOT NULL"
                " ORDER BY seq DESC LIMIT 1"
            ),
            {"case": case_id},
        )
    assert sealed
    assert bytes(sealed).hex() in shown


def test_the_evidence_of_a_case_that_nobody_has_says_what_is_missing(
    story: Story, coordinator: TestClient
) -> None:
    story.enroll()
    story.writes("my leg feels weaker since last night")
    [(case_id,)] = story.rows("SELECT id FROM escalation")
    found = milestones(coordinator.get(f"/escalations/{case_id}/evidence").text)
    assert [found[each][0] for each in ("Accepted", "Patient contacted", "Closed")] == ["not yet"] * 3


def test_quality_counts_tiers_hours_and_rules(story: Story, signed_in: SignIn) -> None:
    nurse = signed_in(story.clinic, "nurse")
    handle(story, nurse)
    handle(story, nurse, accepted=8, disposition="expected", number="+14155550124")
    [urgent, whole] = rows(nurse.get("/escalations/quality/tiers.csv"))
    assert urgent["tier"] == "urgent"
    assert (urgent["cases"], urgent["minutes to accept"], urgent["percent accepted in time"]) == (
        "2", "5.0", "50.0",
    )  # fmt: skip
    assert whole["cases"] == "2"
    [rule] = rows(nurse.get("/escalations/quality/rules.csv"))
    assert (rule["cases"], rule["closed"], rule["needed something"]) == ("2", "2", "1")
    assert rule["percent that needed something"] == "50.0"
    [hour] = rows(nurse.get("/escalations/quality/hours.csv"))
    assert re.fullmatch(r"\d\d:00", hour["hour"])
    shown = nurse.get("/escalations/quality").text
    for words in ("By tier", "By hour", "By rule", 'role="img"', "The same numbers are in the table below"):
        assert words in shown
    assert "Ines" not in shown


def test_quality_of_days_without_a_case_says_so(coordinator: TestClient) -> None:
    assert "No case was opened in these days" in coordinator.get("/escalations/quality").text


@pytest.mark.parametrize("name", ["people", "tiers.exe", "..%2ftiers"])
def test_a_table_that_does_not_exist_is_not_found(coordinator: TestClient, name: str) -> None:
    assert coordinator.get(f"/escalations/quality/{name}.csv").status_code == 404


def test_days_that_are_no_days_are_said_at_their_field(coordinator: TestClient) -> None:
    answer = coordinator.get("/escalations/quality", params={"from": "yesterday-ish"})
    assert answer.status_code == 422
    assert 'id="from-wrong"' in answer.text


def test_a_name_of_a_rule_that_looks_like_a_formula_is_text_in_the_file(
    story: Story, signed_in: SignIn, owner_url: str
) -> None:
    nurse = signed_in(story.clinic, "nurse")
    handle(story, nurse)
    owner = create_engine(owner_url)
    with owner.begin() as connection:
        connection.execute(text("UPDATE escalation_signal SET rule = '=HYPERLINK(1)'"))
    owner.dispose()
    [rule] = rows(nurse.get("/escalations/quality/rules.csv"))
    assert rule["rule"] == "'=HYPERLINK(1)"
