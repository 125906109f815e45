"""Load the word classes and compile the phrase patterns; both are data a clinician can read.

A *class* is a named list of words and phrases of both languages ("leg": pierna, muslo, thigh ...). A *pattern* is a
sequence of words, classes and bounded gaps. Nothing here may use a regular expression on a patient's text.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

#: A gap in a pattern, and how many tokens it may skip.
GAPS = {"..": 3, "...": 6}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Element:
    """One place of a pattern: any of these words or classes; or a gap of at most ``gap`` tokens."""

    words: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    gap: int = 0
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern; ``parts`` has more than one sequence when they may stand in any order in a clause."""

    finding: str
    parts: tuple[tuple[Element, ...], ...]
    source: str
    built_in: bool
    literals: frozenset[str] = frozenset()

    def heads(self) -> tuple[frozenset[str], ...]:
        """Return, for each part, what may begin it: words as they are, classes in braces."""
        return tuple(part[0].words | {"{" + name + "}" for name in part[0].classes} for part in self.parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a group of patterns stands for: its public concept, and what its words already say about it."""

    name: str
    concept: str
    grade: str = ""
    trend: str = ""
    benign: bool = False
    status: str = ""


@dataclass(slots=True)
class Lexicon:
    """Everything the matcher needs, indexed by the word or class a pattern begins with."""

    words: dict[str, frozenset[str]] = field(default_factory=dict)
    prefixes: dict[str, frozenset[str]] = field(default_factory=dict)
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    by_word: dict[str, list[Pattern]] = field(default_factory=dict)
    by_class: dict[str, list[Pattern]] = field(default_factory=dict)
    unordered: list[tuple[tuple[frozenset[str], ...], Pattern]] = field(default_factory=list)
    slang: dict[str, tuple[str, ...]] = field(default_factory=dict)
    vocabulary: set[str] = field(default_factory=set)
    common: set[str] = field(default_factory=set)
    class_memo: dict[str, frozenset[str]] = field(default_factory=dict)

    def classes_of(self, word: str) -> frozenset[str]:
        """Return the classes of one word, by its exact spelling or by a listed prefix."""
        known = self.class_memo.get(word)
        if known is not None:
            return known
        found = set(self.words.get(word, ()))
        for length in range(3, min(len(word), 14) + 1):
            found |= self.prefixes.get(word[:length], frozenset())
        result = frozenset(found)
        if len(self.class_memo) < 50_000:
            self.class_memo[word] = result
        return result

    def knows(self, word: str) -> bool:
        """Say whether the lexicon has this word, by itself or by prefix."""
        return word in self.vocabulary or bool(self.classes_of(word))


def data_files() -> list[tuple[str, str]]:
    """Return (name, text) of every lexicon and rule file, in a fixed order."""
    root = files("followup.triage.engine")
    found = []
    for folder in ("lexicon", "rules"):
        found += [
            (f"{folder}/{item.name}", item.read_text(encoding="utf-8"))
            for item in root.joinpath(folder).iterdir()
            if item.name.endswith((".yaml", ".txt", ".json"))
        ]
    return sorted(found)


def digest(sources: list[tuple[str, str]]) -> str:
    """Return the short hash that names a ruleset; any changed byte in any data file changes it."""
    total = hashlib.sha256()
    for name, text in sources:
        total.update(name.encode() + b"\0" + text.encode() + b"\0")
    return total.hexdigest()[:16]


def parse_yaml(text: str) -> Any:
    """Read YAML with the quickest safe loader."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - both choices are safe loaders


def build(sources: list[tuple[str, str]]) -> Lexicon:
    """Compile the lexicon from the data files."""
    lexicon = Lexicon()
    patterns: list[tuple[str, dict[str, Any]]] = []
    for name, text in sources:
        if name.startswith("lexicon/findings"):
            patterns.extend(parse_yaml(text).items())
        elif name.startswith("lexicon/"):
            _add_words(lexicon, name, text)
    for finding, body in patterns:
        _add_finding(lexicon, finding, body)
    return lexicon


def _add_words(lexicon: Lexicon, name: str, text: str) -> None:
    if name == "lexicon/common.txt":
        lexicon.common.update(line for line in text.split("\n") if line and not line.startswith("#"))
    elif name.startswith("lexicon/slang"):
        lexicon.slang.update({str(key): tuple(str(value).split()) for key, value in parse_yaml(text).items()})
    else:
        for class_name, body in parse_yaml(text).items():
            _add_class(lexicon, class_name, body)


def _add_class(lexicon: Lexicon, name: str, body: Any) -> None:
    texts = body if isinstance(body, list) else [body]
    for entry in (part for text in texts for part in str(text).split()):
        if entry.endswith("*"):
            stem = entry[:-1]
            lexicon.prefixes[stem] = lexicon.prefixes.get(stem, frozenset()) | {name}
        elif "_" in entry:
            parts = tuple(entry.split("_"))
            lexicon.phrases.setdefault(parts[0], []).append((parts, name))
            lexicon.vocabulary.update(part for part in parts if len(part) > 2)
        else:
            lexicon.words[entry] = lexicon.words.get(entry, frozenset()) | {name}
            lexicon.vocabulary.add(entry)


def _add_finding(lexicon: Lexicon, name: str, body: dict[str, Any]) -> None:
    lexicon.findings[name] = Finding(
        name=name,
        concept=str(body.get("concept", name)),
        grade=str(body.get("grade", "")),
        trend=str(body.get("trend", "")),
        benign=bool(body.get("benign", False)),
        status=str(body.get("status", "")),
    )
    for source in body["patterns"]:
        for variant in _variants(str(source)):
            _index(lexicon, compile_pattern(variant, name, force=bool(body.get("built_in", False))))


def _variants(source: str) -> list[str]:
    """Spell out alternatives of several words: "fell asleep|in_love" is two patterns."""
    variants = [""]
    for piece in source.split():
        options = [piece]
        if "_" in piece and not piece.startswith("{"):
            bare, mark = (piece[:-1], "?") if piece.endswith("?") else (piece, "")
            phrases = [part for part in bare.split("|") if "_" in part]
            words = [part for part in bare.split("|") if "_" not in part]
            options = [part.replace("_", " ") for part in phrases]
            options += ["|".join(words) + mark] if words else []
        variants = [f"{head} {option}" for head in variants for option in options]
    return [variant.strip() for variant in variants]


def compile_pattern(source: str, finding: str, *, force: bool = False) -> Pattern:
    """Compile one line: words, a|b alternatives, {class}, trailing ? for optional, .. gaps, & for any order."""
    parts = tuple(_trimmed(tuple(_element(piece) for piece in part.split())) for part in source.split("&"))
    for part in parts:
        if not part or part[0].gap or part[0].optional or part[-1].gap:
            raise ValueError(f"{finding}: {source!r} may not begin or end with a gap or an optional word")
    built_in = force or any(_negative(element) for part in parts for element in part)
    literals = frozenset(word for part in parts for element in part for word in element.words)
    return Pattern(finding, parts, source, built_in, literals)


def _trimmed(elements: tuple[Element, ...]) -> tuple[Element, ...]:
    """Drop an optional end (and the gap before it): it cannot decide whether the pattern is there."""
    while elements and (elements[-1].optional or elements[-1].gap):
        elements = elements[:-1]
    return elements


_NEGATIVE_CLASSES = frozenset({"no", "cannot", "without", "unfeel"})


def _negative(element: Element) -> bool:
    return bool(element.classes & _NEGATIVE_CLASSES)


@lru_cache(maxsize=20_000)
def _element(piece: str) -> Element:
    if piece in GAPS:
        return Element(gap=GAPS[piece])
    optional = piece.endswith("?")
    words: set[str] = set()
    classes: set[str] = set()
    for option in piece.rstrip("?").split("|"):
        if option.startswith("{"):
            classes.add(option.strip("{}"))
        else:
            words.add(option)
    return Element(frozenset(words), frozenset(classes), 0, optional)


def _index(lexicon: Lexicon, pattern: Pattern) -> None:
    if len(pattern.parts) > 1:
        lexicon.unordered.append((pattern.heads(), pattern))
    else:
        for word in pattern.parts[0][0].words:
            lexicon.by_word.setdefault(word, []).append(pattern)
        for name in pattern.parts[0][0].classes:
            lexicon.by_class.setdefault(name, []).append(pattern)
    for part in pattern.parts:
        for element in part:
            lexicon.vocabulary.update(element.words)
