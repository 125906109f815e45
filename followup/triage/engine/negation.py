"""How far a "no" reaches: forward to its clause's end or over a bare list, backward to the noun just named.

A denial that is only an answer ("No. Chills all night"), that turns ("no, just ...") or that stands too far
from a grave finding ("no aguante y me orine") denies nothing. Nothing here knows what the finding means.
"""

from __future__ import annotations

from followup.triage.engine.matching import Match, Scan
from followup.triage.engine.tokens import BREAKS

_SCOPE = 7
#: Words after which a denial no longer holds: "no, just rolled off the bed", "nada de eso, solo mareo".
_TURNS = frozenset({"just", "only", "solo", "nomas", "bueno", "actually", "unless", "also", "tambien"})
#: Findings that a far or loose denial must not erase: "no aguante y me orine".
_GRAVE = frozenset(
    {
        "urine_leak",
        "bowel_leak",
        "saddle_numb",
        "stroke_signs",
        "syncope_seizure",
        "self_harm",
        "bleeding",
        "chest_pain",
        "breathing",
        "throat_face_swelling",
        "overdose",
        "limb_no_feeling",
    }
)
_LISTING = frozenset({",", "or", "nor", "ni", "o", "/"})


def forward_negation(scan: Scan, match: Match) -> str:
    """Walk left from the finding to the negation that denies it; an empty string when none does."""
    clause = scan.clause[match.first]
    grave = match.pattern.finding in _GRAVE
    blocked = False
    for distance in range(1, _SCOPE + 8):
        spot = match.first - distance
        if spot < 0 or scan.clause[spot] != clause or _turns(scan, spot, blocked=blocked, grave=grave):
            return ""
        if "no" in scan.classes[spot]:
            strict = (blocked and grave) or distance > _SCOPE
            return "" if _spent(scan, spot, match.first, strict=strict) else scan.words[spot]
        blocked = (
            blocked or _tells(scan, spot) or (distance > 3 and grave and scan.words[spot] not in _LISTING)
        )
    return ""


def _turns(scan: Scan, spot: int, *, blocked: bool, grave: bool) -> bool:
    """Say whether a negation left of this word cannot reach the finding any more."""
    word = scan.words[spot]
    if "fakeno" in scan.classes[spot] or word in _TURNS or (word == "," and blocked):
        return True
    return word in {"and", "y", "so", "because", "porque"} and (blocked or grave)


def _tells(scan: Scan, spot: int) -> bool:
    return not {"pronoun", "verb", "possessive"}.isdisjoint(scan.classes[spot])


def _spent(scan: Scan, spot: int, finding: int, *, strict: bool) -> bool:
    """Say whether this "no" already belongs to something else."""
    if (
        scan.words[spot] == "no"
        and spot
        and scan.words[spot + 1] == ","
        and scan.words[spot - 1] not in BREAKS
    ):
        return True  # "fever no, numbness ...": this no belongs to the noun before it
    if _answers(scan, spot, finding):
        return True
    return strict and not _list_between(scan, spot, finding)


def _answers(scan: Scan, spot: int, finding: int) -> bool:
    """Say whether this "no" only answers the question: it opens the sentence and a comma or a subject follows."""
    opens = spot == 0 or scan.words[spot - 1] in BREAKS or scan.words[spot - 1] in {",", ":", "-"}
    if not opens or scan.words[spot] not in {"no", "nope", "nah", "naw", "nop", "negative"}:
        return False
    if spot + 1 >= scan.size or spot + 1 >= finding:
        return False
    if scan.words[spot + 1] in {",", "-", ":"}:
        rest = range(spot + 2, finding)
        # "no, fever, no, chills" lists denials; "no, tengo fiebre" and "no, my leg" begin to tell.
        return bool(rest) or scan.words[spot + 1] != ","
    if scan.words[spot + 1] == "he" and scan.words[spot + 2][-2:] in {"do", "to", "ho"}:
        return False  # Spanish "no he sangrado", not English "no, he ..."
    return "pronoun" in scan.classes[spot + 1] or "possessive" in scan.classes[spot + 1]


def _list_between(scan: Scan, spot: int, finding: int) -> bool:
    """Say whether only a list of bare nouns stands between a negation and the finding."""
    inner = range(spot + 1, finding)
    if any("subject" in scan.classes[i] or "verb" in scan.classes[i] for i in inner):
        return False
    gap = 0
    for i in inner:
        gap = 0 if scan.words[i] in {",", "or", "and", "nor", "ni", "o", "y", "/", "u", "&"} else gap + 1
        if gap > 4:
            return False
    return True


def backward_negation(scan: Scan, match: Match) -> str:
    """Find the denial that follows its noun: "fever: no", "swelling? none", "fiebre no"."""
    spot = match.last + 1
    while (
        spot < scan.size and scan.words[spot] in {":", "?", "-", "=", "¿", "(", "."} and spot < match.last + 4
    ):
        spot += 1
    if scan.words[spot : spot + 2] == [",", "no"] and scan.words[spot + 2 : spot + 3] in (
        [],
        [","],
        [";"],
        ["."],
        ["\n"],
    ):
        return "no"
    if spot >= scan.size or "bareno" not in scan.classes[spot]:
        return ""
    after = spot + 1
    if scan.words[spot] == "no" and after < scan.size:
        ends = scan.words[after] in BREAKS or scan.words[after] in {",", "y", "and", "pero", "but"}
        if not ends:
            return ""
    return scan.words[spot]
