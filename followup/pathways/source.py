"""Reads a YAML file and remembers where every value stands.

A message that says "line 41" is worth ten that say "validation error". The words of the file are taken as they
are written: ``10:30`` stays the text 10:30 and ``no`` stays the word no, both of which plain YAML turns into
something else. Aliases, merge keys and repeated names are refused: they hide what a reviewer believes to read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from followup.pathways.findings import Finding, PathwayRefused, Severity

Path: TypeAlias = tuple[str | int, ...]

LARGEST_FILE = 256 * 1024
"""Bytes. A pathway of two languages needs about 20 kB; more than this is a mistake or an attack."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
_ALIAS = "A name that starts with * repeats another part of the file. Write the words again here."
_WORDS = {"": None, "null": None, "~": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """The plain data of one YAML file with the place of every value and of every name."""

    file: str
    data: Any
    marks: dict[Path, Mark] = field(default_factory=dict)

    def place(self, path: Path) -> Mark:
        """Where the value at this path stands, or the nearest thing around it that exists."""
        for length in range(len(path), 0, -1):
            if mark := self.marks.get(path[:length]):
                return mark
        return Mark(1, 1)

    def finding(self, path: Path, sentence: str, *, severity: Severity = Severity.ERROR) -> Finding:
        """A finding at the place of the value."""
        mark = self.place(path)
        return Finding(self.file, mark.line, mark.column, severity, sentence)


def read_yaml(text: str, *, file: str, name: str) -> Document:
    """Read one file. Raises PathwayRefused, with the place, for anything that is not plain YAML."""
    if len(text.encode()) > LARGEST_FILE:
        sentence = f"This file is larger than {LARGEST_FILE // 1024} kB. Please shorten it."
        raise PathwayRefused(name, [Finding(file, 1, 1, Severity.ERROR, sentence)])
    reader = _Reader(file)
    try:
        reader.refuse_aliases(text)
        node = None if reader.findings else yaml.compose(text, Loader=yaml.SafeLoader)
        data = {} if node is None else reader.value(node, ())
    except yaml.YAMLError as error:
        raise PathwayRefused(name, [_syntax_finding(file, error)]) from None
    except RecursionError:
        sentence = "The lists in this file are nested too deeply. Please write it flatter."
        raise PathwayRefused(name, [Finding(file, 1, 1, Severity.ERROR, sentence)]) from None
    if reader.findings:
        raise PathwayRefused(name, reader.findings)
    return Document(file, data, reader.marks)


class _Reader:
    """Walks the nodes once, collecting plain data, places and what is wrong."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.marks: dict[Path, Mark] = {}
        self.findings: list[Finding] = []

    def refuse_aliases(self, text: str) -> None:
        """An alias repeats a part of the file unseen, and a chain of them can fill the memory."""
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) and event.start_mark:
                line, column = event.start_mark.line + 1, event.start_mark.column + 1
                self.findings.append(Finding(self.file, line, column, Severity.ERROR, _ALIAS))

    def value(self, node: yaml.Node, path: Path) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        self.marks.setdefault(path, _mark(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*path, index)) for index, each in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        self.marks.setdefault(path, _mark(node))
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            if not key or key in found:
                what = (
                    f"{key!r} is written twice here. Keep one of them." if key else "This line has no name."
                )
                mark = _mark(key_node)
                self.findings.append(Finding(self.file, mark.line, mark.column, Severity.ERROR, what))
                continue
            self.marks[(*path, key)] = _mark(key_node)
            found[key] = self.value(value_node, (*path, key))
        return found


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def _scalar(node: yaml.Node) -> Any:
    text: str = node.value
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _DECIMAL.match(text) else text


def _syntax_finding(file: str, error: yaml.YAMLError) -> Finding:
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = getattr(error, "problem", None) or "this line can't be read"
    sentence = (
        f"The file can't be read from here on ({problem}). Check the spaces at the start of the line, the colon "
        "after the name, and that every opening quote is closed."
    )
    return Finding(file, line, column, Severity.ERROR, sentence)
