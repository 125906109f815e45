"""Bind a structured answer to the question it answers; the question carries the polarity.

"No" to "Any fever?" is fine, "no" to "Can you pass urine normally?" is an emergency. An answer never ends the
reading: what else the patient wrote is judged all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from followup.triage.engine.closed_words import BEFORE_NOW, DOSE_WORDS, EARLIER, EASED
from followup.triage.engine.decision import Answer, Context, QuestionKind
from followup.triage.engine.matching import Scan
from followup.triage.engine.numerals import Number, as_fahrenheit
from followup.triage.engine.tokens import BREAKS

YES_NO = (QuestionKind.YES_NO_SYMPTOM, QuestionKind.YES_NO_OK)


@dataclass(frozen=True, slots=True)
class Bound:
    """What the reply answers: a value with the token span it was read from, or nothing (kind "")."""

    kind: str = ""
    value: float | str = ""
    first: int = 0
    last: int = 0
    note: str = ""

    def answers(self) -> tuple[Answer, ...]:
        """Return the answer in the public shape (temperatures in both scales)."""
        if self.kind == "temperature" and isinstance(self.value, float):
            celsius = round((self.value - 32) * 5 / 9, 1)
            return (Answer("temperature_f", round(self.value, 1)), Answer("temperature_c", celsius))
        return (Answer(self.kind, self.value),) if self.kind else ()


def bind(scan: Scan, numbers: list[Number], context: Context) -> list[Bound]:
    """Return every structured answer in the reply: the asked one and values stated by the way."""
    found: list[Bound] = []
    kind = context.question_kind
    temperature = _temperature(scan, numbers, kind)
    if temperature:
        found.append(temperature)
    score = _score(scan, numbers, kind)
    if score:
        found.append(score)
    if kind in YES_NO:
        found.extend(_yes_no(scan))
    if kind is QuestionKind.TREND:
        found.extend(_trend(scan))
    if kind is QuestionKind.EXERCISES:
        found.extend(_exercises(numbers, scan))
    return found


_LATEST = frozenset(
    ["now", "ahora", "today", "hoy", "currently", "ahorita", "rn", "tonight", "orita", "horita"]
)


def _score(scan: Scan, numbers: list[Number], kind: QuestionKind) -> Bound | None:
    pool = [
        n for n in numbers if n.sense in {"", "score"} and 0 <= n.value <= 100 and _is_score(scan, n, kind)
    ]
    if not pool:
        return _zero_words(scan, kind)
    if kind is QuestionKind.PAIN_SCORE and any(n.value <= 10 for n in pool) and len(pool) > 1:
        pool = [n for n in pool if n.value <= 10]
    chosen = _latest(scan, pool)
    value = min(chosen.value, 10.0)
    return Bound("pain_score", value, chosen.first, chosen.last, "several" if len(pool) > 1 else "")


def _is_score(scan: Scan, number: Number, kind: QuestionKind) -> bool:
    before = scan.words[max(0, number.first - 2) : number.first]
    leading_minus = before[-1:] == ["-"] and number.first < 2
    if leading_minus or before[-1:] == ["of"] or before == ["de", "los"]:
        return False
    if number.of_ten:
        return True
    dosed = bool(DOSE_WORDS.intersection(before)) and before != ["at", "a"]
    if kind is QuestionKind.PAIN_SCORE:
        return number.value <= 20 and not dosed
    return number.value <= 10 and _told_as_pain(scan, number, dosed=dosed)


def _told_as_pain(scan: Scan, number: Number, *, dosed: bool) -> bool:
    """Say whether an unasked number is a score: a pain word is near, or a short text compares it with before."""
    if any(scan.places.get(name) for name in ("still", "trendbetter", "trendworse")):
        return scan.size <= 12 and not dosed
    clause = scan.clause[number.first]
    near = range(max(0, number.first - 5), min(scan.size, number.last + 4))
    return any("painword" in scan.classes[i] for i in near if scan.clause[i] == clause)


def _latest(scan: Scan, pool: list[Number]) -> Number:
    """Choose among several scores: the one marked as now, else the one after relief, else the highest not past."""
    if len(pool) == 1:
        return pool[0]
    words = scan.words
    for number in reversed(pool):
        around = _around(words, number.first, number.last, 3)
        if _LATEST.intersection(around):
            return number
    last = pool[-1]
    before = words[max(0, last.first - 4) : last.first]
    if EASED.intersection(before) and last.value < max(n.value for n in pool):
        return last
    pool = [n for n in pool if words[n.first - 1 : n.first] != ["from"]] or pool
    current = [n for n in pool if not EARLIER.intersection(_own_words(words, n))]
    return max(current or pool, key=lambda n: n.value)


def _own_words(words: list[str], number: Number) -> list[str]:
    return _around(words, number.first, number.last, 3)


def _around(words: list[str], first: int, last: int, reach: int) -> list[str]:
    """Return the words beside a number, up to the next comma, number or end of sentence on each side."""
    out: list[str] = []
    for spots in (
        range(first - 1, max(-1, first - 1 - reach), -1),
        range(last + 1, min(len(words), last + 1 + reach)),
    ):
        for spot in spots:
            if words[spot] in BREAKS or words[spot] in {",", "but", "pero"} or words[spot][0].isdigit():
                break
            out.append(words[spot])
    return out


def _zero_words(scan: Scan, kind: QuestionKind) -> Bound | None:
    if kind is QuestionKind.PAIN_SCORE and scan.size <= 4:
        for index in range(scan.size):
            if "bareno" in scan.classes[index]:
                return Bound("pain_score", 0.0, index, index)
    return None


def _temperature(scan: Scan, numbers: list[Number], kind: QuestionKind) -> Bound | None:
    asked = kind is QuestionKind.TEMPERATURE
    values: list[Bound] = []
    for number in numbers:
        if number.sense not in {"", "temperature"} or number.of_ten:
            continue
        told = number.sense == "temperature"
        whole_text = scan.size <= number.last - number.first + 2
        decimal = number.value != int(number.value)
        if not (asked or told or (decimal and not whole_text) or (decimal and 37.0 < number.value < 43)):
            continue
        degrees = as_fahrenheit(number.value, decimal_or_word=asked or told or decimal)
        if degrees is not None:
            values.append(Bound("temperature", degrees, number.first, number.last))
        elif asked or told:
            repaired = _missing_point(number.value)
            values.append(Bound("implausible", repaired, number.first, number.last))
    if not values:
        return None
    known = [v for v in values if v.kind == "temperature"]
    return _current_temperature(scan, known) if known else values[-1]


def _current_temperature(scan: Scan, known: list[Bound]) -> Bound:
    """Return the value that holds now; one that is over (a past word, and a lower one now, or gone) is
    noted as past."""
    highest = max(known, key=lambda v: float(v.value))
    if float(highest.value) < 100.4:
        return highest
    around = _around(scan.words, highest.first, highest.last, 6)
    past = bool(BEFORE_NOW.intersection(around)) and not _LATEST.intersection(around)
    others = [v for v in known if v is not highest]
    if past and (
        others or scan.places.get("gone") or scan.places.get("normal") or scan.places.get("trendbetter")
    ):
        current = max(others, key=lambda v: float(v.value)) if others else None
        if current is not None and float(current.value) >= 100.4:
            return current
        return Bound("temperature", highest.value, highest.first, highest.last, "past")
    return highest


def _missing_point(value: float) -> float:
    """Return what 1012 or 384 would be with its point: shown to the person who asks again, never acted on."""
    if 930 <= value <= 1100 or 340 <= value <= 430:
        return value / 10
    return value


def _yes_no(scan: Scan) -> list[Bound]:
    for index in range(min(scan.size, 4)):
        classes = scan.classes[index]
        if scan.words[index] == "y" and scan.size > 2:
            return []  # the Spanish "and"
        if "yesword" in classes or index in scan.tokens.accented_si:
            if scan.words[index + 1 : index + 2] == ["no"] and scan.words[index] != "si":
                return [Bound("yes_no", "no", index, index + 1)]
            return [Bound("yes_no", "yes", index, index)]
        if "bareno" in classes or scan.words[index] == "no":
            return [Bound("yes_no", "no", index, index)]
        if "filler" not in classes and scan.words[index] not in {",", ".", "¡", "¿", "!"}:
            return []
    return []


def _trend(scan: Scan) -> list[Bound]:
    for name in ("trendworse", "trendsame", "trendbetter"):
        places = scan.places.get(name)
        if places:
            return [Bound("trend", name.removeprefix("trend"), places[0], places[0])]
    return []


def _exercises(numbers: list[Number], scan: Scan) -> list[Bound]:
    for number in numbers:
        if number.sense in {"", "other"} and 0 <= number.value <= 100 and number.value == int(number.value):
            return [Bound("exercises", number.value, number.first, number.last)]
    if scan.places.get("onetime"):
        return [Bound("exercises", 1.0, scan.places["onetime"][0], scan.places["onetime"][0])]
    return []
