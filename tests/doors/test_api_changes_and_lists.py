"""Changing what runs, and reading lists, through the JSON API."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.doors.least_enrollment import LEAST


def test_pausing_resuming_and_withdrawing(machine: TestClient) -> None:
    told = machine.post("/api/v1/enrollments", json=LEAST).json()
    base = f"/api/v1/enrollments/{told['id']}"
    assert machine.post(f"{base}/pause", json={"reason": "in hospital"}).json()["state"] == "paused"
    assert machine.post(f"{base}/pause", json={"reason": "again"}).status_code == 409
    assert machine.post(f"{base}/resume").json()["state"] == "active"
    gone = machine.post(f"{base}/withdraw", json={"reason": "patient_asked"}).json()
    assert gone["state"] == "withdrawn"
    assert "planned" not in {each["state"] for each in gone["touchpoints"]}
    assert machine.post(f"{base}/withdraw", json={"reason": "bored"}).status_code == 422


def test_a_date_is_moved_only_as_the_preview_showed(machine: TestClient) -> None:
    told = machine.post("/api/v1/enrollments", json=LEAST).json()
    base = f"/api/v1/enrollments/{told['id']}"
    asked = {"performed_on": "2026-03-12", "preview": True}
    preview = machine.post(f"{base}/move-date", json=asked).json()
    assert preview["applied"] is False
    assert "moved" in {each["kind"] for each in preview["changes"]}
    assert machine.get(base).json()["performed_on"] == "2026-03-05"

    machine.post(f"{base}/pause", json={"reason": "changed meanwhile"})
    stale = {"performed_on": "2026-03-12", "version": preview["version"]}
    assert machine.post(f"{base}/move-date", json=stale).status_code == 409
    fresh = {"performed_on": "2026-03-12", "version": preview["version"] + 1}
    assert machine.post(f"{base}/move-date", json=fresh).json()["applied"] is True
    assert machine.get(base).json()["performed_on"] == "2026-03-12"


def test_lists_are_paged_by_a_cursor(machine: TestClient) -> None:
    told = machine.post("/api/v1/enrollments", json=LEAST).json()
    seen: list[str] = []
    address = f"/api/v1/touchpoints?enrollment_id={told['id']}&limit=7"
    cursor: str | None = ""
    while cursor is not None:
        page = machine.get(address + (f"&cursor={cursor}" if cursor else "")).json()
        assert len(page["items"]) <= 7
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == sorted(each["id"] for each in told["touchpoints"])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=-1", 200), ("limit=-5", 200), ("limit=1000000000", 200), ("sort=password", 200),
        ("limit=x", 422), ("cursor=%00", 422), ("cursor=AAAA", 422), ("cursor=" + "A" * 999, 422),
        ("patient_id=1", 422), ("limit=1e400", 422),
    ],
)  # fmt: skip
def test_odd_paging_is_clamped_or_refused(machine: TestClient, query: str, status: int) -> None:
    """B119."""
    assert machine.get(f"/api/v1/messages?{query}").status_code == status
