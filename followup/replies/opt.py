"""What a text asks of us, beside what it tells: no more texts, texts again, help, "you have the wrong person".

The carrier acts only when a whole text is one of its keywords; the law asks for any reasonable wording, so this
matcher is wider, in English and Spanish. It errs toward stopping for words that can mean nothing else, and never
reads a symptom as a wish: "stop the bleeding won't" asks for a nurse. Every text is triaged whatever is found here.
Pure. Source: 47 CFR 64.1200(a)(10)-(12).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from followup.replies import wordings

LONGEST_READ = 2_000


class Ask(StrEnum):
    """What a text asks of us."""

    opt_out = "opt_out"
    maybe_opt_out = "maybe_opt_out"  # may mean it: planned texts are held and a person asks
    opt_in = "opt_in"
    yes = "yes"  # an opt-in to the carrier, an answer to us: the state of the number decides
    help = "help"
    wrong_person = "wrong_person"
    who_is_this = "who_is_this"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a text asks of us. ``is_whole``: it says nothing else. ``everything``: not only this channel.

    ``carrier_acts``: the whole text is one of the carrier's own keywords, so the carrier blocks or unblocks the
    number and answers by itself.
    """

    ask: Ask | None = None
    is_whole: bool = False
    everything: bool = False
    carrier_acts: bool = False


NO_WISH = Wish()

# First match wins. A carrier keyword is one of the third column, as the whole text.
_WHOLE: tuple[tuple[frozenset[str], Ask, frozenset[str]], ...] = (
    (wordings.STOPS, Ask.opt_out, wordings.CARRIER_STOPS),
    (wordings.MAYBE_STOPS, Ask.maybe_opt_out, frozenset()),
    (wordings.STARTS, Ask.opt_in, wordings.CARRIER_STARTS),
    (wordings.YESES, Ask.yes, wordings.CARRIER_STARTS),
    (wordings.WHO, Ask.who_is_this, frozenset()),
)
_SENTENCES = re.compile(r"[.!?;\n]+")
_WORDS = re.compile(r"[a-z0-9ñ']+|🛑")


def read(text: str) -> Wish:
    """Return what a text asks of us; linear in the text, never raises."""
    plain = _plain(text)
    return _whole(text.strip().upper(), plain) or _within(plain)


def as_carrier_did(wish: Wish, opt_out_type: str) -> Wish:
    """Return the wish that the carrier acted on, where it says so: a clinic may have keywords that we do not know.

    A number that the carrier blocked has opted out here, too, whatever its text says to us.
    """
    if opt_out_type == "STOP" and wish.ask is not Ask.opt_out:
        return Wish(Ask.opt_out, is_whole=True, carrier_acts=True)
    if opt_out_type == "START" and wish.ask not in (Ask.opt_in, Ask.yes):
        return Wish(Ask.opt_in, is_whole=True, carrier_acts=True)
    return wish


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text[:LONGEST_READ].replace("’", "'")).casefold()
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    return re.sub(r"[ \t]+", " ", bare)


def _core(plain: str) -> str:
    """The words of a wish without what is said around it."""
    words = [word for word in _WORDS.findall(plain) if word not in wordings.FILLERS]
    return " ".join(words).replace("'", " ").strip()


def _whole(keyword: str, plain: str) -> Wish | None:
    """A text that says nothing but its wish."""
    if wordings.HELPS.match(plain):
        return Wish(Ask.help, is_whole=True, carrier_acts=keyword in wordings.CARRIER_HELPS)
    core = _core(plain)
    for known, ask, keywords in _WHOLE:
        if core in known:
            everything = ask is Ask.opt_out and bool(wordings.EVERYTHING.search(core))
            return Wish(ask, is_whole=True, everything=everything, carrier_acts=keyword in keywords)
    return None


def _within(plain: str) -> Wish:
    """A wish among other words."""
    if wordings.WRONG_PERSON.search(plain):
        return Wish(Ask.who_is_this if wordings.ASKING.search(plain) else Ask.wrong_person)
    stops = wordings.STOPS_WITHIN.search(plain) and not wordings.KEEPS.search(plain)
    if stops or _stops_in_passing(plain):
        return Wish(Ask.opt_out, everything=bool(wordings.EVERYTHING.search(plain)))
    if wordings.WHO_WITHIN.search(plain):
        return Wish(Ask.who_is_this)
    return NO_WISH


def _stops_in_passing(plain: str) -> bool:
    if wordings.STOPS_FIRST.match(plain):
        return True
    sentences = [core for core in map(_core, _SENTENCES.split(plain)) if core]
    return len(sentences) > 1 and any(each in wordings.STRONG_STOPS for each in sentences)
