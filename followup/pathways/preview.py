"""Prints a whole pathway as one patient would get it, for the people who approve it.

A folder of texts can't be read like a recovery; a calendar can. Every word that may be sent to an invented
patient stands on it: what goes out by itself, what follows a reply, and what follows silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from followup.kit.gsm import count_segments
from followup.pathways.pathway import Pathway, Step
from followup.pathways.render import render
from followup.pathways.values import harvest_site_words, sample
from followup.pathways.vocabulary import Channel, Harvest, LateRule, SilenceAction

_INDENT = "    "
_DRAFT = (
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
    site = {"harvest_site_words": harvest_site_words(harvest, language)}
    page = _Page(pathway, language, channel, sample(language) | site | dict(values or {}))
    lines = [
        f"{pathway.title}, version {pathway.version}",
        f"{harvest.value.replace('_', ' ')} · {language} · {channel} · {pathway.content_hash[:12]}",
        *([_DRAFT] if pathway.is_draft else []),
        "",
        "When enrolled",
        *page.words(pathway.welcome_key),
    ]
    for step in pathway.steps_for(harvest):
        lines += ["", *page.step(step)]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Page:
    """What stays the same down the page."""

    pathway: Pathway
    language: str
    channel: Channel
    values: Mapping[str, str]
    shown: set[str] = field(default_factory=set)

    def step(self, step: Step) -> Iterator[str]:
        mark = ", safety" if step.is_safety else ""
        yield f"{_day(step.day)}, {step.at:%H:%M} ({step.key}{mark})"
        yield from self.words(step.text_key)
        for follow_up in step.follow_ups:
            need = ", must be answered" if follow_up.required else ""
            yield f"{_INDENT}after the reply ({follow_up.ask}{need})"
            yield from self.words(follow_up.ask)
        if step.reminder:
            yield f"{_INDENT}no answer after {step.reminder.after_hours} hours ({step.reminder.text})"
            yield from self.words(step.reminder.text)
        yield f"{_INDENT}{_rules(step)}"

    def words(self, key: str) -> Iterator[str]:
        """The words of a text; a question that comes back every day is written out once."""
        if key in self.shown:
            yield f"{_INDENT}| (the same words as above)"
            return
        self.shown.add(key)
        part = self.pathway.text(key, language=self.language, channel=self.channel)
        rendered = render(part, self.values, self.channel)
        if rendered.subject:
            yield f"{_INDENT}| Subject: {rendered.subject}"
        yield from (f"{_INDENT}| {line}".rstrip() for line in rendered.body.split("\n"))
        if self.channel is Channel.SMS:
            counted = count_segments(rendered.body)
            parts = "" if counted.segments == 1 else f", {counted.segments} parts"
            yield f"{_INDENT}  {counted.units} characters{parts}"


def _rules(step: Step) -> str:
    rules = [f"may go out {step.window_from:%H:%M}-{step.window_until:%H:%M}"]
    match step.late_rule:
        case LateRule.SKIP:
            rules.append("never late")
        case LateRule.SEND_UNTIL:
            rules.append(f"up to {step.late_hours} h late, then left out")
        case LateRule.CALL_TASK:
            rules.append(f"up to {step.late_hours} h late, then a person calls")
    if step.silence:
        what = (
            "a person calls"
            if step.silence.then is SilenceAction.CALL_TASK
            else f"treated as {step.silence.tier}"
        )
        rules.append(f"no answer after {step.silence.after_hours} h: {what}")
    return "; ".join(rules)


def _day(day: int) -> str:
    if day >= 14 and day % 7 == 0:
        return f"Day {day} (week {day // 7})"
    return f"Day {day}"
