"""From a phone through the carrier's webhook to a reply row, and what the carrier says about our answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from followup.bootstrap import House, build
from followup.db.session import Bell
from followup.lab import AUTH_TOKEN, INSTANT, SENDER, Lab
from followup.settings import Settings
from tests.doors.hooks_of_the_test import app_of, served
from tests.stages.replies.small_clinic import SmallClinic

PUBLIC = "https://followup.example"
INES = "+14155550101"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab.started(pace=INSTANT) as running:
        yield running


@pytest.fixture
def house(settings: Settings, rung: list[Bell], lab: Lab) -> Iterator[House]:
    changed = settings.model_validate(
        settings.model_dump()
        | {"public_url": PUBLIC, "twilio_account_sid": lab.account.sid, "twilio_auth_token": AUTH_TOKEN}
    )
    built = build(changed, ringer=rung.extend)
    yield built
    built.database.dispose()


@pytest.fixture
def clinic(house: House) -> SmallClinic:
    return SmallClinic(house, number=SENDER).open()


@pytest.fixture
def web(house: House, lab: Lab) -> Iterator[str]:
    with served(app_of(house)) as url:
        lab.route(PUBLIC, url)
        lab.sender(inbound_url=f"{PUBLIC}/hooks/twilio/sms#rc=5&rp=all")
        yield url


def test_a_text_from_a_phone_becomes_a_reply_and_the_carrier_is_content(web, lab, clinic):
    enrolled = clinic.enroll()
    handed = lab.phone(INES).sends("¿es normal el hormigueo? 👍")
    assert handed.status == 200
    clinic.process()
    assert (clinic.reply.patient_id, clinic.reply.body) == (
        enrolled.patient_id,
        "¿es normal el hormigueo? 👍",
    )
    lab.expect_webhooks_answered()
    lab.expect_nothing_else()


@pytest.mark.fault
def test_f50_copies_of_the_carrier_are_one_reply(web, lab, clinic):
    clinic.enroll()
    lab.fault("callbacks_copied", on="inbound", copies=5)
    lab.phone(INES).sends("3")
    clinic.process()
    assert clinic.reply.body == "3"


@pytest.mark.fault
def test_f56_the_carrier_may_change_its_token_while_both_are_known(settings, web, lab, clinic, house):
    clinic.enroll()
    lab.rotate_token("the-next-auth-token")
    assert lab.phone(INES).sends("3").status == 403
    rotated = house.settings.model_validate(
        house.settings.model_dump() | {"twilio_auth_token": f"the-next-auth-token,{AUTH_TOKEN}"}
    )
    other = build(rotated, ringer=lambda _bells: None)
    with served(app_of(other)) as url:
        lab.route(PUBLIC, url)
        assert lab.phone(INES).sends("4").status == 200
    other.database.dispose()


def test_a_picture_is_counted_and_not_fetched(web, lab, clinic):
    clinic.enroll()
    lab.phone(INES).sends("look", media=(("image/png", b"PNG"),))
    clinic.process()
    assert clinic.reply.media_count == 1
    assert lab.requests("media.fetch") == []


def test_the_carriers_own_keyword_with_its_add_on_is_answered_by_it_alone(
    settings, rung, house, web, lab, clinic
):
    clinic.enroll()
    lab.phone(INES).sends("STOP")
    clinic.process()
    assert clinic.point.opted_out_at is not None
    assert clinic.said == []
