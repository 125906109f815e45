"""Work that can wait stands aside in its process, and never for long."""

from __future__ import annotations

import threading
import time

import pytest

from followup.kit.way import give_way, goes_first


def test_the_way_is_free_when_nothing_goes_first() -> None:
    assert give_way(longest=0)


def test_who_can_wait_waits_until_the_other_is_done() -> None:
    inside, done, order = threading.Event(), threading.Event(), []

    def urgent() -> None:
        with goes_first():
            inside.set()
            done.wait(30)
            order.append("urgent")

    def routine() -> None:
        give_way(longest=30)
        order.append("routine")

    first = threading.Thread(target=urgent)
    first.start()
    inside.wait(30)
    second = threading.Thread(target=routine)
    second.start()
    done.set()
    first.join()
    second.join()
    assert order == ["urgent", "routine"]


def test_nobody_waits_longer_than_told() -> None:
    with goes_first():
        began = time.monotonic()
        assert not give_way(longest=0.05)
        assert 0.05 <= time.monotonic() - began < 5


def test_an_error_gives_the_way_free_again() -> None:
    with pytest.raises(ZeroDivisionError), goes_first():
        _ = 1 / 0
    assert give_way(longest=0)
