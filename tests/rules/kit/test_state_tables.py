"""Tables of moves and ranks."""

from __future__ import annotations

from enum import StrEnum

import pytest

from followup.kit.states import ForbiddenMove, Moves, Ranks


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    BROKEN = "broken"


MOVES = Moves({Light.RED: {Light.GREEN, Light.BROKEN}, Light.GREEN: {Light.RED}})
RANKS: Ranks[Light] = Ranks([Light.RED, (Light.GREEN, Light.BROKEN)])


def test_a_move_outside_the_table_is_refused_and_named() -> None:
    with pytest.raises(ForbiddenMove, match="cannot go from broken to red"):
        MOVES.check(Light.BROKEN, Light.RED)


def test_staying_is_not_a_move() -> None:
    assert not MOVES.allows(Light.RED, Light.RED)


def test_the_guard_of_a_state_names_every_state_before_it() -> None:
    MOVES.check(Light.RED, Light.GREEN)
    assert MOVES.before(Light.RED) == {Light.GREEN}
    assert MOVES.after(Light.RED) == {Light.GREEN, Light.BROKEN}
    assert MOVES.is_final(Light.BROKEN)
    assert MOVES.reachable(Light.GREEN) == set(Light)


def test_a_rank_only_goes_forward_and_equal_ranks_do_not_replace_each_other() -> None:
    assert RANKS.is_forward(Light.RED, Light.BROKEN)
    assert not RANKS.is_forward(Light.GREEN, Light.BROKEN)
    assert not RANKS.is_forward(Light.GREEN, Light.RED)
    assert RANKS.below(Light.GREEN) == {Light.RED}
    assert RANKS.rank(Light.RED) == 0
