"""A first, cheap look at a text, while the carrier waits: may this be an emergency?

It decides only who is read first, never what is done: a thousand routine answers must not stand before one "I can't
breathe". It may be wrong in both directions; triage reads every text in full. Pure, and linear in the text.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_LOOK = 2_000

# The emergencies and warning signs of the pathway, as patients spell them, without accents. Order is for readers.
_SIGNS = (
    # breathing, chest, throat
    r"breath|breathe|respirar|ahog|choking",
    r"chest (?:pain|hurt|tight)|(?:dolor|presion) (?:de|en el) pecho",
    r"(?:throat|tongue|face|lips?) (?:is |are |feels? )?(?:swell|swollen|clos)|garganta|lengua",
    # awareness, stroke, seizure
    r"faint|pass(?:ed|ing) out|black(?:ed|ing) out|unconscious|desmay|seizure|convuls",
    r"slurr|droop|stroke|derrame|confus",
    # nerves: legs, saddle, bladder, bowel
    r"numb(?!er)|weak|paraly|entumec|adormec|debil|paraliz",
    r"can ?n?o?t? ?'?t? (?:feel|move|walk|stand|pee|urinat)|no (?:puedo|siento|puede)",
    r"wet myself|incontinen|\borin|saddle|groin|entrepierna",
    # infection, bleeding
    r"fever|feav|fiebre|calentura|chills|escalofr|infect|\bpus\b",
    r"\b(?:10[0-9]|3[89]|4[0-2])(?:[.,]\d)?\s*(?:f\b|c\b|grad|degre|°)",
    r"bleed|blood|sangr",
    # head, calf
    r"worst head|severe head|headache|dolor de cabeza|calf|pantorrilla",
    # self-harm, plain cries for help
    r"kill myself|suicid|end (?:my life|it all)|want to die|hurt myself",
    r"matarme|quitarme la vida|quiero morir|overdos|sobredosis",
    r"\b911\b|emergenc|help me|ayud|auxilio|socorro|dying|muriendo",
    # pain beyond bearing
    r"unbearable|insoportable|severe pain|excruciat|(?:10|ten|9|nine) ?(?:/|out of) ?(?:10|ten)",
)
_ANY = re.compile("|".join(_SIGNS), re.IGNORECASE)


def may_be_urgent(text: str) -> bool:
    """Whether a text holds a word of the emergencies (English or Spanish); only the first characters are read."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST_LOOK].replace("’", "'"))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return _ANY.search(plain) is not None
