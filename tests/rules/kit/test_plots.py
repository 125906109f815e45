"""Plots put their marks where the numbers are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followup.kit.plots import HEIGHT, LEFT, RIGHT, TOP, WIDTH, bars, curve, nice_ticks

FLOOR = bars(["a"], [[1.0]]).floor


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (100, (0, 25, 50, 75, 100)),
        (10, (0, 2.5, 5, 7.5, 10)),
        (7, (0, 2, 4, 6, 8)),
        (0.9, (0, 0.25, 0.5, 0.75, 1)),
    ],
)
def test_axes_have_round_steps(highest: float, ticks: tuple[float, ...]) -> None:
    assert nice_ticks(highest) == ticks


@given(st.floats(min_value=1e-6, max_value=1e9))
def test_axes_reach_the_highest_value_with_few_steps(highest: float) -> None:
    ticks = nice_ticks(highest)
    assert ticks[0] == 0
    assert ticks[-1] >= highest * (1 - 1e-6)
    assert 2 <= len(ticks) <= 6


def test_a_bar_of_half_the_axis_is_half_as_high_as_the_plot() -> None:
    [half, whole] = bars(["Mon", "Tue"], [[50.0], [100.0]], highest=100).bars
    assert half.height * 2 == whole.height == FLOOR - TOP
    assert (half.y + half.height, whole.y) == (FLOOR, TOP)
    assert half.label == "Mon: 50"


def test_parts_of_a_bar_stand_on_each_other_and_empty_ones_are_left_out() -> None:
    [low, high] = bars(["Mon"], [[3.0, 0.0, 1.0]], highest=4, parts=("a", "b", "c")).bars
    assert low.y == pytest.approx(high.y + high.height, abs=0.2)
    assert (low.part, high.part, high.label) == (0, 2, "Mon: 1 c")


def test_no_values_at_all_make_an_empty_plot() -> None:
    plot = bars([], [])
    assert (plot.bars, plot.below) == ((), ())
    assert plot.across


def test_many_names_are_thinned_out() -> None:
    assert len(bars([str(each) for each in range(90)], [[1.0]] * 90).below) <= 12


def test_a_curve_runs_from_end_to_end_and_says_its_numbers() -> None:
    plot = curve([(0, 10), (84, 0)], highest=10, ends=(0, 84), step=14)
    assert plot.line == f"M{LEFT}.0,{TOP}.0 L{WIDTH - RIGHT}.0,{FLOOR}.0"
    assert [each.label for each in plot.dots] == ["0: 10", "84: 0"]
    assert [each.label for each in plot.below] == ["0", "14", "28", "42", "56", "70", "84"]


def test_one_point_is_a_dot_and_no_line() -> None:
    plot = curve([(3, 4)], highest=10, ends=(-3, 84))
    assert (plot.line, len(plot.dots)) == ("", 1)


@given(
    st.lists(st.tuples(st.integers(-3, 84), st.integers(0, 10)), max_size=20),
    st.lists(st.tuples(st.integers(-3, 84), st.integers(0, 5), st.integers(5, 10)), max_size=20),
)
def test_nothing_leaves_the_picture(points: list[tuple[int, int]], band: list[tuple[int, int, int]]) -> None:
    plot = curve(sorted(points), highest=10, ends=(-3, 84), band=sorted(band))
    for dot in plot.dots:
        assert LEFT <= dot.x <= WIDTH - RIGHT
        assert TOP <= dot.y <= HEIGHT
