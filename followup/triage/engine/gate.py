"""Carrier keywords: a reply that is nothing but STOP or HELP, and an opt-out that stands before something else.

An opt-out never closes an open alert and never hides a red flag: the rest of the text is judged all the same.
"""

from __future__ import annotations

from followup.triage.engine.closed_words import FOLLOWS, OPT_OUT

OPT_IN = frozenset(["start", "unstop", "yesstart", "alta", "reanudar"])
HELP = frozenset(["help", "info", "ayuda"])


def keyword(words: list[str]) -> str:
    """Return opt_out, opt_in or help when the reply's only word is such a keyword, else an empty string."""
    letters = [word for word in words if word.isalpha()]
    if len(letters) != 1 or any(word.isdigit() for word in words):
        return ""
    for name, group in (("opt_out", OPT_OUT), ("opt_in", OPT_IN), ("help", HELP)):
        if letters[0] in group:
            return name
    return ""


def opens_with_opt_out(text: str, words: list[str]) -> bool:
    """Say whether a longer reply begins with STOP as a request of its own ("STOP the bleeding" is none)."""
    if len(words) < 2 or words[0] not in {"stop", "unsubscribe", "alto", "baja", "stopall"}:
        return False
    if words[1] in {".", ",", "!", "\n", ":", ";", "-"}:
        return True
    return words[1] in FOLLOWS and (
        text.strip()[:1].isupper() or words[1] in {"please", "texting", "por", "all"}
    )
