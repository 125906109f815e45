"""Signed links, stored hashes and the codes that staff type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followup.kit.tokens import (
    CODE_ALPHABET,
    Seal,
    TokenError,
    find_reply_codes,
    hash_token,
    is_reply_code,
    new_reply_code,
    random_token,
    same,
)

NOW = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=30)


def test_a_token_gives_back_what_was_signed() -> None:
    seal = Seal(["key"], "page.accept")
    assert seal.read(seal.sign({"page": "p1"}, expires_at=LATER), now=NOW) == {"page": "p1"}


@pytest.mark.parametrize(
    ("now", "code"),
    [(LATER - timedelta(seconds=1), None), (LATER, "expired"), (LATER + timedelta(days=1), "expired")],
)
def test_a_token_holds_until_its_last_second(now: datetime, code: str | None) -> None:
    seal = Seal(["key"], "page.accept")
    token = seal.sign("x", expires_at=LATER)
    if code is None:
        assert seal.read(token, now=now) == "x"
        return
    with pytest.raises(TokenError) as refused:
        seal.read(token, now=now)
    assert refused.value.code == code


def test_a_token_is_worth_nothing_for_another_purpose() -> None:
    token = Seal(["key"], "unsubscribe").sign("x", expires_at=LATER)
    with pytest.raises(TokenError) as refused:
        Seal(["key"], "page.accept").read(token, now=NOW)
    assert refused.value.code == "invalid"


@pytest.mark.parametrize("forged", ["", "a", "a.b", "\x00", "é", "x" * 5000])
def test_a_forged_token_is_refused(forged: str) -> None:
    with pytest.raises(TokenError):
        Seal(["key"], "page.accept").read(forged, now=NOW)


def test_a_changed_token_is_refused() -> None:
    seal = Seal(["key"], "page.accept")
    token = seal.sign("aaaa", expires_at=LATER)
    with pytest.raises(TokenError):
        seal.read(("A" if token[0] != "A" else "B") + token[1:], now=NOW)


def test_an_old_key_still_opens_while_the_new_one_signs() -> None:
    old = Seal(["old"], "p").sign("x", expires_at=LATER)
    both = Seal(["new", "old"], "p")
    assert both.read(old, now=NOW) == "x"
    assert Seal(["new"], "p").read(both.sign("y", expires_at=LATER), now=NOW) == "y"
    with pytest.raises(TokenError):
        Seal(["new"], "p").read(old, now=NOW)


def test_a_seal_needs_a_key_and_a_purpose() -> None:
    for keys, purpose in (([], "p"), ([""], "p"), (["k"], "")):
        with pytest.raises(ValueError, match="needs"):
            Seal(keys, purpose)


def test_random_tokens_differ_and_their_hashes_can_be_compared() -> None:
    first, second = random_token(), random_token()
    assert first != second
    assert len(first) == 22
    assert same(hash_token(first), hash_token(first))
    assert not same(hash_token(first), hash_token(second))
    assert same("a", b"a")


def test_a_new_code_is_valid_and_holds_a_digit() -> None:
    for _ in range(200):
        code = new_reply_code()
        assert is_reply_code(code)
        assert len(code) == 4
        assert any(char.isdigit() for char in code)


def with_check_character(body: str) -> str:
    return next(body + char for char in CODE_ALPHABET if is_reply_code(body + char))


bodies = st.text(CODE_ALPHABET, min_size=1, max_size=6).map(lambda rest: "7" + rest)
codes = bodies.map(with_check_character)


@given(codes, st.data())
def test_one_wrong_character_is_always_noticed(code: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from(CODE_ALPHABET).filter(lambda char: char != code[place]))
    assert not is_reply_code(code[:place] + other + code[place + 1 :])


@given(codes, st.data())
def test_two_swapped_characters_are_always_noticed(code: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(code) - 2))
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert swapped == code or not is_reply_code(swapped)


def a_code_with(char: str) -> str:
    while True:
        code = new_reply_code()
        if char in code[1:] and code[0].isdigit():
            return code


def test_a_code_is_found_however_it_is_typed() -> None:
    code = a_code_with("5")
    for written in (
        code,
        code.lower(),
        f"ok {code}",
        f"{code}.",
        f"I take {code}!",
        f"{code[:2]} {code[2:]}",
        f"{code[:2]}-{code[2:]}",
        code[0] + code[1:].replace("5", "s"),
    ):
        assert code in find_reply_codes(written), written


def test_words_and_wrong_codes_are_not_codes() -> None:
    code = new_reply_code()
    wrong = code[:-1] + CODE_ALPHABET[(CODE_ALPHABET.index(code[-1]) + 1) % len(CODE_ALPHABET)]
    assert find_reply_codes(f"yes I will call her now, {wrong}") == ()
    assert find_reply_codes("") == ()
    assert not is_reply_code("A1")
    assert not is_reply_code("ÄÖ3X")
