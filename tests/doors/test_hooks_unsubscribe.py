"""The unsubscribe link of mails: a POST ends mails, nothing else does, and nobody has to sign in."""

from __future__ import annotations

import http.client
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from followup.bootstrap import House, build
from followup.db.session import Bell
from followup.patients.models import Consent, ContactPoint
from followup.settings import Settings
from tests.doors.hooks_of_the_test import app_of, served
from tests.stages.replies.small_clinic import SmallClinic


@pytest.fixture
def house(settings: Settings, rung: list[Bell]) -> Iterator[House]:
    built = build(settings, ringer=rung.extend)
    yield built
    built.database.dispose()


@pytest.fixture
def web(house: House) -> Iterator[str]:
    with served(app_of(house)) as url:
        yield url


@pytest.fixture
def clinic(house: House) -> SmallClinic:
    clinic = SmallClinic(house).open()
    clinic.enroll(phone=None, email="ines@mail.example")
    return clinic


@pytest.fixture
def link(house: House, clinic: SmallClinic) -> str:
    """The link as it stands in a mail."""
    return urllib.parse.urlsplit(house.outside.mail_frame.unsubscribe_url(clinic.point.id)).path


def ask(web: str, method: str, path: str, body: str = "") -> tuple[int, str]:
    parts = urllib.parse.urlsplit(web)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    connection.request(method, path, body=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    words = answer.read().decode()
    connection.close()
    return answer.status, words


def test_one_click_ends_mails_and_repeating_it_changes_nothing(web, clinic, link):
    for _ in range(2):
        status, words = ask(web, "POST", link, "List-Unsubscribe=One-Click")
        assert (status, "no more emails" in words) == (200, True)
    assert clinic.point.opted_out_at is not None
    revoked = [each for each in clinic.all(Consent) if each.decision == "revoked"]
    assert [each.how for each in revoked] == ["email"]


def test_opening_the_link_only_shows_a_button(web, clinic, link):
    status, words = ask(web, "GET", link)
    assert (status, '<button type="submit">' in words) == (200, True)
    assert clinic.point.opted_out_at is None
    assert "Ines" not in words
    assert "Riverbend" not in words


def test_a_forged_or_foreign_link_ends_nothing(web, house, clinic):
    later = datetime.now(UTC) + timedelta(days=1)
    for token in (
        "forged",
        house.seal("accept").sign(str(clinic.point.id), expires_at=later),
        house.seal("unsubscribe").sign("not an id", expires_at=later),
        house.seal("unsubscribe").sign("00000000-0000-0000-0000-000000000000", expires_at=later),
        house.seal("unsubscribe").sign(
            str(clinic.point.id), expires_at=datetime.now(UTC) - timedelta(days=1)
        ),
    ):
        assert ask(web, "POST", f"/u/{token}")[0] == 404
    assert [point.opted_out_at for point in clinic.all(ContactPoint)] == [None]
