"""Reads a pathway as a careful reviewer would, before a patient has to.

Run by ``followup pathway check``, on loading and by the tests. An error keeps a pathway from being used; a warning
asks a person to look. It can show that a text is too long, too hard or says what it must not; it can't show that a
text is good.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from followup.kit.gsm import Encoding, count_segments
from followup.kit.readability import grade
from followup.pathways import forbidden
from followup.pathways.findings import Finding, Severity
from followup.pathways.pathway import Pathway
from followup.pathways.render import names_used, render
from followup.pathways.rhythm import rhythm_findings
from followup.pathways.source import Document, read_yaml
from followup.pathways.texts import TextPart
from followup.pathways.values import sample, worst_case
from followup.pathways.vocabulary import Channel, Meaning

LONGEST_SMS = 160
HARDEST_GRADE = 6.0

_CAPITALS = re.compile(r"(?<!\w)[A-ZÁÉÍÓÚÑÜ]{2,}(?!\w)")
_ASKED_FOR = re.compile(
    r"(?<!\w)(?:reply|answer|text|responda|conteste|escriba|ponga)(?: with| back| con)? [\"']?(?P<word>\w+)",
    re.IGNORECASE,
)
_WELCOME_WORDS = {
    "STOP": "how to end the texts",
    "HELP": "how to get help",
    "911": "what to do in an emergency",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """One part of one text with what is known about its use."""

    key: str
    language: str
    channel: Channel
    part: TextPart
    opens: bool  # it is sent without a reply before it
    questions: tuple[str, ...]

    def finding(self, sentence: str, *, offset: int = 0, severity: Severity = Severity.ERROR) -> Finding:
        before = self.part.source[:offset]
        line = self.part.line + before.count("\n")
        column = offset - (before.rfind("\n") + 1) + 1
        return Finding(self.part.file, line, column, severity, sentence)


def check(pathway: Pathway) -> list[Finding]:
    """Everything a reviewer would mark, sorted by file and line; empty for a pathway that is ready to be read."""
    document = read_yaml(pathway.files["pathway.yaml"], file="pathway.yaml", name=pathway.id)
    found = list(rhythm_findings(pathway, document))
    texts = {key for key, _ in pathway.texts}
    found += [
        document.finding(("long_texts", key), f"There is no text {key!r}. Take the line away.")
        for key in set(pathway.long_texts) - texts
    ]
    found += _declared_answers(pathway, document)
    for place in _places(pathway):
        found += _part_findings(pathway, place)
    return sorted(set(found))


def _declared_answers(pathway: Pathway, document: Document) -> Iterator[Finding]:
    for question_key, question in pathway.questions.items():
        for meaning, words in question.answers.items():
            if bad := {word.upper() for word in words.values()} & forbidden.ANSWER_WORDS:
                path = ("questions", question_key, "answers", meaning.value)
                yield document.finding(path, _answer_word_sentence(min(bad)))


def _places(pathway: Pathway) -> Iterator[_Place]:
    asked: dict[str, set[str]] = {}
    opening = {pathway.welcome_key}
    for step in pathway.steps:
        texts = [step.text_key] + ([step.reminder.text] if step.reminder else [])
        opening.update(texts)
        for key in texts:
            asked.setdefault(key, set()).update([step.question_key] if step.question_key else [])
        for follow_up in step.follow_ups:
            asked.setdefault(follow_up.ask, set()).add(follow_up.ask)
    for (key, language), text in pathway.texts.items():
        for channel, part in text.parts.items():
            yield _Place(key, language, channel, part, key in opening, tuple(sorted(asked.get(key, ()))))


def _part_findings(pathway: Pathway, place: _Place) -> Iterator[Finding]:
    yield from _wording(place, forbidden.PLANNED)
    yield from _reading(place)
    if place.channel is Channel.SMS:
        yield from _length(pathway, place)
    if place.opens:
        yield from _sender(place)
    if place.key == pathway.welcome_key:
        yield from _welcome(place)
    else:
        yield from _answers(pathway, place)


def _wording(place: _Place, rules: Sequence[forbidden.Rule]) -> Iterator[Finding]:
    flat = place.part.source.replace("\n", " ")
    subject = place.part.subject or ""
    for rule in rules:
        pattern = rule.patterns.get(place.language)
        for hit in pattern.finditer(flat) if pattern else ():
            yield place.finding(rule.sentence.format(word=hit.group()), offset=hit.start())
        if pattern and (hit_in_subject := pattern.search(subject)):
            sentence = rule.sentence.format(word=hit_in_subject.group())
            yield Finding(place.part.file, place.part.subject_line, 1, Severity.ERROR, sentence)
    if place.language != "es":
        return
    for hit in forbidden.TOO_FAMILIAR.finditer(flat):
        yield place.finding(f"{hit.group()!r} speaks to a friend. Write usted.", offset=hit.start())
    for hit in forbidden.MEANING_HANGS_ON_ACCENT.finditer(flat) if place.channel is Channel.SMS else ():
        sentence = (
            f"On a phone {hit.group()!r} loses its accent and says something else. Choose another word."
        )
        yield place.finding(sentence, offset=hit.start())


def _reading(place: _Place) -> Iterator[Finding]:
    words = render(place.part, sample(place.language), place.channel).body
    level = grade(words, place.language)
    if level > HARDEST_GRADE:
        sentence = (
            f"This reads like school grade {level:.1f}; aim for 6. Use shorter sentences and shorter words."
        )
        yield place.finding(sentence, severity=Severity.WARNING)


def _length(pathway: Pathway, place: _Place) -> Iterator[Finding]:
    counted = count_segments(render(place.part, worst_case(place.language), place.channel).body)
    if counted.encoding is not Encoding.GSM7:
        yield place.finding("A letter or sign here (an emoji?) makes every text two to three times as long.")
    elif counted.units > LONGEST_SMS and place.key not in pathway.long_texts:
        over = counted.units - LONGEST_SMS
        yield place.finding(
            f"With long names this text has {over} characters too many for one SMS. Shorten it, or give the reason "
            "under long_texts."
        )


def _sender(place: _Place) -> Iterator[Finding]:
    names = names_used(place.part)
    if "clinic_name" not in names:
        yield place.finding("The patient must see who writes. Put {{ clinic_name }} into this text.")
    # The frame of every email prints both numbers and 911 below the words.
    if place.channel is Channel.SMS and not names & {"clinic_phone", "urgent_phone"}:
        yield place.finding(
            "The patient needs a number. Put {{ urgent_phone }} or {{ clinic_phone }} into this text."
        )


def _welcome(place: _Place) -> Iterator[Finding]:
    for word, purpose in _WELCOME_WORDS.items():
        if word not in place.part.source and (place.channel is Channel.SMS or word == "911"):
            yield place.finding(f"The welcome must say {purpose}: the word {word} is missing.")


def _answers(pathway: Pathway, place: _Place) -> Iterator[Finding]:
    flat = place.part.source.replace("\n", " ")
    spans = [hit.span() for hit in _CAPITALS.finditer(flat)] + [
        hit.span("word") for hit in _ASKED_FOR.finditer(flat)
    ]
    for start, end in spans:
        if flat[start:end].upper() in forbidden.ANSWER_WORDS:
            yield place.finding(_answer_word_sentence(flat[start:end].upper()), offset=start)
    for key in place.questions:
        for meaning, words in pathway.questions[key].answers.items():
            word = words.get(place.language, "")
            if word and not re.search(
                rf"(?<!\w){re.escape(word)}(?!\w)", " ".join(place.part.source.split())
            ):
                yield place.finding(
                    f"This text asks for the answer {_means(meaning)} but does not offer {word!r}."
                )


def _answer_word_sentence(word: str) -> str:
    return f"{word} may not be an answer: phone companies or this service act on that word. Choose another."


def _means(meaning: Meaning) -> str:
    return meaning.value.replace("_", " ")
