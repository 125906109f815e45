"""What the learned reader looks at: one function for training and for reading, so the two can never differ.

Features are strings, so that the strongest of them can be shown as the reader's reason. No feature may name
a writer or a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from followup.triage.engine.answers import Bound
from followup.triage.engine.closed_words import SYMPTOMS
from followup.triage.engine.decision import Context
from followup.triage.engine.matching import Scan
from followup.triage.engine.modifiers import Fact

#: Groups are scaled by 1/sqrt(their size), so that a long mail does not shout down a short text.
GROUPS = ("w", "c", "k", "f")
_WINDOW = 4
_MOST_WORDS = 400


def day_band(day: int | None) -> str:
    """Return the part of the recovery a day belongs to; unknown days have their own band."""
    if day is None:
        return "d?"
    for last, name in ((-1, "d-"), (0, "d0"), (3, "d3"), (7, "d7"), (14, "d14"), (35, "d35")):
        if day <= last:
            return name
    return "d99"


def number_word(word: str) -> str:
    """Return a stand-in for a number: scores stay themselves, larger numbers become their range."""
    try:
        value = float(word.replace(",", "."))
    except ValueError:
        return "#odd"
    if value <= 10:
        return "#" + str(int(value))
    for top, name in ((33.9, "#teens"), (37.4, "#c_norm"), (37.9, "#c_near"), (43, "#c_fever"), (92, "#mid"),
                      (98.9, "#f_norm"), (100.3, "#f_near"), (110, "#f_fever")):  # fmt: skip
        if value <= top:
            return name
    return "#big"


@lru_cache(maxsize=20_000)
def letters(word: str) -> tuple[str, ...]:
    """Return the character n-grams (3 to 5, with word edges) of one word."""
    edged = f"_{word}_"
    return tuple(
        "c:" + edged[start : start + size] for size in (3, 4, 5) for start in range(len(edged) - size + 1)
    )


def features(scan: Scan, facts: list[Fact], bound: list[Bound], context: Context) -> dict[str, list[str]]:
    """Return the features of one reply by group."""
    words = [w for w in scan.words[:_MOST_WORDS] if w not in {",", "\n", "-", '"', "(", ")", "*"}]
    shown = [number_word(w) if w[0].isdigit() else w for w in words]
    return {
        "w": _unique(_word_features(shown)),
        "c": _unique(
            gram for w in scan.tokens.plain[:_MOST_WORDS] if len(w) > 2 and w.isalpha() for gram in letters(w)
        ),
        "k": _unique(_class_features(scan)),
        "f": _unique(_fact_features(scan, facts, bound, context=context, words=shown)),
    }


def _unique(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def _word_features(words: list[str]) -> Iterable[str]:
    previous = before = "^"
    for word in words:
        yield "w:" + word
        yield f"w:{previous} {word}"
        yield f"w:{before} {previous} {word}"
        before, previous = previous, word
    yield f"w:{previous} $"


def _class_features(scan: Scan) -> Iterable[str]:
    recent: list[tuple[int, list[str]]] = []
    clause = scan.clause
    for index in range(min(scan.size, _MOST_WORDS)):
        names = list(scan.classes[index])
        if not names:
            continue
        for name in names:
            yield "k:" + name
        for spot, earlier in recent:
            if index - spot <= _WINDOW and clause[spot] == clause[index]:
                for first in earlier:
                    for name in names:
                        yield f"k:{first}>{name}"
        recent = [*recent[-_WINDOW + 1 :], (index, names)]


def _fact_features(
    scan: Scan, facts: list[Fact], bound: list[Bound], *, context: Context, words: list[str]
) -> Iterable[str]:
    kind = context.question_kind.value
    band = day_band(context.day)
    yield "q:" + kind
    yield "q:" + band
    yield f"q:len{min(len(words), 40).bit_length()}"
    if len(words) <= 4:
        yield f"q:{kind}={' '.join(words)}"
    if words:
        yield f"q:{kind}^{words[0]}"
    for answer in bound:
        value = answer.value if isinstance(answer.value, str) else _level(answer)
        yield f"a:{answer.kind}={value}"
        yield f"a:{kind}:{answer.kind}={value}"
    for fact in facts:
        if fact.finding.benign:
            yield "f:benign:" + fact.name
            continue
        yield f"f:{fact.name}:{fact.status}"
        yield f"f:{fact.finding.concept}:{fact.status}"
        yield f"f:{fact.finding.concept}:{fact.status}:{band}"
        if fact.grade or fact.trend:
            yield f"f:{fact.finding.concept}:{fact.status}:{fact.grade}:{fact.trend}"
    yield from _counts(scan, facts)
    if not any(not fact.finding.benign for fact in facts):
        yield "f:none"
        yield f"f:none:{kind}"


def _counts(scan: Scan, facts: list[Fact]) -> Iterable[str]:
    """Count symptom words outside sayings and words of everyday life: how much of each the reply holds."""
    sayings = {i for f in facts if f.name.startswith("idiom") for i in range(f.first, f.last + 1)}
    symptoms = life = 0
    for index in range(min(scan.size, _MOST_WORDS)):
        names = scan.classes[index]
        if not names or index in sayings:
            continue
        symptoms += not SYMPTOMS.isdisjoint(names)
        life += "life" in names or "clinic" in names or "exercise" in names
    yield f"n:symptoms{min(symptoms, 4)}"
    yield f"n:life{min(life, 4)}"
    yield f"n:{min(symptoms, 2)}/{min(life, 2)}"
    warning = sum(
        1 for f in facts if not f.finding.benign and f.status in _LIVE and not f.name.startswith(_VALUES)
    )
    denied = sum(1 for f in facts if f.status == "denied")
    yield f"n:warning{min(warning, 3)}"
    yield f"n:denied{min(denied, 3)}"
    yield f"n:good{min(sum(1 for f in facts if f.name == 'good_news'), 2)}"


_LIVE = frozenset({"present", "possible", "persistent"})
_VALUES = ("answer_", "score_low", "temp_normal", "exercises")


def _level(answer: Bound) -> str:
    value = float(answer.value)
    if answer.kind == "pain_score":
        return str(int(value + 0.5))
    if answer.kind == "temperature":
        return "normal" if value < 99 else "near" if value < 100.4 else "fever" if value < 103 else "high"
    return "some" if value else "0"
