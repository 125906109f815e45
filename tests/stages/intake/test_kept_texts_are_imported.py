"""What the fallback receiver kept is imported once, whatever else finds it, and nothing is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from followup.bootstrap import House, build
from followup.intake.models import ProviderEvent
from followup.intake.spool import BEFORE, SAFETY_TEXT, WITH_THIS, TextSpool
from followup.intake.states import EventKind
from followup.intake.store import store
from followup.intake.unspool import SAME_OUTAGE, import_spool, keep_lines, lines_of
from followup.kit.crypto import KeyRing
from followup.lab import SENDER
from followup.settings import Settings
from tests.household import MORNING
from tests.stages.replies.small_clinic import SmallClinic

INES, TOM = "+14155550101", "+14155550102"
SID = "SM" + "a" * 32


@pytest.fixture
def house(settings: Settings, rung: list[object]) -> Iterator[House]:
    built = build(settings, ringer=rung.extend)
    yield built
    built.database.dispose()


@pytest.fixture
def spool(house: House, tmp_path: Path) -> TextSpool:
    return TextSpool.at(tmp_path / "spool", most_bytes=1_000_000)


def fields(sid: str = SID, body: str = "my legs are numb", sender: str = INES) -> dict[str, str]:
    return {"MessageSid": sid, "From": sender, "To": SENDER, "Body": body, "NumMedia": "0"}


def events(house: House) -> list[ProviderEvent]:
    with house.database.engine() as session:
        return list(session.query(ProviderEvent).order_by(ProviderEvent.received_at, ProviderEvent.id))


def test_a_kept_text_becomes_the_raw_event_that_the_webhook_missed(
    house: House, spool: TextSpool, rung: list[object]
) -> None:
    spool.keep(SID, fields(), at=MORNING, told=WITH_THIS)
    done = import_spool(house.database, spool, now=MORNING + timedelta(minutes=9))
    assert (done.new, done.known, done.left) == (1, 0, 0)
    [event] = events(house)
    assert (event.kind, event.provider_key, event.our_address) == (EventKind.inbound_sms, SID, SENDER)
    assert (event.received_at, event.urgent_look) == (MORNING, True)
    assert event.payload["Body"] == "my legs are numb"
    assert event.payload[SAFETY_TEXT] == WITH_THIS
    assert rung
    assert spool.texts.names() == []


def test_importing_again_or_beside_the_list_stores_nothing_twice(house: House, spool: TextSpool) -> None:
    """I6."""
    spool.keep(SID, fields(), at=MORNING)
    event = spool.event(SID)
    with house.database.intake() as session:
        store(session, event)
    assert import_spool(house.database, spool, now=MORNING).known == 1
    assert import_spool(house.database, spool, now=MORNING).known == 0
    assert len(events(house)) == 1


def test_a_text_stays_kept_until_its_row_is_committed(
    settings: Settings, house: House, spool: TextSpool
) -> None:
    spool.keep(SID, fields(), at=MORNING)
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:9/x")
    away = build(settings.model_copy(update={"database_url": nowhere}), ringer=lambda _bells: None)
    with pytest.raises(Exception, match=r"(?i)connect"):
        import_spool(away.database, spool, now=MORNING)
    away.database.dispose()
    assert spool.texts.names() == [SID]
    assert import_spool(house.database, spool, now=MORNING).new == 1


def test_one_that_cannot_be_opened_is_told_and_holds_up_no_other(house: House, spool: TextSpool) -> None:
    spool.keep(SID, fields(), at=MORNING)
    spool.keep("SM" + "b" * 32, fields("SM" + "b" * 32), at=MORNING)
    moved = spool.texts.folder / f"{SID}.sealed"
    moved.write_bytes((spool.texts.folder / f"SM{'b' * 32}.sealed").read_bytes())
    done = import_spool(house.database, spool, now=MORNING)
    assert (done.new, done.left) == (1, 1)
    assert spool.texts.names() == [SID]


def test_keys_may_be_changed_while_texts_are_kept(house: House, spool: TextSpool) -> None:
    from followup.db import sealed

    old = sealed.ring()
    spool.keep(SID, fields(), at=MORNING)
    assert spool.note_told(INES, at=MORNING)
    sealed.install(KeyRing.from_texts(["cd" * 32, "ab" * 32]))
    try:
        assert not spool.note_told(INES, at=MORNING)
        assert import_spool(house.database, spool, now=MORNING).new == 1
    finally:
        sealed.install(old)


def test_a_number_is_told_again_only_in_another_outage(house: House, spool: TextSpool) -> None:
    assert spool.note_told(INES, at=MORNING)
    import_spool(house.database, spool, now=MORNING + timedelta(minutes=5))
    assert not spool.note_told(INES, at=MORNING + timedelta(minutes=6))
    import_spool(house.database, spool, now=MORNING + SAME_OUTAGE)
    assert spool.note_told(INES, at=MORNING + SAME_OUTAGE)


def test_a_second_text_of_a_number_that_was_told_says_so(house: House, spool: TextSpool) -> None:
    spool.keep(SID, fields(), at=MORNING, told=BEFORE)
    assert not spool.tells(SID)
    import_spool(house.database, spool, now=MORNING)
    assert events(house)[0].payload[SAFETY_TEXT] == BEFORE


def test_whose_number_is_whose_is_written_down_for_the_next_outage(house: House, spool: TextSpool) -> None:
    SmallClinic(house, number=SENDER).open()
    folder = spool.texts.folder
    assert lines_of(folder) == {}
    keep_lines(house.database, folder)
    first = (folder / "lines.json").stat().st_mtime_ns
    keep_lines(house.database, folder)
    assert (folder / "lines.json").stat().st_mtime_ns == first
    assert set(lines_of(folder)[SENDER]) == {"clinic_name", "urgent_phone"}
    (folder / "lines.json").write_text("{ broken")
    assert lines_of(folder) == {}
    keep_lines(house.database, folder)
    assert SENDER in json.loads((folder / "lines.json").read_text())
