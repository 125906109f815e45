"""Decide what a found symptom is: present, denied, over, feared, someone else's ...

Built-in findings ("can't pee", "sin fuerza") carry their own negation and are never denied by a cue. When cues
disagree the more dangerous reading wins. Nothing here may drop a finding: every status stays visible as evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from followup.triage.engine.lexicon import Finding
from followup.triage.engine.matching import Match, Scan
from followup.triage.engine.negation import backward_negation, forward_negation

PRESENT_LIKE = frozenset({"present", "possible", "persistent"})


@dataclass(frozen=True, slots=True)
class Fact:
    """A finding with what the words around it say; ``first``/``last`` are token positions."""

    finding: Finding
    status: str
    first: int
    last: int
    grade: str = ""
    trend: str = ""
    cue: str = ""
    pattern: str = ""

    @property
    def name(self) -> str:
        """The finding's name in the lexicon."""
        return self.finding.name


def facts_of(scan: Scan, matches: list[Match]) -> list[Fact]:
    """Turn matches into facts, benign idioms first: what an idiom covers is not a finding."""
    findings = scan.lexicon.findings
    idioms = [match for match in matches if match.pattern.finding.startswith("idiom")]
    facts = [
        _fact(scan, match, findings[match.pattern.finding]) for match in matches if not _hidden(match, idioms)
    ]
    return _drop_repeats(facts)


def _hidden(match: Match, idioms: list[Match]) -> bool:
    if match.pattern.finding.startswith("idiom") or match.pattern.finding in _NEVER_COVERED:
        return False
    for idiom in idioms:
        shared = min(idiom.last, match.last) - max(idiom.first, match.first) + 1
        length = match.last - match.first + 1
        if (
            shared > 0
            and 2 * shared >= length
            and (idiom.last - idiom.first + 1 >= length or shared == length)
        ):
            return True
    return False


_NEVER_COVERED = frozenset({"pressure_sugar", "medication_question"})


def _drop_repeats(facts: list[Fact]) -> list[Fact]:
    kept: list[Fact] = []
    for fact in facts:
        if any(
            other.name == fact.name
            and other.first <= fact.first
            and fact.last <= other.last
            and other is not fact
            for other in facts
            if (other.first, other.last) != (fact.first, fact.last)
        ):
            continue
        kept.append(fact)
    return kept


def _fact(scan: Scan, match: Match, finding: Finding) -> Fact:
    fact = Fact(finding, finding.status or "present", match.first, match.last, finding.grade, finding.trend)
    fact = replace(fact, pattern=match.pattern.source)
    if finding.benign:
        return fact
    status, cue = _status(scan, match)
    if finding.status and status == "present":
        status = finding.status
    grade = finding.grade or _nearby(scan, match, _GRADES)
    trend = finding.trend or _nearby(scan, match, _TRENDS)
    return replace(fact, status=status, cue=cue, grade=grade, trend=trend)


_GRADES = ("severe", "mild")
_TRENDS = ("worse", "better")


def _nearby(scan: Scan, match: Match, names: tuple[str, ...]) -> str:
    """Return the first of these classes in the finding's clause, at most five tokens away."""
    clause = scan.clause[match.first]
    for name in names:
        for spot in scan.places.get(name, ()):
            if scan.clause[spot] == clause and match.first - 5 <= spot <= match.last + 5:
                return name
    return ""


def _status(scan: Scan, match: Match) -> tuple[str, str]:
    for test in (_hypothetical, _doubted, _denied, _resolved, _past, _other, _persistent, _possible):
        status, cue = test(scan, match)
        if status:
            return status, cue
    return "present", ""


def _before(scan: Scan, match: Match, name: str, reach: int) -> int:
    """Return the nearest token of class ``name`` before the match in its clause, or -1."""
    clause = scan.clause[match.first]
    for spot in reversed(scan.places.get(name, [])):
        if spot < match.first:
            if scan.clause[spot] == clause and match.first - spot <= reach:
                return spot
            return -1
    return -1


def _after(scan: Scan, match: Match, name: str, reach: int) -> int:
    clause = scan.clause[match.last]
    for spot in scan.places.get(name, ()):
        if spot > match.last:
            near = scan.clause[spot] == clause and spot - match.last <= reach
            return spot if near else -1
    return -1


def _doubted(scan: Scan, match: Match) -> tuple[str, str]:
    spot = _before(scan, match, "doubt", 6)
    return ("doubted", scan.words[spot]) if spot >= 0 else ("", "")


def _hypothetical(scan: Scan, match: Match) -> tuple[str, str]:
    spot = _before(scan, match, "if", 8)
    return ("hypothetical", scan.words[spot]) if spot >= 0 else ("", "")


def _denied(scan: Scan, match: Match) -> tuple[str, str]:
    if match.pattern.built_in:
        return "", ""
    following = scan.words[match.last + 1 : match.last + 3]
    if following[:1] in (["yes"], ["si"]) or (following[1:] == ["yes"] and following[0] in {":", "?", "-"}):
        return "", ""
    for spot in range(max(match.first, match.last - 2), match.last):
        own = scan.words[spot] in match.pattern.literals
        if 1 in scan.classes[spot].get("no", ()) and "fakeno" not in scan.classes[spot] and not own:
            return "denied", scan.words[spot]
    cue = forward_negation(scan, match)
    if cue:
        return "denied", cue
    cue = backward_negation(scan, match)
    return ("denied", cue) if cue else ("", "")


def _resolved(scan: Scan, match: Match) -> tuple[str, str]:
    spot = _after(scan, match, "gone", 6)
    if spot < 0:
        spot = _before(scan, match, "gone", 4)
    if spot >= 0 and not _is_negated_spot(scan, spot):
        return "resolved", scan.words[spot]
    return "", ""


def _is_negated_spot(scan: Scan, spot: int) -> bool:
    return any(
        "no" in scan.classes[i] or "cannot" in scan.classes[i]
        for i in range(max(0, spot - 3), spot)
        if scan.clause[i] == scan.clause[spot]
    )


def _past(scan: Scan, match: Match) -> tuple[str, str]:
    for finder in (_before, _after):
        spot = finder(scan, match, "longago", 9)
        if spot >= 0:
            return "past", scan.words[spot]
    clause = scan.clause[match.first]
    for spot in range(max(0, match.first - 8), min(scan.size - 1, match.last + 9)):
        if scan.clause[spot] == clause and scan.words[spot] in _YEAR_CUES and _a_year(scan.words[spot + 1]):
            return "past", scan.words[spot + 1]
    return "", ""


_YEAR_CUES = frozenset({"in", "en", "since", "desde", "del", "back", "year", "año"})


def _a_year(word: str) -> bool:
    """Say whether a word names an earlier year: 1998, 2014, 09. Recent years do not, for they may be this one."""
    if not word.isdigit():
        return False
    return (len(word) == 2 and word[0] in "0789") or (len(word) == 4 and 1930 <= int(word) <= 2022)


def _other(scan: Scan, match: Match) -> tuple[str, str]:
    spot = _before(scan, match, "relative", 7)
    if spot >= 0:
        return "other", scan.words[spot]
    return "", ""


def _persistent(scan: Scan, match: Match) -> tuple[str, str]:
    for finder in (_before, _after):
        spot = finder(scan, match, "still", 5)
        if spot >= 0:
            return "persistent", scan.words[spot]
    return "", ""


def _possible(scan: Scan, match: Match) -> tuple[str, str]:
    spot = _before(scan, match, "maybe", 6)
    if spot >= 0:
        return "possible", scan.words[spot]
    end = match.last + 1
    while end < scan.size and scan.clause[end] == scan.clause[match.last]:
        if scan.words[end] == "?":
            return "possible", "?"
        end += 1
    return "", ""
