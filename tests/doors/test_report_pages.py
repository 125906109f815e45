"""Reports count what happened in the days that were asked for, and say so in words, plots, tables and files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from followup.kit.clock import ClockFile
from followup.outreach.dispatch import dispatch_due
from tests.doors.conftest import NOW, SmallClinic, Story

LATER = {"to": (NOW + timedelta(days=10)).date().isoformat()}


def rows(answer: Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def check_in(story: Story) -> None:
    """The check-in of the first day goes out half an hour from now, and the carrier takes it."""
    at = NOW + timedelta(minutes=35)
    assert isinstance(story.house.clock, ClockFile)
    story.house.clock.set(at, speed=0)
    dispatch_due(story.house.database, now=at)
    with story.house.database.transaction(story.clinic.id) as session:
        session.execute(
            text(
                "UPDATE message SET state = 'delivered', claimable = false, called_at = :at, accepted_at = :at,"
                " final_at = :at, attempts = 1 WHERE state = 'queued'"
            ),
            {"at": at},
        )


def test_every_part_says_what_to_do_while_nothing_happened(coordinator: TestClient) -> None:
    shown = coordinator.get("/reports").text
    for words in (
        "No check-in was sent",
        "Nobody did in these days",
        "No task was opened",
        "No case was opened",
    ):
        assert words in shown


def test_an_answer_counts_for_its_step_and_a_case_for_its_tier(coordinator: TestClient, story: Story) -> None:
    story.enroll()
    check_in(story)
    [before] = rows(coordinator.get("/reports/response.csv", params=LATER))
    assert (before["step"], before["asked"], before["answered"]) == ("day-1-marrow", "1", "0")
    story.writes("my leg feels weaker since last night")
    shown = coordinator.get("/reports", params=LATER)
    assert shown.status_code == 200
    [step] = rows(coordinator.get("/reports/response.csv", params=LATER))
    assert (step["asked"], step["answered"], step["percent"], step["median minutes"]) == (
        "1",
        "1",
        "100.0",
        "0.0",
    )
    [case] = rows(coordinator.get("/reports/escalations.csv", params=LATER))
    assert (case["tier"], case["opened"], case["minutes to accept"]) == ("urgent", "1", "")
    assert '<rect class="part-0"' in shown.text
    assert "Check-ins answered, by day of recovery" in shown.text
    assert "style=" not in shown.text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"from": "2026-03-09", "to": "2026-03-01"}, "The first day is after the last one."),
        ({"from": "2020-01-01"}, "Ask for at most 184 days at once."),
        ({"from": "soon"}, "from-wrong"),
        ({"to": "31.31.2026"}, "to-wrong"),
    ],
)
def test_days_that_make_no_sense_are_answered_at_their_field(
    coordinator: TestClient, typed: dict[str, str], words: str
) -> None:
    shown = coordinator.get("/reports", params=typed)
    assert shown.status_code == 422
    assert words in shown.text
    assert coordinator.get("/reports/response.csv", params=typed).status_code == 422


def test_an_unknown_report_is_not_there(coordinator: TestClient) -> None:
    assert coordinator.get("/reports/gossip.csv").status_code == 404


def test_another_clinics_rows_are_not_counted(
    story: Story, make_clinic: Callable[[str, str], SmallClinic], signed_in: Callable[..., TestClient]
) -> None:
    story.enroll()
    check_in(story)
    theirs = signed_in(make_clinic("elsewhere", "+14155550177"))
    for name in ("response", "tasks", "escalations"):
        assert rows(theirs.get(f"/reports/{name}.csv", params=LATER)) == []
    days = rows(theirs.get("/reports/delivery.csv", params=LATER))
    assert {each["arrived"] for each in days} == {"0"}


def test_a_patients_pain_is_plotted_over_the_days_with_a_table_of_the_same_numbers(
    coordinator: TestClient, story: Story
) -> None:
    told = story.enroll()
    check_in(story)
    story.writes("6")
    address = f"/patients/{told['patient_id']}"
    assert 'class="plot"' not in coordinator.get(address).text
    story.writes("4")
    shown = coordinator.get(address).text
    assert "<title>1: 6</title>" in shown
    assert re.findall(r"<tr><td>(\d+)</td><td>(\d+)</td></tr>", shown) == [("1", "6"), ("1", "4")]
