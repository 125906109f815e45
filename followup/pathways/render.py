"""Turns the words of a clinician and the values of a patient into the text that is sent.

The words come from files, the values from people; neither may run anything. Only text, names from the closed
list and ``if`` on those names get through; a sandbox stands behind that. A value is put in as it is and never
read as a template. A missing value is an error, because a text with a hole in it, or with the word None, frightens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from followup.errors import FollowupError
from followup.kit.gsm import normalize_for_sms, strip_accents_outside_gsm7
from followup.pathways.findings import Finding, Severity
from followup.pathways.texts import TextPart, paragraphs
from followup.pathways.values import Placeholder, clean
from followup.pathways.vocabulary import Channel

LONGEST_TEXT = 8_000
"""Characters of one part of a text file; the longest of ours has 1,500."""


class MissingValue(FollowupError):
    """This text can't be written yet: a value is missing."""

    code = "missing-value"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The finished words. ``subject`` is for email only; an empty line parts paragraphs."""

    body: str
    subject: str | None = None


def render(part: TextPart, values: Mapping[str, str], channel: Channel) -> Rendered:
    """Put the values into the words of one channel. Raises MissingValue; pure, same input, same words."""
    body = "\n\n".join(paragraphs(_fill(part.source, values)))
    if channel is Channel.EMAIL:
        return Rendered(body, " ".join(_fill(part.subject or "", values).split()))
    one_line = body.replace("\n\n", "\n")
    return Rendered(for_sms(one_line) if channel is Channel.SMS else one_line)


def for_sms(text: str) -> str:
    """The same words in the 7-bit alphabet where that is possible.

    Spanish in the files is written with all its accents, and email keeps them. On the phone the four letters that
    the 7-bit alphabet lacks lose theirs (mas, todavia), as people text; é, ñ, ü, ¿ and ¡ stay. One á would halve
    the room and double the price of a text. The check refuses words whose meaning hangs on such an accent.
    """
    return strip_accents_outside_gsm7(normalize_for_sms(text))


def template_findings(part: TextPart, known: Mapping[str, Placeholder]) -> list[Finding]:
    """Everything in the words of a part that may not stand there, with its line."""
    pieces = [(part.source, part.line)]
    if part.subject:
        pieces.append((part.subject, part.subject_line))
    return [
        Finding(part.file, first_line + line - 1, 1, Severity.ERROR, sentence)
        for source, first_line in pieces
        for line, sentence in _problems(source, known)
    ]


def names_used(part: TextPart) -> frozenset[str]:
    """The placeholders a part mentions; empty if it can't be read (template_findings says why)."""
    found: set[str] = set()
    for source in (part.source, part.subject or ""):
        try:
            tree = _ENVIRONMENT.parse(source)
        except TemplateSyntaxError:
            continue
        found.update(node.name for node in tree.find_all(nodes.Name))
    return frozenset(found)


_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, cache_size=0)
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters.clear()
_ENVIRONMENT.tests.clear()

_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Not)
_ALLOWED_TESTS = (nodes.Name, nodes.Not)


@lru_cache(maxsize=4096)
def _compile(source: str) -> Template:
    if _ENVIRONMENT.parse(source).find(nodes.Call):  # never reached for a checked file; the second lock
        raise MissingValue("This text holds more than words and values and can't be sent.")
    return _ENVIRONMENT.from_string(source)


def _fill(source: str, values: Mapping[str, str]) -> str:
    template = _compile(source)
    plain: dict[str, str] = {}
    for name in _names(source):
        value = values.get(name)
        if type(value) is not str:
            raise MissingValue(f"The text needs {name}, and there is none.")
        plain[name] = clean(value)
    for name in _unguarded(source):
        if not plain[name]:
            raise MissingValue(f"The text needs {name}, and it is empty.")
    return template.render(plain)


@lru_cache(maxsize=4096)
def _names(source: str) -> tuple[str, ...]:
    return tuple(sorted({node.name for node in _ENVIRONMENT.parse(source).find_all(nodes.Name)}))


@lru_cache(maxsize=4096)
def _unguarded(source: str) -> tuple[str, ...]:
    tree = _ENVIRONMENT.parse(source)
    return tuple(sorted({name for _, name in _shown(tree, frozenset())}))


def _problems(source: str, known: Mapping[str, Placeholder]) -> Iterator[tuple[int, str]]:
    if len(source) > LONGEST_TEXT:
        yield 1, f"This text is longer than {LONGEST_TEXT} characters. Please shorten it."
        return
    try:
        tree = _ENVIRONMENT.parse(source)
    except (TemplateSyntaxError, RecursionError) as error:
        line = getattr(error, "lineno", 1) or 1
        yield line, "A pair of braces is not closed, or something stands between them that we don't know."
        return
    yield from _forbidden(tree)
    for name in tree.find_all(nodes.Name):
        if name.name not in known:
            choice = ", ".join(sorted(known))
            yield name.lineno, f"{name.name!r} is not a value this pathway lists. Use one of: {choice}."
    for line, shown in _shown(tree, frozenset()):
        if shown in known and known[shown].optional:
            advice = f"{{% if {shown} %}} ... {{% endif %}}"
            yield line, f"{shown} may be empty. Write {advice} around the words that need it."


def _forbidden(tree: nodes.Node) -> Iterator[tuple[int, str]]:
    sentence = "Only words, values like {{ clinic_name }}, and {% if value %} are allowed in a text."
    for node in (tree, *tree.find_all(nodes.Node)):
        if not isinstance(node, _ALLOWED):
            yield node.lineno, sentence
            return
        if isinstance(node, nodes.If) and not isinstance(node.test, _ALLOWED_TESTS):
            yield node.lineno, sentence
            return


def _shown(node: nodes.Node, guarded: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Every name that is printed where nothing made sure that it has a value."""
    if isinstance(node, nodes.Name):
        if node.name not in guarded:
            yield node.lineno, node.name
        return
    if isinstance(node, nodes.If):
        inside = guarded | {node.test.name} if isinstance(node.test, nodes.Name) else guarded
        outside = guarded | _denied(node.test)
        for child in node.body:
            yield from _shown(child, inside)
        for child in (*node.elif_, *node.else_):
            yield from _shown(child, outside)
        return
    for child in node.iter_child_nodes():
        yield from _shown(child, guarded)


def _denied(test: nodes.Node) -> frozenset[str]:
    """``{% if not name %} … {% else %}`` guards the name in its else branch."""
    if isinstance(test, nodes.Not) and isinstance(test.node, nodes.Name):
        return frozenset({test.node.name})
    return frozenset()
