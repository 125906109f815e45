"""Auditors read who did what, and take it with them; reading it is on record, too."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from fastapi.testclient import TestClient

from followup.audit.seal import seal_all
from followup.bootstrap import House
from tests.doors.conftest import SmallClinic, Story


def test_an_auditor_sees_what_was_done_and_who_read_it(
    story: Story, signed_in: Callable[..., TestClient], house: House
) -> None:
    told = story.enroll()
    nurse = signed_in(story.clinic, "nurse")
    assert nurse.get(f"/patients/{told['patient_id']}").status_code == 200
    seal_all(house.database, settled_after=0)
    auditor = signed_in(story.clinic, "auditor")
    shown = auditor.get("/audit").text
    assert "register patient" in shown
    assert "read patient" in shown
    assert "Nurse of riverbend" in shown
    assert "The chain holds" in shown
    assert "Ortega" not in shown
    one = auditor.get("/audit", params={"patient": told["patient_id"]}).text
    assert "read patient" in one
    assert "sign in" not in one.split("<main")[1]
    assert ("read audit trail",) in story.rows("SELECT action FROM audit_event")


def test_the_export_is_a_file_that_no_spreadsheet_runs(
    story: Story, signed_in: Callable[..., TestClient], machine: TestClient
) -> None:
    told = story.enroll()
    coordinator = signed_in(story.clinic)
    coordinator.post(f"/enrollments/{told['id']}/pause", data={"reason": "=HYPERLINK(1)"})
    answer = signed_in(story.clinic, "clinic_admin").post("/audit/export")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-trail.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert {row["action"] for row in rows} >= {"register patient", "export audit trail"}
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


def test_only_those_who_may_see_it_do(story: Story, signed_in: Callable[..., TestClient]) -> None:
    nurse = signed_in(story.clinic, "nurse")
    assert nurse.get("/audit").status_code == 403
    assert nurse.post("/audit/export").status_code == 403


def test_odd_numbers_in_the_address_show_the_page_all_the_same(
    clinic: SmallClinic, signed_in: Callable[..., TestClient]
) -> None:
    """B119."""
    auditor = signed_in(clinic, "auditor")
    for before in ("-1", "0", "9" * 18, "9" * 40):
        assert auditor.get("/audit", params={"before": before}).status_code == 200, before
    assert auditor.get("/audit", params={"before": "x"}).status_code == 400
