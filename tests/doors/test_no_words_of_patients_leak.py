"""Words of an invented patient are planted in a whole journey and searched wherever they must not be (I10).

Sealed columns, the patient's own pages and the text to the patient's own phone are where they belong. Logs,
metrics, health pages, bells, the broker, addresses, pages to staff and every plain column are not.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator

import pytest
import redis
from celery import Celery
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DataError

from followup import log
from followup.bootstrap import House
from followup.db.base import Base
from followup.db.session import Bell
from followup.gateways.bell import CeleryBell
from tests.doors.conftest import Story

NAME, NUMBER, MAIL = "Zebulon Quixmarker", "+14155550177", "zebulon.quixmarker@patients.example"
WORDS = "my leg feels weaker since last night, says zanzibarmarker"
REASON = "because of plumbusmarker"
MARKERS = ("zebulon", "quixmarker", "4155550177", "555-0177", "zanzibarmarker", "plumbusmarker")


def found_in(words: str) -> list[str]:
    """Which markers a text holds."""
    return [each for each in MARKERS if each in words.lower()]


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, at the most talkative level, as production formats it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    log.configure(level=logging.DEBUG)
    for name in ("sqlalchemy.engine", "celery", "kombu", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.INFO)
    written = io.StringIO()
    (handler,) = logging.root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    for name in ("sqlalchemy.engine", "celery", "kombu", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def addresses_of(page: str) -> str:
    """Every address that a page asks a server for; a link that dials a number asks none."""
    found = re.findall(r"(?:href|action|src|hx-\w+)=\"([^\"]*)\"", page)
    return " ".join(each for each in found if not each.startswith(("tel:", "mailto:")))


def plain_columns(story: Story) -> dict[str, str]:
    """Every column of every table of the clinic that is not sealed, as text."""
    found = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if "clinic_id" in table.columns and not column.name.endswith(("_sealed", "_blind")):
                rows = story.rows(f'SELECT "{column.name}"::text FROM {table.name}')
                found[f"{table.name}.{column.name}"] = " ".join(str(row[0]) for row in rows)
    return found


def sealed_columns(story: Story) -> bytes:
    """Every sealed value of the clinic, as it is stored."""
    found = b""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if "clinic_id" in table.columns and column.name.endswith("_sealed"):
                found += b" ".join(
                    bytes(row[0] or b"") for row in story.rows(f"SELECT {column.name} FROM {table.name}")
                )
    return found


def test_words_of_a_patient_are_nowhere_but_where_they_belong(
    story: Story,
    coordinator: TestClient,
    machine: TestClient,
    house: House,
    rung: list[Bell],
    redis_url: str,
    logged: io.StringIO,
) -> None:
    told = story.enroll(name=NAME, phone=NUMBER, performed_on="2026-02-24")
    refused = machine.post("/api/v1/enrollments", json={"patient": {"name": NAME, "phone": "555-0177"}})
    assert refused.status_code == 422
    story.writes(WORDS, number=NUMBER)
    story.writes("STOP", number=NUMBER)
    story.writes(WORDS, number="+14155550178")
    shown = coordinator.get(f"/patients/{told['patient_id']}")
    assert NAME in shown.text, "the test looks at nothing if the patient is not there"
    searched = coordinator.post("/patients/search", data={"q": "quixmarker"})
    assert NAME in searched.text
    coordinator.get("/patients/search", params={"q": NAME})
    coordinator.post(f"/enrollments/{told['id']}/pause", data={"reason": REASON})
    case = story.rows("SELECT id FROM escalation LIMIT 1")[0][0]
    pages = [shown.text, searched.text, *(coordinator.get(each).text for each in ("/", "/inbox", "/tasks"))]
    pages.append(coordinator.get(f"/escalations/{case}").text)
    with pytest.raises(DataError, match="Quixmarker"), house.database.transaction(story.clinic.id) as session:
        session.execute(text("SELECT CAST(:word AS integer)"), {"word": f"{NAME} {NUMBER}"})
    try:
        int(f"{NAME} {NUMBER} {MAIL}")
    except ValueError:
        log.logger("followup.test").exception(
            "something failed", body=WORDS, name=NAME, phone=NUMBER, email=MAIL
        )

    assert "something failed" in logged.getvalue(), "the test hears no log"
    assert "ValueError" in logged.getvalue()
    assert [line for line in logged.getvalue().splitlines() if found_in(line)] == []
    for page in pages:
        assert found_in(addresses_of(page)) == []
    for path in ("/metrics", "/healthz", "/readyz", "/api/v1/openapi.json"):
        assert found_in(coordinator.get(path).text) == [], path
    assert rung
    assert found_in(" ".join(f"{bell.name} {bell.ids}" for bell in rung)) == []
    CeleryBell(Celery("markers", broker=redis_url.replace("unix://", "redis+socket://")))(rung)
    with redis.Redis.from_url(redis_url) as broker:
        kept = b" ".join(broker.dump(key) or b"" for key in broker.scan_iter())
    assert b"care." in kept
    assert found_in(kept.decode("latin-1")) == []
    assert {name: found for name, words in plain_columns(story).items() if (found := found_in(words))} == {}
    assert found_in(sealed_columns(story).decode("latin-1")) == []


def test_a_page_to_staff_names_no_patient(story: Story) -> None:
    story.enroll(name=NAME, phone=NUMBER, performed_on="2026-02-24")
    story.writes(WORDS, number=NUMBER)
    columns = story.rows("SELECT column_name FROM information_schema.columns WHERE table_name = 'page'")
    rows = story.rows("SELECT row_to_json(page)::text FROM page")
    assert rows
    assert columns
    assert found_in(" ".join(row[0] for row in rows)) == []
