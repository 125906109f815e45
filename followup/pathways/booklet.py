"""A whole pathway as one patient gets it, as values: what terminal and page show to those who approve it.

A folder of texts can't be read like a recovery; a calendar can. Every word that may be sent to an invented patient
is in it: what goes out by itself, what follows a reply, and what follows silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from followup.kit.gsm import count_segments
from followup.kit.readability import grade
from followup.pathways.pathway import Pathway, Step
from followup.pathways.render import render
from followup.pathways.values import harvest_site_words, sample
from followup.pathways.vocabulary import Channel, Harvest, LateRule, SilenceAction


@dataclass(frozen=True, slots=True)
class Saying:
    """One text as it is sent. ``when`` says what it follows, empty for the planned one of its day.

    ``units`` and ``segments`` are those of a text message and 0 for an email; ``grade`` is the school grade.
    """

    key: str
    when: str
    body: str
    subject: str | None
    units: int
    segments: int
    grade: float
    is_repeated: bool


@dataclass(frozen=True, slots=True)
class Leaf:
    """One day's contact: its texts in order, and the rules for its time, for being late and for silence."""

    title: str
    key: str
    is_safety: bool
    sayings: tuple[Saying, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Booklet:
    """The welcome text and every contact, in the order of days."""

    leaves: tuple[Leaf, ...]

    @property
    def segments(self) -> int:
        """The planned texts of a whole recovery, in parts that the carrier charges for."""
        return sum(each.segments for leaf in self.leaves for each in leaf.sayings[:1])


def booklet(
    pathway: Pathway, language: str, harvest: Harvest, *, channel: Channel = Channel.SMS,
    values: Mapping[str, str] | None = None,
) -> Booklet:  # fmt: skip
    """Write out every text for one patient; ``values`` replace those of the invented one."""
    site = {"harvest_site_words": harvest_site_words(harvest, language)}
    pen = _Pen(pathway, language, channel, sample(language) | site | dict(values or {}))
    welcome = Leaf("When enrolled", pathway.welcome_key, False, (pen.write(pathway.welcome_key, ""),), ())
    return Booklet((welcome, *(pen.leaf(step) for step in pathway.steps_for(harvest))))


@dataclass(frozen=True, slots=True)
class _Pen:
    """What stays the same from text to text, and which were written out already."""

    pathway: Pathway
    language: str
    channel: Channel
    values: Mapping[str, str]
    written: set[str] = field(default_factory=set)

    def leaf(self, step: Step) -> Leaf:
        return Leaf(
            title=f"{_day(step.day)}, {step.at:%H:%M}", key=step.key, is_safety=step.is_safety,
            sayings=tuple(self._sayings(step)), rules=tuple(_rules(step)),
        )  # fmt: skip

    def _sayings(self, step: Step) -> Iterator[Saying]:
        yield self.write(step.text_key, "")
        for follow_up in step.follow_ups:
            need = ", must be answered" if follow_up.required else ""
            yield self.write(follow_up.ask, f"after the reply{need}")
        if step.reminder:
            yield self.write(step.reminder.text, f"no answer after {step.reminder.after_hours} hours")

    def write(self, key: str, when: str) -> Saying:
        part = self.pathway.text(key, language=self.language, channel=self.channel)
        rendered = render(part, self.values, self.channel)
        counted = count_segments(rendered.body) if self.channel is Channel.SMS else None
        is_repeated = key in self.written
        self.written.add(key)
        return Saying(
            key=key, when=when, body=rendered.body, subject=rendered.subject,
            units=counted.units if counted else 0, segments=counted.segments if counted else 0,
            grade=grade(rendered.body, self.language), is_repeated=is_repeated,
        )  # fmt: skip


def _rules(step: Step) -> Iterator[str]:
    yield f"may go out {step.window_from:%H:%M}-{step.window_until:%H:%M}"
    match step.late_rule:
        case LateRule.SKIP:
            yield "never late"
        case LateRule.SEND_UNTIL:
            yield f"up to {step.late_hours} h late, then left out"
        case LateRule.CALL_TASK:
            yield f"up to {step.late_hours} h late, then a person calls"
    if step.silence:
        what = (
            "a person calls"
            if step.silence.then is SilenceAction.CALL_TASK
            else f"treated as {step.silence.tier}"
        )
        yield f"no answer after {step.silence.after_hours} h: {what}"


def _day(day: int) -> str:
    if day >= 14 and day % 7 == 0:
        return f"Day {day} (week {day // 7})"
    return f"Day {day}"
