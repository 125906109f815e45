"""A sender's rate holds from pump to pump: a new one starts with what the last one left of the budget."""

from __future__ import annotations

import pytest

from followup.messaging.throttle import Throttle

RATE = 5.0


def test_a_fresh_sender_starts_with_one_second_of_its_rate() -> None:
    assert Throttle(RATE).take([1] * 20, room=20) == 5


def test_a_second_pump_right_after_the_first_starts_with_nothing() -> None:
    first = Throttle(RATE)
    first.take([1] * 20, room=20)
    assert first.owed == pytest.approx(2.0, abs=0.1)
    assert Throttle(RATE, owed=first.owed).take([1] * 20, room=20) == 0


@pytest.mark.parametrize(("waited", "taken"), [(1.0, 0), (0.0, 5), (0.4, 3)])
def test_what_is_left_grows_with_the_time_that_has_passed(waited: float, taken: int) -> None:
    # Two seconds of the rate make a whole budget; what is owed is the time until it is whole.
    assert Throttle(RATE, owed=1.0 + waited).take([1] * 20, room=20) == taken
