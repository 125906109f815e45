"""Loads pathways from their folders, and pinned versions from where they were kept.

A folder that is broken is refused as a whole, with everything that is wrong in it; the other folders and all pinned
versions go on working. Nothing is repaired, guessed or left out on the way in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pydantic import TypeAdapter, ValidationError

from followup.errors import NotFound
from followup.pathways import references
from followup.pathways.check import check
from followup.pathways.explain import explain
from followup.pathways.findings import Finding, PathwayRefused, Severity
from followup.pathways.pathway import Pathway, Step
from followup.pathways.schema import PathwayForm, StepForm
from followup.pathways.source import Document, read_yaml
from followup.pathways.texts import FILE_NAME, Text, read_text
from followup.pathways.vocabulary import Channel

PLAN = "pathway.yaml"
MOST_FILES = 1_000
LARGEST_READ = 1024 * 1024

_FORM = TypeAdapter(PathwayForm)


@dataclass(frozen=True, slots=True)
class Library:
    """The pathways a clinic can enroll into, by id, and what was refused, by folder name."""

    pathways: Mapping[str, Pathway]
    refused: Mapping[str, PathwayRefused] = field(default_factory=dict)
    # Whether a version waits for two people's signatures before a new patient is put on it: in production.
    needs_signatures: bool = False

    def get(self, pathway_id: str) -> Pathway:
        """The current version of a pathway. Raises NotFound, or PathwayRefused if its folder is broken."""
        if pathway_id in self.pathways:
            return self.pathways[pathway_id]
        if pathway_id in self.refused:
            raise self.refused[pathway_id]
        known = ", ".join(sorted(self.pathways)) or "none"
        raise NotFound(f"There is no pathway {pathway_id!r}. The pathways are: {known}.")


def load_library(folder: Path) -> Library:
    """Load every pathway in a folder of folders, ``templates/pathways``; never raises for a broken one."""
    pathways: dict[str, Pathway] = {}
    refused: dict[str, PathwayRefused] = {}
    for each in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not each.is_dir() or each.name.startswith("."):
            continue
        try:
            pathway = load_pathway(each)
        except PathwayRefused as refusal:
            refused[each.name] = refusal
        else:
            pathways[pathway.id] = pathway
    return Library(MappingProxyType(pathways), MappingProxyType(refused))


def load_pathway(folder: Path) -> Pathway:
    """Load one pathway from its folder and check its texts. Raises PathwayRefused with every error found."""
    pathway = read_pathway(folder)
    errors = [each for each in check(pathway) if each.severity is Severity.ERROR]
    if errors:
        raise PathwayRefused(folder.name, errors)
    return pathway


def read_pathway(folder: Path) -> Pathway:
    """Load one pathway without checking what its texts say: for the check command, which lists everything."""
    pathway = build(_read_files(folder), name=folder.name)
    if pathway.id != folder.name:
        sentence = f"The id is {pathway.id!r} and the folder is called {folder.name!r}. Make them the same."
        raise PathwayRefused(folder.name, [Finding(PLAN, 1, 1, Severity.ERROR, sentence)])
    return pathway


def to_json(pathway: Pathway) -> str:
    """A version as it is pinned: the files themselves, so that what was approved can be shown for ever."""
    kept = {"format": 1, "content_hash": pathway.content_hash, "files": dict(pathway.files)}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def from_json(kept: str) -> Pathway:
    """A pinned version, without its folder. Raises PathwayRefused if it was changed since it was pinned.

    What the texts say is not checked again: a rule that became stricter must not strand a patient in the middle
    of a pathway that a clinic approved.
    """
    content = json.loads(kept)
    files: dict[str, str] = content["files"]
    if content["format"] != 1 or content["content_hash"] != content_hash(files):
        sentence = "This pinned version was changed after it was pinned and can't be trusted."
        raise PathwayRefused("pinned", [Finding(PLAN, 1, 1, Severity.ERROR, sentence)])
    return build(files, name="pinned")


def content_hash(files: Mapping[str, str]) -> str:
    """SHA-256 over all files by name; the order in which a disk lists them, and its line ends, do not matter."""
    digest = hashlib.sha256()
    for name in sorted(files):
        for piece in (name, files[name]):
            raw = piece.encode()
            digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def build(files: Mapping[str, str], *, name: str) -> Pathway:
    """Make a pathway of the contents of its files. Raises PathwayRefused with every error found."""
    if PLAN not in files:
        sentence = f"There is no {PLAN} in this folder. Copy one from another pathway to begin with."
        raise PathwayRefused(name, [Finding(PLAN, 1, 1, Severity.ERROR, sentence)])
    document = read_yaml(files[PLAN], file=PLAN, name=name)
    form = _read_form(document, name=name)
    texts, findings = _read_texts(files)
    findings += references.findings(form, texts, document=document)
    if findings:
        raise PathwayRefused(name, findings)
    return Pathway(
        id=form.id,
        title=form.title,
        version=form.version,
        status=form.status,
        approvals=form.approvals,
        languages=form.languages,
        placeholders=form.placeholders,
        welcome_key=form.welcome,
        questions=MappingProxyType(dict(form.questions)),
        steps=tuple(_step(each, form) for each in form.steps),
        triage=form.triage,
        escalation=form.escalation,
        long_texts=MappingProxyType(dict(form.long_texts)),
        texts=MappingProxyType(texts),
        files=MappingProxyType(dict(files)),
        content_hash=content_hash(files),
    )


def _read_form(document: Document, *, name: str) -> PathwayForm:
    try:
        return _FORM.validate_json(json.dumps(document.data))
    except ValidationError as error:
        raise PathwayRefused(name, explain(error, document)) from None


def _step(form: StepForm, pathway: PathwayForm) -> Step:
    question = pathway.questions[form.question] if form.question else None
    channels: tuple[Channel, ...] = (
        (Channel.SMS, Channel.EMAIL) if form.channel == "any" else (Channel(form.channel),)
    )
    return Step(
        key=form.key,
        text_key=form.text or form.key,
        day=form.day,
        at=form.at,
        window_from=form.window.opens,
        window_until=form.window.closes,
        channels=channels,
        harvest=form.harvest,
        kind=form.kind,
        priority=form.priority,
        weekdays=form.weekdays,
        late_rule=form.late.rule,
        late_hours=form.late.hours,
        question_key=form.question,
        question_kind=question.kind if question else None,
        red_flags=bool(question and question.red_flags),
        requires_answer=form.requires_answer,
        follow_ups=form.follow_ups,
        reminder=form.reminder,
        silence=form.silence,
    )


def _read_texts(files: Mapping[str, str]) -> tuple[dict[tuple[str, str], Text], list[Finding]]:
    texts: dict[tuple[str, str], Text] = {}
    findings: list[Finding] = []
    for file in sorted(set(files) - {PLAN}):
        if not (match := FILE_NAME.match(file)):
            sentence = "Call a text file by its key and its language, like day-1.en.txt, in small letters."
            findings.append(Finding(file, 1, 1, Severity.ERROR, sentence))
            continue
        text, problems = read_text(files[file], file=file, key=match["key"], language=match["language"])
        texts[text.key, text.language] = text
        findings += problems
    return texts, findings


def _read_files(folder: Path) -> dict[str, str]:
    files: dict[str, str] = {}
    findings: list[Finding] = []
    paths = [each for each in sorted(folder.iterdir()) if not each.name.startswith(".")]
    for path in paths[:MOST_FILES]:
        content = _read_file(path, findings)
        if content is not None:
            files[path.name] = content
    if findings:
        raise PathwayRefused(folder.name, findings)
    return files


def _read_file(path: Path, findings: list[Finding]) -> str | None:
    if path.suffix not in {".yaml", ".txt"} or not path.is_file():
        findings.append(_file_finding(path, "Only pathway.yaml and text files belong into this folder."))
        return None
    raw: bytes = path.read_bytes()[:LARGEST_READ]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # PostgreSQL can't keep it, and no keyboard makes it
        findings.append(
            _file_finding(path, "Save this file as UTF-8 text; it holds letters that can't be read.")
        )
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _file_finding(path: Path, sentence: str) -> Finding:
    return Finding(path.name, 1, 1, Severity.ERROR, sentence)
