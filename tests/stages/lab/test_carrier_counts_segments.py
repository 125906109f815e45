"""How the carrier counts a text, at the limits of its documentation."""

from __future__ import annotations

import pytest

from followup.lab import INSTANT, SENDER, Lab
from followup.lab.overrides import Patience, split
from followup.lab.segments import segments


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 159 + "[", 2),
        ("a" * 152 + "[" + "a" * 152, 3),
        ("é" * 160, 1),
        ("á" * 70, 1),
        ("á" * 71, 2),
        ("a" * 134 + "“", 3),
        ("👍" * 35, 1),
        ("👍" * 36, 2),
        ("`" * 71, 2),
        ("", 1),
    ],
)
def test_a_text_is_counted_as_it_is_carried(body, count):
    assert segments(body) == count


def test_smart_encoding_saves_segments(sdk_for):
    with Lab.started(pace=INSTANT) as lab:
        body = "“Your pain – today…” " + "a" * 60
        plain = sdk_for(lab).messages.create(to="+14155550101", from_=SENDER, body=body)
        smart = sdk_for(lab).messages.create(to="+14155550101", from_=SENDER, body=body, smart_encoded=True)
        assert (plain.num_segments, smart.num_segments) == ("2", "1")
        assert smart.body.startswith('"Your pain - today..." ')


@pytest.mark.parametrize(
    ("fragment", "patience"),
    [
        ("", Patience()),
        ("#rc=5&rp=all", Patience(retries=5, policy=frozenset({"all"}))),
        ("#rc=2&rp=5xx,rt", Patience(retries=2, policy=frozenset({"5xx", "rt"}))),
        ("#ct=2000&rt=1000&tt=3000", Patience(connect=2.0, read=1.0, total=3.0)),
        ("#rc=6&ct=99&rp=never&e=ashburn", Patience()),
        ("#rc=x", Patience()),
    ],
)
def test_overrides_are_read_from_the_fragment(fragment, patience):
    assert split(f"https://followup.example/hooks?a=1{fragment}") == (
        "https://followup.example/hooks?a=1",
        patience,
    )


def test_a_policy_covers_what_it_names():
    assert Patience(policy=frozenset({"5xx"})).tries_again_after("5xx")
    assert not Patience(policy=frozenset({"5xx"})).tries_again_after("4xx")
    assert Patience(policy=frozenset({"all"})).tries_again_after("rt")
    assert not Patience().tries_again_after("rt")
