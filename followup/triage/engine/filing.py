"""May this reply be filed without a person reading it? The earned close.

Both readers must agree: the rules found no warning, and either the rules name a positive reason or the
learned reader is sure. A text in another language, a shortened one, a guessed word or a symbol soup is
never filed.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace

from followup.triage.engine.closed_words import ACKNOWLEDGING, EXPLAINING, PLAIN
from followup.triage.engine.decision import Context, QuestionKind, Tier
from followup.triage.engine.judging import Hit
from followup.triage.engine.modifiers import PRESENT_LIKE
from followup.triage.engine.reader import Reading
from followup.triage.engine.ruleset import Ruleset
from followup.triage.engine.understanding import Understood

#: Statuses of a warning finding that keep a reply from being filed unless a rule says otherwise.
_HOLDS_BACK = PRESENT_LIKE | {"other", "asked"}
_CLOSED = frozenset(
    {QuestionKind.PAIN_SCORE, QuestionKind.TEMPERATURE, QuestionKind.TREND, QuestionKind.EXERCISES,
     QuestionKind.YES_NO_OK, QuestionKind.YES_NO_SYMPTOM}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filing:
    """Whether a reply may be filed, why or why not, and which words nobody explained."""

    allowed: bool
    reason: str
    unexplained: tuple[str, ...]
    worrying: bool
    blocked: bool = False
    covered: bool = False
    positive: bool = False


def may_file(
    text: str,
    understood: Understood,
    hits: list[Hit],
    *,
    reading: Reading | None,
    context: Context,
    rules: Ruleset,
) -> Filing:
    """Decide whether both readers agree that nobody needs to read this reply."""
    unexplained = _unexplained(understood, rules)
    blocked = _blocked(text, understood, hits, context=context, rules=rules)
    reason = _positive_reason(understood, hits, context)
    worrying = _worrying(understood, hits, reading)
    if blocked:
        urgent = worrying or blocked in {"language", "long"}
        return Filing(False, blocked, unexplained, urgent, blocked=True)
    covered = bool(reason) and (reason in _WHOLE or _covered(understood, hits))
    filing = Filing(
        covered, reason or "no positive reason", unexplained, worrying, False, covered, bool(reason)
    )
    if reading is None or rules.model is None:
        return filing
    limits = rules.model.thresholds
    strange = 0 if covered else rules.model.strange(understood.scan.words)
    calm = calmness(reading.chances[Tier.ROUTINE], strange, limits["strange_word"])
    needed = limits["file_covered" if covered else "file" if reason else "file_without_reason"]
    # Thanks and nothing else, or a thumb for a closed question: the danger check below is agreement enough.
    sure = calm >= needed or reason in _WHOLE
    danger = reading.at_least(Tier.URGENT) > limits["danger_covered" if covered else "danger"]
    if danger or not sure:
        return replace(
            filing, allowed=False, reason="the learned reader is not sure", worrying=worrying or danger
        )
    return replace(filing, allowed=True, reason=reason or "both readers agree", worrying=False)


def _blocked(text: str, understood: Understood, hits: list[Hit], *, context: Context, rules: Ruleset) -> str:
    if not understood.scan.size:
        return "empty"
    if understood.shortened:
        return "long"
    if context.question_kind in _UNASKED and not _says_something(understood, rules):
        return "nothing to read"
    return _held(understood, hits) or ("language" if _foreign(text, understood, rules) else "")


def _held(understood: Understood, hits: list[Hit]) -> str:
    """Say which rule or finding keeps the reply from being filed."""
    if any(hit.rule.tier is Tier.UNCLEAR for hit in hits):
        return "rule"
    if any(fact.name in {"opt_out", "opt_in"} for fact in understood.facts):
        return "a wish about texts"
    cleared = {id(hit.fact) for hit in hits if hit.rule.tier is Tier.ROUTINE}
    warnings = (
        fact
        for fact in understood.facts
        if fact.status in _HOLDS_BACK and not fact.finding.benign and not fact.name.startswith(_VALUES)
    )
    return "finding" if any(id(fact) not in cleared for fact in warnings) else ""


#: Values and answers are judged by their rules; they are no findings by themselves.
_VALUES = ("answer_", "score_", "temp_normal", "exercises", "expected_")


def _says_something(understood: Understood, rules: Ruleset) -> bool:
    """Say whether at least one word of two letters or more is known."""
    words = [word for word in understood.scan.words if len(word) > 1 and word.isalpha()]
    return any(rules.lexicon.knows(word) or word in rules.lexicon.common for word in words)


def _foreign(text: str, understood: Understood, rules: Ruleset) -> bool:
    """Say whether the text is not English or Spanish as far as the word lists can tell."""
    letters = [char for char in text if char.isalpha()]
    strange = sum(1 for char in letters if "LATIN" not in unicodedata.name(char, "LATIN"))
    odd = sum(
        1 for char in text if unicodedata.category(char) in {"Co", "Cn", "Cs", "Cc"} and char not in "\n\r\t"
    )
    if odd or (letters and strange):
        return True
    words = [w for w in understood.scan.words if w.isalpha() and len(w) > 1]
    if len(words) < 3:
        return False
    known = sum(1 for word in words if rules.lexicon.knows(word) or word in rules.lexicon.common)
    return known / len(words) < 0.6


def _unexplained(understood: Understood, rules: Ruleset) -> tuple[str, ...]:
    scan = understood.scan
    covered = {i for fact in understood.facts for i in range(fact.first, fact.last + 1)}
    out = []
    for index, word in enumerate(scan.words[:400]):
        if index in covered or not word.isalpha() or len(word) < 2 or scan.classes[index]:
            continue
        if word not in rules.lexicon.common and word not in rules.lexicon.vocabulary:
            out.append(scan.tokens.plain[index])
    return tuple(dict.fromkeys(out))[:20]


def calmness(chance: float, strange: int, charge: float) -> float:
    """Return the margin for filing: log-odds of routine, less a charge for every unfamiliar word."""
    bounded = min(max(chance, 1e-4), 1 - 1e-4)
    return math.log(bounded / (1 - bounded)) - charge * strange


_WHOLE = frozenset({"acknowledgement", "thumbs up to a closed question"})
_THUMBS = frozenset({QuestionKind.YES_NO_OK, QuestionKind.EXERCISES})
_UNASKED = frozenset({QuestionKind.NONE, QuestionKind.OPEN})
#: What the rules alone never clear, however it is said: only the learned reader's agreement can.
_NEVER_BY_RULES = frozenset({"self_harm", "overdose", "stroke_signs", "syncope_seizure"})
_SETTLED = frozenset({"denied", "hypothetical", "past"})


def _covered(understood: Understood, hits: list[Hit]) -> bool:
    """Say whether the rules alone explain every word: denials, sayings, good news, values in range, plain words."""
    scan = understood.scan
    if scan.tokens.corrected or any(fact.finding.concept in _NEVER_BY_RULES for fact in understood.facts):
        return False
    cleared = {id(hit.fact) for hit in hits if hit.rule.tier is Tier.ROUTINE}
    spots: set[int] = set()
    for fact in understood.facts:
        if fact.finding.benign or fact.status in _SETTLED or id(fact) in cleared:
            spots.update(range(fact.first, fact.last + 1))
        elif fact.status in _HOLDS_BACK and not fact.name.startswith("answer_"):
            return False
    for index, word in enumerate(scan.words):
        if index in spots or not word[0].isalnum():
            continue
        classes = scan.classes[index]
        number = word.isdigit() and int(word) <= 10 and any(b.kind == "pain_score" for b in understood.bound)
        explained = number or word in PLAIN or not EXPLAINING.isdisjoint(classes)
        if not explained:
            return False
    return True


def _positive_reason(understood: Understood, hits: list[Hit], context: Context) -> str:
    for hit in hits:
        if hit.rule.tier is Tier.ROUTINE:
            return hit.rule.id
    return _whole_reason(understood, context) or _answer_reason(understood, context)


def _whole_reason(understood: Understood, context: Context) -> str:
    """Name a reply that is nothing but thanks, or a thumb for a closed question."""
    words = [word for word in understood.scan.words if word[0].isalnum()]
    if words == ["emojithumbsup"]:
        return "thumbs up to a closed question" if context.question_kind in _THUMBS else ""
    spoken = bool(words) and ACKNOWLEDGING.issuperset(words) and words[0] not in {"you", "it", "doctor", "so"}
    return "acknowledgement" if spoken and context.question_kind in _UNASKED else ""


def _answer_reason(understood: Understood, context: Context) -> str:
    for answer in understood.bound:
        if (
            answer.kind in {"pain_score", "temperature", "exercises", "trend"}
            and context.question_kind in _CLOSED
        ):
            return f"answer to {context.question_kind.value}"
        if answer.kind == "yes_no":
            fine = "no" if context.question_kind is QuestionKind.YES_NO_SYMPTOM else "yes"
            if answer.value == fine:
                return f"answer to {context.question_kind.value}"
    return ""


def _worrying(understood: Understood, hits: list[Hit], reading: Reading | None) -> bool:
    if any(hit.rule.tier is Tier.UNCLEAR for hit in hits):
        return True
    if any(f.status in _HOLDS_BACK and not f.finding.benign and not f.name.startswith(("score_low", "temp_normal",
           "answer_", "exercises", "expected_")) for f in understood.facts):  # fmt: skip
        return True
    return reading is not None and reading.at_least(Tier.SAME_DAY) > 0.25
