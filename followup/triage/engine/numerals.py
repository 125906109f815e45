"""Read numbers as patients write them: 7-8, 7/10, seis y medio, 38,4, a hundred and one point two.

Each number gets its sense from the words beside it, never from its size alone where a word says otherwise:
a date, a dose, a clock time, a percentage or a count of days is not a score. Nothing here decides a tier.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from followup.triage.engine.closed_words import OTHER_UNITS, TEMPERATURE_WORDS
from followup.triage.engine.matching import Scan

_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "zip": 0, "nil": 0,
    "cero": 0, "uno": 1, "un": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7,
    "ocho": 8, "nueve": 9, "diez": 10, "once": 11, "doce": 12, "quince": 15,
    "sevenish": 7, "eightish": 8, "fiveish": 5, "sixish": 6, "threeish": 3, "fourish": 4, "twoish": 2,
    "ochito": 8, "cincuito": 5, "cuatrito": 4, "tresito": 3, "trecito": 3, "dosito": 2, "unito": 1, "diezito": 10,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "veinte": 20, "treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70, "ochenta": 80,
    "noventa": 90,
}  # fmt: skip
_HUNDREDS = {"hundred": 100, "cien": 100, "ciento": 100}
_HALF = {"half", "medio", "media", "pico"}
_DIGITS = re.compile(r"[0-9]{1,7}(?:[.,][0-9]{1,4})?$")

_SYMBOL_UNITS = frozenset({"%", "$", ":", "#"})


@dataclass(frozen=True, slots=True)
class Number:
    """A number in the text: its value (upper end of a range), token span, and what it counts if that is said."""

    value: float
    first: int
    last: int
    sense: str = ""
    of_ten: bool = False


def numbers_in(scan: Scan) -> list[Number]:
    """Return the numbers of a text in order, ranges joined, with the sense their neighbors give them."""
    words = scan.words
    found: list[Number] = []
    index = 0
    while index < len(words) and len(found) < 60:
        number = _one(words, index)
        if number is None:
            index += 1
            continue
        number = _fraction(words, _range(words, number))
        found.append(_sense(scan, number))
        index = number.last + 1
    return found


def _one(words: list[str], at: int) -> Number | None:
    word = words[at]
    if word[0].isdigit():
        return _digits(words, at)
    if word in _HUNDREDS or (word in {"a", "one"} and words[at + 1 : at + 2] == ["hundred"]):
        return _spoken(words, at)
    if word in _TENS or word in _UNITS:
        if word in {"un", "una", "uno", "one"} and not _stands_alone(words, at):
            return None
        return _spoken(words, at)
    return None


def _stands_alone(words: list[str], at: int) -> bool:
    """Say whether "one"/"un" is a number here: nothing but an end, a unit or "or two" follows."""
    following = words[at + 1 : at + 2]
    return not following or (
        following[0] in {".", ",", "!", "/", "or", "o", "-", "to", "a", "y", "out", "de"}
        and (len(words) <= 8)
    )


def _digits(words: list[str], at: int) -> Number | None:
    word = words[at]
    if word == "1" and words[at + 1 : at + 2] == ["o"]:
        return Number(10.0, at, at + 1)
    if not _DIGITS.match(word):
        return Number(-1.0, at, at, "other") if word.count(":") or word.count(".") > 1 else None
    value = float(word.replace(",", "."))
    last = at
    spoken = words[at + 1 : at + 3]
    if len(spoken) == 2 and spoken[0] in {"point", "punto"} and spoken[1].isdigit():
        return Number(float(f"{word}.{spoken[1]}"), at, at + 2)
    tail = words[at + 1 : at + 4]
    if tail[:2] in (["y", "medio"], ["y", "media"]) or tail == ["and", "a", "half"]:
        value, last = value + 0.5, at + (3 if tail[0] == "and" else 2)
    return Number(value, at, last)


def _spoken(words: list[str], at: int) -> Number:
    """Read a number in words, up to the hundreds, with "point two", "y medio", "and a half"."""
    value, index, steps = 0.0, at, 0
    while index < len(words) and steps < 8:
        word = words[index]
        steps += 1
        following = words[index + 1] if index + 1 < len(words) else ""
        if word in _HUNDREDS:
            value = max(value, 1) * 100
        elif word in _TENS and value % 100 == 0:
            value += _TENS[word]
        elif (
            word in _UNITS
            and value % 10 == 0
            and (value == 0 or value >= 20)
            and not (value and word == "once")
        ):
            value += _UNITS[word]
        elif (word in {"and", "y", "a", "con", "-"} and index > at and _continues(following, value)) or (
            word == "a" and index == at
        ):
            pass
        elif word in {"point", "punto", "coma"} and _digit_word(following) is not None:
            return Number(value + (_digit_word(following) or 0) / 10, at, index + 1)
        elif word in _HALF:
            return Number(value + 0.5, at, index)
        else:
            break
        index += 1
    return Number(value, at, max(at, index - 1))


def _continues(word: str, value: float) -> bool:
    if word in _HALF or word in {"point", "a"}:
        return True
    return value >= 20 and (word in _UNITS or word in _TENS)


def _digit_word(word: str) -> int | None:
    if word.isdigit() and len(word) == 1:
        return int(word)
    value = _UNITS.get(word)
    return value if value is not None and value < 10 else None


def _range(words: list[str], number: Number) -> Number:
    """Join "7-8", "7 to 8", "entre 5 y 7", "7 or 8" into their upper end."""
    at = number.last + 1
    if at + 1 < len(words) and words[at] in {"-", "to", "or", "o", "a", "u", "y", "–", "—", "~"}:
        second = _one(words, at + 1)
        if second and second.value >= 0 and 0 < second.value - number.value <= 3:
            joiner = words[at]
            before = words[number.first - 1] if number.first else ""
            if joiner != "y" or before == "entre":
                return Number(second.value, number.first, second.last)
    return number


def _fraction(words: list[str], number: Number) -> Number:
    """Recognize "8/10", "8 out of 10", "8 de 10", "8 sobre diez" and blood pressures like 150/90."""
    tail = words[number.last + 1 : number.last + 4]
    ten = {"10", "ten", "diez", "1o"}
    if len(tail) >= 2 and tail[0] in {"/", "de", "of", "sobre", "outta", "over"}:
        if tail[1] in ten:
            return Number(number.value, number.first, number.last + 2, "score", of_ten=True)
        if tail[0] in {"/", "over", "sobre"} and tail[1].isdigit():
            kind = "pressure" if number.value >= 80 and 30 <= float(tail[1]) <= 140 else "other"
            return Number(number.value, number.first, number.last + 2, kind)
    if len(tail) >= 3 and tail[0] == "out" and tail[1] == "of" and tail[2] in ten:
        return Number(number.value, number.first, number.last + 3, "score", of_ten=True)
    return number


def _sense(scan: Scan, number: Number) -> Number:
    if number.sense:
        return number
    words = scan.words
    following = words[number.last + 1] if number.last + 1 < len(words) else ""
    before = words[number.first - 1] if number.first else ""
    if following in {"f", "c", "°", "º", "degrees", "grados"} and number.value >= 34:
        return _with(number, "temperature")
    if following in OTHER_UNITS or following in _SYMBOL_UNITS or before in {"$", "#"}:
        return _with(number, "other")
    if before in {"at", "las", "la", "alas"} and number.value <= 12 and _clock(words, number):
        return _with(number, "other")
    clause = scan.clause[number.first]
    near = range(max(0, number.first - 8), min(len(words), number.last + 6))
    if any(words[i] in TEMPERATURE_WORDS for i in near if scan.clause[i] == clause) and number.value >= 34:
        return _with(number, "temperature")
    return number


def _clock(words: list[str], number: Number) -> bool:
    before = words[number.first - 1]
    tail = words[number.last + 1 : number.last + 3]
    if before in {"las", "alas"}:
        return True
    return bool(tail) and tail[0] in {"am", "pm", "a", "p", "oclock", "in", "tonight", "today", "on", "this"}


def _with(number: Number, sense: str) -> Number:
    return Number(number.value, number.first, number.last, sense, number.of_ten)


def as_fahrenheit(value: float, *, decimal_or_word: bool) -> float | None:
    """Return a body temperature in degrees Fahrenheit; None when the number cannot be one."""
    if 93.0 <= value <= 110.0:
        return value
    if 34.0 <= value <= 43.0 and decimal_or_word:
        return value * 9 / 5 + 32
    return None
