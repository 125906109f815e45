"""Text can be read in both themes: the contrast of every pair of colors that a style puts together."""

from __future__ import annotations

import re

import pytest

from followup.web.render import STATIC

TOKENS = (STATIC / "css" / "1-tokens.css").read_text(encoding="utf-8")
PAIRS = [
    *((ink, ground) for ink in ("ink", "quiet", "link") for ground in ("ground", "surface", "sunken")),
    *((tier, f"{tier}-ground") for tier in ("emergency", "urgent", "same-day", "unclear", "fine")),
    *((ink, f"{note}-ground") for ink in ("ink", "quiet") for note in ("emergency", "urgent", "fine")),
    ("accent-ink", "accent"),
    ("ink", "mark"),
    ("focus-ink", "focus"),
    ("emergency", "surface"),
    ("emergency", "ground"),
]
EDGES = [("edge", "surface"), ("edge", "ground"), ("focus-ink", "focus")]


def color(name: str, theme: int) -> tuple[float, float, float]:
    """The color of a token in the light (0) or dark (1) theme, as fractions."""
    found = re.search(rf"--{name}: (?:light-dark\((#\w+), (#\w+)\)|(#\w+))", TOKENS)
    assert found, name
    text = (found[theme + 1] or found[3]).lstrip("#")
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def contrast(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Contrast as WCAG 2.2 defines it, from 1 to 21."""

    def light(color: tuple[float, ...]) -> float:
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(first), light(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_words_can_be_read(ink: str, ground: str, theme: int) -> None:
    assert contrast(color(ink, theme), color(ground, theme)) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_the_edge_of_a_field_can_be_seen(edge: str, ground: str, theme: int) -> None:
    assert contrast(color(edge, theme), color(ground, theme)) >= 3
