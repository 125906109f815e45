"""Read labelled replies; the only place that knows the columns of a corpus file.

Development files may be read by anyone. Sealed files are read by scoring alone, which prints totals;
nothing here may list them, and training refuses a path inside the sealed folder.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from followup.triage.engine.decision import Context, QuestionKind, Tier

FOLDER = Path(__file__).resolve().parent.parent / "corpus"
DEVELOPMENT = FOLDER / "development"
SEALED = FOLDER / "sealed"
PARAPHRASES = FOLDER / "paraphrases"
#: Writer name of the engine author's own phrases: they teach the reader and are never counted in a measure.
AUTHOR = "engine_author"


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled reply; ``writer`` names who invented it, ``notes`` why the label is what it is."""

    id: str
    writer: str
    text: str
    tier: Tier
    context: Context
    concepts: tuple[str, ...] = ()
    notes: str = ""


def read_file(path: Path) -> list[Example]:
    """Return the examples of one CSV file; raise ValueError naming the row that cannot be read."""
    default_writer = path.stem.removeprefix("dev_")
    examples: list[Example] = []
    with path.open(encoding="utf-8", newline="") as source:
        for number, row in enumerate(csv.DictReader(source), start=2):
            try:
                examples.append(_example(row, default_writer))
            except (KeyError, ValueError) as problem:
                raise ValueError(f"{path.name}, row {number}: {problem}") from problem
    return examples


def _example(row: dict[str, str], writer: str) -> Example:
    day = (row.get("day") or "").strip()
    context = Context(
        lang=row.get("lang") or None,
        channel=row.get("channel") or "sms",
        day=int(float(day)) if day else None,
        question_kind=QuestionKind((row.get("question_kind") or "none").strip()),
        question_text=row.get("question_text") or "",
    )
    tier = Tier((row.get("tier") or row["expected_tier"]).strip())
    concepts = tuple(part for part in (row.get("concepts") or "").split("|") if part)
    return Example(
        row["id"], row.get("writer") or writer, row["text"], tier, context, concepts, row.get("notes") or ""
    )


def development(folder: Path = DEVELOPMENT) -> list[Example]:
    """Return every development example, files in the order of their names."""
    return [example for path in sorted(folder.glob("dev_*.csv")) for example in read_file(path)]


def paraphrases(folder: Path = PARAPHRASES) -> list[Example]:
    """Return the engine author's own phrases, for training only.

    A block starts with "@ tier concept days [question kind]"; each further line is one reply. The day of a
    line is taken from the block's span by its place, so that the same file gives the same examples.
    """
    found: list[Example] = []
    for path in sorted(folder.glob("*.txt")):
        block: list[str] = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            if line.startswith("@"):
                block = line.split()[1:]
            elif line.strip() and not line.startswith("#"):
                found.append(_phrase(block, line.strip(), f"{path.stem}-{number}"))
    return found


def _phrase(block: list[str], text: str, name: str) -> Example:
    first, last = (int(part) for part in block[2].split("-"))
    day = first + int(hashlib.sha256(name.encode()).hexdigest(), 16) % (last - first + 1)
    if day > 14 and last > 14:
        day = first + day % 14 if int(name.rsplit("-", maxsplit=1)[1]) % 3 else day
    kind = QuestionKind(block[3]) if len(block) > 3 else QuestionKind.OPEN
    if len(block) <= 3 and int(name.rsplit("-", maxsplit=1)[1]) % 2:
        kind = QuestionKind.NONE
    return Example(name, AUTHOR, text, Tier(block[0]), Context(day=day, question_kind=kind), (block[1],))


def corpus_hash(examples: Iterable[Example]) -> str:
    """Return the hash of what training sees: texts, contexts and labels, in order."""
    total = hashlib.sha256()
    for example in examples:
        context = example.context
        fields = (
            example.writer,
            example.text,
            example.tier.value,
            str(context.day),
            context.question_kind.value,
            context.question_text,
        )
        total.update("\x1f".join(fields).encode() + b"\x1e")
    return total.hexdigest()[:16]
