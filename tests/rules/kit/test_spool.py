"""A spool keeps a file whole or not at all, once under its name, and says so when it can't."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from followup.kit.spool import Spool, SpoolError


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", 1_000)


def test_what_is_kept_is_read_back_and_can_be_forgotten(spool: Spool) -> None:
    assert spool.put("SM1", b"sealed")
    assert (spool.names(), spool.read("SM1"), spool.size()) == (["SM1"], b"sealed", 6)
    spool.remove("SM1")
    spool.remove("SM1")
    assert spool.names() == []


def test_nobody_else_may_read_the_folder_or_its_files(spool: Spool) -> None:
    spool.put("SM1", b"sealed")
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (spool.folder, spool.folder / "SM1.sealed")]
    assert modes == [0o700, 0o600]


def test_the_oldest_comes_first(spool: Spool) -> None:
    for age, name in enumerate(("b", "c", "a")):
        spool.put(name, b"x")
        os.utime(spool.folder / f"{name}.sealed", ns=(age, age))
    assert spool.names() == ["b", "c", "a"]


def test_a_name_is_kept_once_however_many_come_together(spool: Spool) -> None:
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda number: spool.put("SM1", b"%d" % number), range(24)))
    assert kept.count(True) == 1
    assert len(list(spool.folder.iterdir())) == 1


def test_a_full_spool_says_so_and_keeps_what_it_has(spool: Spool) -> None:
    spool.put("SM1", b"x" * 900)
    with pytest.raises(SpoolError, match="full"):
        spool.put("SM2", b"x" * 101)
    assert spool.names() == ["SM1"]
    spool.remove("SM1")
    assert spool.put("SM2", b"x" * 101)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    broken = Spool(tmp_path / "spool", 1_000)
    with pytest.raises(SpoolError, match="can't be written"):
        broken.put("SM1", b"x")
    assert not broken.can_be_written()


def test_a_trial_leaves_nothing_behind(spool: Spool) -> None:
    assert spool.can_be_written()
    assert list(spool.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a.b", "x" * 121, "SM1\n", "é"])
def test_a_name_that_could_lead_elsewhere_is_refused(spool: Spool, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        spool.put(name, b"x")
