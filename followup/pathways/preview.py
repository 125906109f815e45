"""Prints a whole pathway as one patient would get it, for the people who approve it at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from followup.pathways.booklet import Leaf, Saying, booklet
from followup.pathways.pathway import Pathway
from followup.pathways.vocabulary import Channel, Harvest

_INDENT = "    "
DRAFT = (
    "DRAFT FOR CLINIC APPROVAL: no patient should get these texts before two of your clinicians approve them."
)


def calendar(
    pathway: Pathway,
    language: str,
    harvest: Harvest,
    *,
    channel: Channel = Channel.SMS,
    values: Mapping[str, str] | None = None,
) -> str:
    """Every text of one patient in order, with what is asked afterwards and what happens if nothing comes back.

    ``values`` replace those of the invented patient. Times are the patient's local time.
    """
    lines = [
        f"{pathway.title}, version {pathway.version}",
        f"{harvest.value.replace('_', ' ')} · {language} · {channel} · {pathway.content_hash[:12]}",
        *([DRAFT] if pathway.is_draft else []),
    ]
    welcome, *leaves = booklet(pathway, language, harvest, channel=channel, values=values).leaves
    lines += ["", welcome.title, *_words(welcome.sayings[0])]
    for leaf in leaves:
        lines += ["", *_leaf(leaf)]
    return "\n".join(lines) + "\n"


def _leaf(leaf: Leaf) -> Iterator[str]:
    mark = ", safety" if leaf.is_safety else ""
    yield f"{leaf.title} ({leaf.key}{mark})"
    for each in leaf.sayings:
        if each.when:
            yield f"{_INDENT}{each.when} ({each.key})"
        yield from _words(each)
    yield f"{_INDENT}{'; '.join(leaf.rules)}"


def _words(saying: Saying) -> Iterator[str]:
    """The words of a text; a question that comes back every day is written out once."""
    if saying.is_repeated:
        yield f"{_INDENT}| (the same words as above)"
        return
    if saying.subject:
        yield f"{_INDENT}| Subject: {saying.subject}"
    yield from (f"{_INDENT}| {line}".rstrip() for line in saying.body.split("\n"))
    if saying.segments:
        parts = "" if saying.segments == 1 else f", {saying.segments} parts"
        yield f"{_INDENT}  {saying.units} characters{parts}"
