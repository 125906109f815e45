"""Words that no text to a patient may hold, with the reason each clinician will be told.

Tables, not code: a clinic's reviewer reads them and a new language adds its row. A pattern is matched against whole
words without regard to capitals. They catch slips of the pen, they do not replace the reader.

Sources: carrier keywords: Twilio's default opt-out and opt-in lists and 47 CFR 64.1200(a)(10). No claim of benefit:
FDA has approved no stem-cell product for orthopedic use and warns of claims. No diagnosis on the lock screen:
45 CFR 164.530(c) and the clinic's own consent text. No reassurance: the sender of a text has not seen the patient.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# fmt: off
ANSWER_WORDS = frozenset({
    "YES", "START", "UNSTOP", "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE", "HELP",
    "INFO", "SI", "SÍ", "ALTO", "PARAR", "BAJA", "CANCELAR", "TERMINAR", "AYUDA",
})
# fmt: on
"""What no question may ask for.

Carriers or the house act on these words, so an answer would subscribe, end or be swallowed. No carrier acts on SI.
It is refused all the same: it is also "if", many people who read Spanish answer YES to it, and NO beside it tempts.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One group of words and the sentence for whoever wrote them."""

    patterns: Mapping[str, re.Pattern[str]]
    sentence: str


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)", re.IGNORECASE)


DIAGNOSIS_OR_PROCEDURE = Rule(
    {
        "en": _words(
            r"stem[\s-]?cells?",
            r"cell therapy",
            r"back pain",
            r"bone marrow",
            r"liposuctions?",
            r"fat (?:cells?|tissue)",
            r"injections?",
            r"injected",
            r"disc disease",
            r"dis[ck]s?",
            r"(?:spinal )?stenosis",
            r"sciatica",
            r"arthritis",
            r"spin(?:e|al)",
            r"lumbar",
            r"surger(?:y|ies)",
            r"operations?",
            r"biops(?:y|ies)",
            r"aspirations?",
            r"degenerat\w+",
            r"hernia\w*",
            r"regenerative",
        ),
        "es": _words(
            r"c[ée]lulas?(?: madre)?",
            r"terapia celular",
            r"dolor de espalda",
            r"m[ée]dula",
            r"liposucci[óo]n(?:es)?",
            r"grasa",
            r"inyecci[óo]n(?:es)?",
            r"inyect\w+",
            r"discos?",
            r"estenosis",
            r"ci[áa]tica",
            r"artritis",
            r"columna",
            r"lumbar(?:es)?",
            r"cirug[íi]as?",
            r"operaci[óo]n(?:es)?",
            r"operad[oa]s?",
            r"biopsias?",
            r"degenerativ\w+",
            r"hernias?",
            r"regenerativ\w+",
        ),
    },
    "{word!r} names an illness or what was done, and others may see a locked phone. Write 'your procedure'.",
)

CLAIM_OF_BENEFIT = Rule(
    {
        "en": _words(
            r"cur(?:e|es|ed|ing)",
            r"heal(?:s|ed|ing)?",
            r"regenerat\w+",
            r"repair\w*",
            r"success\w*",
            r"effective",
            r"guarantee\w*",
            r"(?:will|should|going to) (?:feel |get |be )?(?:better|improve)",
            r"is working",
            r"miracle\w*",
            r"pain[\s-]free",
            r"improvements?",
            r"promis\w+",
        ),
        "es": _words(
            r"cur(?:a|ar|ar[áa]|ado|ada|aci[óo]n)",
            r"san(?:a|ar|ar[áa]|ando|aci[óo]n)",
            r"regener\w+",
            r"repara\w*",
            r"[ée]xito",
            r"efectiv\w+",
            r"eficaz",
            r"garant\w+",
            r"(?:va a|debe) (?:mejorar|sentirse mejor)",
            r"mejorar[áa]n?",
            r"milagr\w+",
            r"sin dolor",
            r"mejor[íi]as?",
            r"promet\w+",
        ),
    },
    "{word!r} reads as a promise that the treatment works. Take it out.",
)

REASSURANCE = Rule(
    {
        "en": _words(
            r"don['’]?t worry",
            r"do not worry",
            r"no need to worry",
            r"nothing to worry about",
            r"you(?:['’]re| are) (?:fine|ok|okay|safe)",
            r"(?:is|are|it['’]s) (?:completely |perfectly |totally )?normal",
            r"harmless",
            r"everything is (?:fine|ok|okay)",
            r"not serious",
            r"no danger",
        ),
        "es": _words(
            r"no se preocupe",
            r"no hay (?:de )?qu[ée] preocuparse",
            r"todo est[áa] bien",
            r"usted est[áa] bien",
            r"(?:es|son) (?:muy |completamente |totalmente )?normal(?:es)?",
            r"inofensiv\w+",
            r"no es (?:grave|nada)",
            r"sin peligro",
            r"tranquil[oa]s?",
        ),
    },
    "{word!r} tells the patient that all is well, and nobody has looked. Say what to do instead.",
)

PROMISE_OF_A_CALL = Rule(
    {
        "en": _words(
            r"we(?:['’]ll| will| are going to) call(?: you)?", r"(?:a|the) (?:nurse|doctor) will call"
        ),
        "es": _words(
            r"l[eo] (?:llamaremos|vamos a llamar)",
            r"(?:la enfermera|el m[ée]dico|el doctor) le (?:llamar[áa]|va a llamar)",
        ),
    },
    "{word!r} promises a call that this text can't guarantee. Give the number instead.",
)

EVERYWHERE = (DIAGNOSIS_OR_PROCEDURE, CLAIM_OF_BENEFIT, REASSURANCE)
"""Rules for every text to a patient."""

PLANNED = (*EVERYWHERE, PROMISE_OF_A_CALL)
"""Rules for the texts of a pathway, which go out although nobody is waiting at a desk."""

TOO_FAMILIAR = _words(
    r"tú",
    r"tus?",
    r"ti",
    r"contigo",
    r"tienes",
    r"estás",
    r"puedes",
    r"quieres",
    r"sientes",
    r"debes",
    r"necesitas",
    r"llámanos",
    r"responde",
    r"contesta",
    r"dinos",
    r"avísanos",
)
"""Spanish for a friend. Patients of a US clinic are addressed as usted."""

MEANING_HANGS_ON_ACCENT = _words(r"sí", r"tú", r"mí", r"aún", r"papás?", r"mamás?", r"ánimo", r"\w+ó")
"""Spanish words that say something else, or something rude, once a text message has taken their accent.

The last pattern is the past tense: without its accent "llegó a casa" is "llego a casa", he came is I come.
"""
