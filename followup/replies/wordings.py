"""The wordings behind ``opt``: data, in English and Spanish, without accents and in small letters.

A clinic's reviewer may read and widen it; every wording has a test. Nothing here decides. Sources of the keywords:
the carrier's default list (REVOKE and OPTOUT since May 2025) and 47 CFR 64.1200(a)(10).
"""

from __future__ import annotations

import re

# They act at the carrier only when they are the whole text, as written here.
CARRIER_STOPS = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"])
CARRIER_STARTS = frozenset(["START", "YES", "UNSTOP"])
CARRIER_HELPS = frozenset(["HELP", "INFO"])

# Words around a wish that change nothing about it.
FILLERS = frozenset(
    [
        "please", "pls", "plz", "now", "thanks", "thank", "you", "hi", "hello", "ok", "okay", "just", "kindly",
        "sorry", "immediately", "por", "favor", "porfavor", "gracias", "ya", "hola", "ahora",
    ]
)  # fmt: skip

# What a whole text may be.
STOPS = frozenset(
    [
        "stop", "stopall", "stop all", "stop everything", "stop it all", "unsubscribe", "unsubscribe me",
        "cancel", "end", "quit", "revoke", "optout", "opt out", "opt me out", "remove me", "no more",
        "basta", "alto", "pare", "paren", "parar", "no mas", "cancelar", "cancele", "salir", "baja",
        "detener", "detengase", "desuscribir", "desuscribirme", "terminar", "🛑", "stop 🛑", "🛑 stop",
    ]
)  # fmt: skip
MAYBE_STOPS = frozenset(
    [
        "stop it", "stop this", "enough", "enough already", "i m done", "im done", "not interested",
        "go away", "dejenme", "no me interesa",
    ]
)  # fmt: skip
STARTS = frozenset(
    [
        "start", "unstop", "start again", "resume", "subscribe", "resubscribe", "opt in", "optin",
        "start texts again", "start texting me again", "iniciar", "comenzar", "empezar", "reanudar",
    ]
)  # fmt: skip
YESES = frozenset(["yes", "si", "y", "yes i do"])
WHO = frozenset(["who dis", "who", "quien"])
HELPS = re.compile(r"^\s*(?:help|info|ayuda|informacion)\s*[.?]?\s*$")

# As one sentence of a longer text only these leave no doubt: "Pain 3. End" is no wish.
STRONG_STOPS = frozenset(["stop", "stopall", "unsubscribe", "optout", "opt out", "basta", "unsubscribe me"])


def _any(*words: str) -> str:
    return "(?:" + "|".join(words) + ")"


_TEXTS = _any(
    "text(?:s|ing|ed)?", "messag(?:e|es|ing)", "sms", "e-?mail(?:s|ing)?", "mails?", "notifications?",
    "check-?ins?", "reminders?",
)  # fmt: skip
_TEXTOS = _any("mensajes?", "textos?", "sms", "correos?", "e-?mails?", "recordatorios?", "notificaciones")
_STOP = _any("stop", "quit", "end", "cancel", "cease", "discontinue", "halt")
_DONT = _any("don ?'?t", "do not", "dont", "never", "quit", "stop", "no")
_NOT_ME = _any("don ?'?t", "do not", "dont", "never", "stop", "quit")
_BETWEEN = _any(
    "all", "any", "the", "these", "this", "those", "your", "with", "sending", "getting", "receiving", "me", "us",
    "of", "my", "more", "daily",
)  # fmt: skip
_WANTING = _any(
    "me", "to", "get", "getting", "receive", "receiving", "any", "more", "these", "those", "your", "the",
    "anymore", "further",
)  # fmt: skip
_WRITE = _any(
    "text", "texting", "messag(?:e|ing)", "contact(?:ing)?", "writ(?:e|ing)", "email(?:ing)?", "bother(?:ing)?",
    "call(?:ing)? or text(?:ing)?",
)  # fmt: skip
_ESCRIBAN = _any("escriba[ns]?", "mande[ns]?", "envie[ns]?", "moleste[ns]?", "textee[ns]?", "contacte[ns]?")
_ESCRIBIR = _any("escribir", "mandar", "enviar", "molestar", "textear", _TEXTOS)
_QUERIENDO = _any("mas", "recibir", "sus", "estos", "esos", "que", "me", "manden", "envien", "ningun", "los")

STOPS_WITHIN = re.compile(
    "|".join(
        [
            rf"\b{_STOP}\b(?: {_BETWEEN}\b){{0,4}} {_TEXTS}\b",
            rf"\bno more (?:\w+ )?{_TEXTS}\b",
            rf"\b{_DONT} (?:want|need|send|like)(?: {_WANTING}\b){{0,5}} {_TEXTS}\b",
            rf"\b{_NOT_ME} {_WRITE} (?:to )?me\b",
            rf"\b(?:want|need|wish) (?:the|these|those|your|all) {_TEXTS} (?:to )?(?:stop|end)",
            r"\b(?:take|remove|delete|get|drop) (?:me|my (?:name|number)) (?:off|from|out of)\b",
            r"\bunsubscribe\b",
            r"\bopt(?:ing|ed)?[ -]?(?:me )?out\b",
            r"\bleave me alone\b",
            r"\b(?:revoke|withdraw) (?:my )?consent\b",
            rf"\bno (?:me |nos )?{_ESCRIBAN}\b",
            rf"\b(?:dejen?|paren?|para|basta|dejar) (?:ya )?de {_ESCRIBIR}",
            rf"\bno (?:quiero|deseo|necesito)(?: {_QUERIENDO}\b){{0,4}} {_TEXTOS}\b",
            rf"\bno mas {_TEXTOS}\b",
            r"\b(?:dar|darme|denme|deme|den)(?: me)? de baja\b",
            rf"\bcancel(?:ar|e|en) (?:los |mis |estos |la |mi )?(?:{_TEXTOS}|suscripcion)",
            r"\b(?:quite|quiten|borre|borren|saque|saquen)me\b",
            r"\bdejenme en paz\b",
            r"🛑",
        ]
    )
)
# "Don't stop the messages", "when do the texts stop?", "did you stop texting me?": no wish to end them.
_KEEPING = _any(
    "don ?'?t", "do not", "dont", "never", "please keep", "why did you", "did you", "didn ?'?t", "have you",
    "will you", "when (?:do|will|does)",
)  # fmt: skip
KEEPS = re.compile(
    rf"\b{_KEEPING}\b[^.!?\n]{{0,20}}\b(?:stop|quit|end|cancel)\b|\bno (?:dejen?|paren?|cancelen)\b"
)
# STOP as the first word, then something else: a wish only if what follows begins a new thought. "STOP the bleeding
# won't" and "stop taking ibuprofen?" go on with the same one.
_NEW_THOUGHT = _any(
    "i", "i ?'?m", "im", "ive", "i ?'?ve", "my", "me", "please", "pls", "and", "also", "but", "because",
    "thanks", "you", "u", "we", "tengo", "mi", "por", "y", "pero", "estoy", "gracias",
)  # fmt: skip
STOPS_FIRST = re.compile(
    r"^\W*(?:stop|stopall|unsubscribe|optout|basta|alto)\b"
    rf"(?:\s*[.,!;:\n\u2013\u2014-]|\s+{_NEW_THOUGHT}\b)"
)
EVERYTHING = re.compile(
    r"\b(?:everything|stopall|stop all|all (?:messages|contact|communication)|at all|todo|todos)\b"
    r"|\btexts?\b.{0,20}\be-?mails?\b|\be-?mails?\b.{0,20}\btexts?\b"
)

WRONG_PERSON = re.compile(
    "|".join(
        [
            r"\b(?:wrong|incorrect) (?:number|person|phone|patient|email|address)\b(?! of| to call)",
            r"\byou (?:have|got|ve got|reached|are texting) the wrong\b",
            r"\b(?:no ?(?:one|body)|nobody|there is no one) (?:here )?(?:by|with|of) (?:that|this) name\b",
            r"\bno such person\b",
            r"\bi(?: am| ?'?m) not (?:the|your|that|this) (?:patient|person)\b",
            r"\bi (?:never|didn ?'?t|did not) (?:had|have) (?:a |any |this )?(?:procedure|surgery|injection)\b",
            r"\b(?:don ?'?t|do not) know (?:this|that|any) (?:person|patient)\b",
            r"\bnumero equivocado\b|\bpersona equivocada\b|\bse equivoc\w+ de\b",
            r"\bequivocad[oa]s? de (?:numero|persona|paciente)\b",
            r"\bno soy (?:ese|esa|esta|este|el|la|su) (?:persona|paciente)\b",
            r"\baqui no (?:vive|hay) (?:nadie|ninguna?)\b",
        ]
    )
)
# A wrong number that is asked about is not yet one.
ASKING = re.compile(r"\b(?:is (?:this|it)|do i have|did i|have i|es (?:este|el)|me equivoque)\b|\?\s*$")
WHO_WITHIN = re.compile(
    "|".join(
        [
            r"\bwho(?: is|'s|s)? (?:this|dis|that)\b",
            r"\bwho (?:are|r) (?:you|u)\b",
            r"\bwho(?: is|'s|s) (?:texting|writing|messaging)\b",
            r"\bquien (?:es|eres|son|me (?:escribe|manda|habla))\b",
            r"\bde (?:quien|parte de quien) es\b",
        ]
    )
)
