"""What texting costs: exact segments always, money where a price is known."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from followup.bootstrap import House
from followup.cli import run
from followup.errors import ConfigurationError, InvalidInput
from followup.kit.gsm import count_segments
from followup.kit.money import Money, MoneyError
from followup.outreach.dispatch import dispatch_due
from followup.pathways.booklet import booklet
from followup.pathways.library import Library
from followup.pathways.vocabulary import Harvest
from followup.reporting.cost import month_days, recovery_costs
from followup.settings import load
from tests.cast import INES, TUESDAY, open_clinic


def test_a_recovery_costs_what_its_texts_have_in_segments(library: Library) -> None:
    pathway = library.pathways["stem-cell-back"]
    costs = recovery_costs(pathway)
    assert {(each.language, each.harvest) for each in costs} == {
        (language, harvest)
        for language in pathway.languages
        for harvest in (Harvest.BONE_MARROW, Harvest.FAT)
    }
    for each in costs:
        leaves = booklet(pathway, each.language, each.harvest).leaves
        every = sum(count_segments(one.body).segments for leaf in leaves for one in leaf.sayings)
        first = sum(count_segments(leaf.sayings[0].body).segments for leaf in leaves)
        assert (each.planned, each.most, each.texts) == (first, every, len(leaves))


def test_the_command_tells_segments_and_money_only_with_a_price(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FOLLOWUP_SEGMENT_PRICE", raising=False)
    assert run(["pathway", "cost", "stem-cell-back"]) == 0
    shown = capsys.readouterr().out
    assert "es, fat: " in shown
    assert "USD" not in shown
    assert "No price is known" in shown
    monkeypatch.setenv("FOLLOWUP_SEGMENT_PRICE", "0.01 USD")
    assert run(["pathway", "cost", "stem-cell-back"]) == 0
    assert "at most 50 segments (0.50 USD)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "written", ["", "cheap", "0.01", "USD 0.01", "-1 USD", "1e3 USD", "NaN USD", "0.01 usd"]
)
def test_a_price_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse(written)


def test_a_wrong_price_is_refused_by_its_setting_and_by_its_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ConfigurationError, match="FOLLOWUP_SEGMENT_PRICE"):
        load({"FOLLOWUP_SEGMENT_PRICE": "cheap"})
    assert run(["pathway", "cost", "stem-cell-back", "--price", "cheap"]) == 2
    assert "price: Write an amount" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("2026-11", (date(2026, 11, 1), date(2026, 11, 30))),
        ("2026-12", (date(2026, 12, 1), date(2026, 12, 31))),
        ("2028-02", (date(2028, 2, 1), date(2028, 2, 29))),
        ("", (date(2026, 6, 1), date(2026, 6, 30))),
    ],
)
def test_a_month_is_read(written: str, days: tuple[date, date]) -> None:
    assert month_days(written, date(2026, 6, 2)) == days


@pytest.mark.parametrize("written", ["2026", "2026-13", "November", "2026-11-01", "0-1"])
def test_what_is_no_month_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput):
        month_days(written, date(2026, 6, 2))


def test_a_clinics_month_is_told_by_the_command(at_home: House, capsys: pytest.CaptureFixture[str]) -> None:
    clinic = open_clinic(at_home)
    clinic.enroll(INES)
    dispatch_due(at_home.database, now=TUESDAY)
    with clinic.session() as session:
        taken = {"at": datetime(2026, 6, 1, 4, 59, tzinfo=UTC)}  # the last minute of May in Chicago
        session.execute(text("UPDATE message SET state = 'accepted', accepted_at = :at, segments = 2"), taken)
    assert run(["clinic", "cost", "riverbend", "--month", "2026-05", "--price", "0.01 USD"]) == 0
    shown = capsys.readouterr().out
    assert "riverbend, 2026-05: 2 segments (0.02 USD), 1 text" in shown
    assert "stem-cell-back, en, welcome: 2 segments (0.02 USD), 1 text" in shown
    assert run(["clinic", "cost", "riverbend", "--month", "2026-06"]) == 0
    assert "riverbend, 2026-06: 0 segments, 0 texts" in capsys.readouterr().out
