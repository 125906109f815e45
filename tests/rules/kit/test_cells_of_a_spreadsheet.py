"""No cell of an export is run by the program that opens it."""

from __future__ import annotations

import csv
import io

import pytest

from followup.kit.cells import MARK, safe_cell, table


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_what_begins_like_a_formula_stays_text(first: str) -> None:
    assert safe_cell(f"{first}cmd|' /C calc'!A0").startswith("'")


def test_nul_cannot_hide_a_formula() -> None:
    assert safe_cell("\0=1+1") == "'=1+1"


def test_other_words_stay_as_they_are_and_nothing_is_empty() -> None:
    assert [safe_cell(each) for each in ("Ines", "O'Brien", 7, None)] == ["Ines", "O'Brien", "7", ""]


def test_a_table_can_be_read_back() -> None:
    written = table(["a", "b"], [["x,y", 'say "hi"'], ["two\nlines", "=1"]])
    assert written.startswith(MARK)
    read = list(csv.reader(io.StringIO(written.removeprefix(MARK))))
    assert read == [["a", "b"], ["x,y", 'say "hi"'], ["two\nlines", "'=1"]]
