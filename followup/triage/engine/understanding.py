"""From the text as received to facts: the part of the engine that reads, before any rule judges.

The steps run in one fixed order and each leaves its result in ``Understood``, so that an explanation can
show all of them. Nothing here may choose a tier.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from followup.triage.engine.answers import Bound, bind
from followup.triage.engine.closed_words import STOPS
from followup.triage.engine.decision import Context, QuestionKind
from followup.triage.engine.lexicon import Finding
from followup.triage.engine.mail import own_words
from followup.triage.engine.matching import Scan
from followup.triage.engine.modifiers import Fact, facts_of
from followup.triage.engine.numerals import Number, numbers_in
from followup.triage.engine.ruleset import Ruleset
from followup.triage.engine.spelling import respell
from followup.triage.engine.tokens import normalize, tokenize

#: Characters read of a longer text: its beginning and its end; a longer text is never filed.
HEAD, TAIL = 1500, 500
LONGEST = 2000


@dataclass(slots=True)
class Understood:
    """What was read: the scan over the tokens, the facts, the numbers and the structured answers."""

    scan: Scan
    facts: list[Fact]
    numbers: list[Number]
    bound: list[Bound]
    shortened: bool
    positions: int


def understand(text: str, context: Context, ruleset: Ruleset) -> Understood:
    """Read one text; raise ``TooMuchWork`` when it asks for more steps than an honest message needs."""
    shortened = len(text) > LONGEST
    if len(text) > HEAD + TAIL:
        # Blanks keep the offsets of the tail; they cost nothing to skip.
        text = text[:HEAD] + "\n" + " " * 8 + text[-TAIL:]
    tokens = tokenize(own_words(text, context.question_text))
    respell(tokens, ruleset.speller)
    scan = Scan(tokens, ruleset.lexicon, STOPS)
    facts = facts_of(scan, scan.matches())
    numbers = numbers_in(scan)
    bound = bind(scan, numbers, context)
    facts.extend(_value_facts(bound, ruleset))
    facts.extend(_question_facts(scan, facts, bound, context=context, ruleset=ruleset))
    return Understood(scan, facts, numbers, bound, shortened, scan.size)


def _value_facts(bound: list[Bound], ruleset: Ruleset) -> list[Fact]:
    facts: list[Fact] = []
    for answer in bound:
        name = _value_name(answer, ruleset)
        if name:
            concept = name if not name.startswith(("score", "temp")) else name.split("_", maxsplit=1)[0]
            concept = {"score": "pain_score", "temp": "temperature"}.get(concept, concept)
            status = "resolved" if answer.note == "past" else "present"
            facts.append(Fact(Finding(name, concept), status, answer.first, answer.last))
    return facts


def _value_name(answer: Bound, ruleset: Ruleset) -> str:
    if answer.kind == "pain_score":
        value = float(answer.value)
        if value >= ruleset.threshold("severe_pain"):
            return "score_severe"
        return "score_moderate" if value >= ruleset.threshold("moderate_pain") else "score_low"
    if answer.kind == "temperature":
        return _temperature_name(round(float(answer.value), 2), ruleset)
    names = {"implausible": "temp_implausible", "exercises": "exercises_count"}
    names |= {"trend": f"answer_{answer.value}", "yes_no": f"answer_{answer.value}"}
    return names.get(answer.kind, "")


def _temperature_name(value: float, ruleset: Ruleset) -> str:
    for name in ("high_fever_f", "fever_f", "near_fever_f"):
        if value >= ruleset.threshold(name):
            return "temp_" + name.removesuffix("_f")
    return "temp_low" if value < 95 else "temp_normal"


def _question_facts(
    scan: Scan, facts: list[Fact], bound: list[Bound], *, context: Context, ruleset: Ruleset
) -> list[Fact]:
    """Let a yes to a symptom question, or a no to a well-being question, stand for what was asked."""
    answer = next((item for item in bound if item.kind == "yes_no"), None)
    kind = context.question_kind
    alarming = {QuestionKind.YES_NO_SYMPTOM: "yes", QuestionKind.YES_NO_OK: "no"}.get(kind)
    if answer is None or alarming is None:
        return []
    if answer.value != alarming:
        return []
    own = [f for f in facts if f.name not in {"answer_yes", "answer_no"}]
    status = "present" if not own and _bare(scan, answer) else "asked"
    found = asked_about(context.question_text, kind.value, ruleset)
    return [Fact(Finding(name, concept), status, answer.first, answer.last) for name, concept in found]


def _bare(scan: Scan, answer: Bound) -> bool:
    """Say whether the answer is all there is: besides it at most three words that mean nothing by themselves."""
    rest = [i for i in range(scan.size) if not answer.first <= i <= answer.last and scan.words[i].isalpha()]
    weighty = [i for i in rest if "filler" not in scan.classes[i] and "yesword" not in scan.classes[i]]
    return len(weighty) <= 3


def asked_about(question: str, kind: str, ruleset: Ruleset) -> list[tuple[str, str]]:
    """Return the (finding, concept) pairs a question asks about, by the words of ``questions.yaml``."""
    return list(_asked(question, kind, _Table(ruleset.questions, ruleset.lexicon.findings)))


class _Table:
    """The question table, hashable by identity so that answers can be remembered."""

    def __init__(self, rows: list[dict[str, Any]], findings: dict[str, Finding]) -> None:
        self.rows = rows
        self.findings = findings

    def __hash__(self) -> int:
        return id(self.rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Table) and other.rows is self.rows


@lru_cache(maxsize=500)
def _asked(question: str, kind: str, table: _Table) -> tuple[tuple[str, str], ...]:
    folded = normalize(question)[0]
    found: dict[str, str] = {}
    for row in table.rows:
        if row["kind"] == kind and any(word in folded for word in row["words"]):
            for name in row["findings"]:
                known = table.findings.get(name)
                found[name] = known.concept if known else name
    return tuple(found.items())
