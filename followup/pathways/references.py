"""Whether the parts of a pathway fit together: every name that is used exists, every text is there.

These are errors that would surface as a text that is never sent, in the middle of somebody's recovery. They are
found on loading instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from followup.pathways.findings import Finding, Severity
from followup.pathways.render import names_used, template_findings
from followup.pathways.schema import PathwayForm, StepForm
from followup.pathways.source import Document, Path
from followup.pathways.texts import Text
from followup.pathways.values import PATHWAY_PLACEHOLDERS
from followup.pathways.vocabulary import Channel, LateRule, Status, StepPriority, Target

Texts = Mapping[tuple[str, str], Text]
Problem = tuple[Path, str]

PATIENT_CHANNELS = (Channel.SMS, Channel.EMAIL)


def findings(form: PathwayForm, texts: Texts, *, document: Document) -> list[Finding]:
    """Everything in the plan and its texts that does not fit together."""
    problems = [*_questions(form), *_steps(form), *_status(form), *_policy(form), *_placeholders(form, texts)]
    found = [document.finding(path, sentence) for path, sentence in problems]
    found += _missing_texts(form, texts, document)
    return [*found, *_stray_texts(form, texts), *_words(form, texts)]


def text_keys(form: PathwayForm) -> dict[str, Path]:
    """Every text the plan sends, with the place that asks for it."""
    keys: dict[str, Path] = {form.welcome: ("welcome",)}
    for number, step in enumerate(form.steps):
        keys.setdefault(step.text or step.key, ("steps", number, "text" if step.text else "key"))
        if step.reminder:
            keys.setdefault(step.reminder.text, ("steps", number, "reminder", "text"))
        for position, follow_up in enumerate(step.follow_ups):
            keys.setdefault(follow_up.ask, ("steps", number, "follow_ups", position, "ask"))
    return keys


def _questions(form: PathwayForm) -> Iterator[Problem]:
    asked = {step.question for step in form.steps} | {
        each.ask for step in form.steps for each in step.follow_ups
    }
    for key, question in form.questions.items():
        if key not in asked:
            yield ("questions", key), f"No step asks the question {key!r}. Ask it, or take it away."
        for meaning, words in question.answers.items():
            for language in set(form.languages) - set(words):
                path: Path = ("questions", key, "answers", meaning.value)
                yield path, f"The answer word for {meaning.value!r} is missing in the language {language!r}."


def _steps(form: PathwayForm) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, step in enumerate(form.steps):
        if step.key in seen:
            yield ("steps", number, "key"), f"There are two steps called {step.key!r}. Give one another name."
        seen.add(step.key)
        for path, sentence in _step(step, form):
            yield ("steps", number, *path), sentence


def _step(step: StepForm, form: PathwayForm) -> Iterator[Problem]:
    yield from _asked(step, form)
    yield from _times(step)
    if step.priority is StepPriority.SAFETY:
        yield from _safety(step)


def _asked(step: StepForm, form: PathwayForm) -> Iterator[Problem]:
    asked: list[tuple[Path, str]] = [(("question",), step.question)] if step.question else []
    asked += [(("follow_ups", number, "ask"), each.ask) for number, each in enumerate(step.follow_ups)]
    for path, key in asked:
        if key not in form.questions:
            yield path, f"There is no question {key!r} under questions. Add it there, or name another."
    if len({key for _, key in asked}) < len(asked):
        yield ("follow_ups",), "The same question is asked twice. Ask it once."
    if not step.question and (step.follow_ups or step.requires_answer or step.reminder or step.silence):
        yield ("key",), "This step asks nothing, so nothing can follow an answer. Add a question to it."


def _times(step: StepForm) -> Iterator[Problem]:
    if not step.window.opens <= step.at < step.window.closes:
        yield ("at",), "The time of this step is outside its own window. Move one of them."
    if step.late.rule is LateRule.SKIP and step.late.hours:
        yield (
            ("late", "hours"),
            "With the rule skip it is never late: take the hours away, or use send_until.",
        )
    if step.late.rule is not LateRule.SKIP and not step.late.hours:
        yield ("late",), "Say for how many hours this text may still go out late."
    if step.reminder and step.silence and step.reminder.after_hours >= step.silence.after_hours:
        path: Path = ("reminder", "after_hours")
        yield path, "The reminder comes after somebody was told of the silence. Swap the times."


def _safety(step: StepForm) -> Iterator[Problem]:
    if step.late.rule is not LateRule.CALL_TASK:
        yield ("late", "rule"), "A safety check-in that can't be sent needs a call: use the rule call_task."
    if not step.question or not step.silence or not step.requires_answer:
        yield (
            ("priority",),
            (
                "A safety check-in needs a question, requires_answer: true, and a silence rule, so that nobody who "
                "stays silent is forgotten."
            ),
        )


def _status(form: PathwayForm) -> Iterator[Problem]:
    people = {approval.name.casefold() for approval in form.approvals}
    if form.status is Status.APPROVED and len(people) < 2:
        yield (
            ("status",),
            "Two different people of the clinic must approve the texts before the status says so.",
        )


def _policy(form: PathwayForm) -> Iterator[Problem]:
    for tier in ("emergency", "urgent"):
        policy = getattr(form.escalation, tier)
        path: Path = ("escalation", tier, "steps")
        delays = [step.after_seconds for step in policy.steps]
        if delays[0] != 0:
            yield (*path, 0, "after_seconds"), "The first person is paged at once: write 0."
        if delays != sorted(set(delays)):
            yield path, "Each step must come later than the one before it."
        if Target.CATCH_ALL not in policy.steps[-1].targets:
            yield path, "The last step must reach catch_all, the line that is answered day and night."
    first = form.escalation.emergency.steps[0].targets
    if not {Target.NURSE, Target.PHYSICIAN} <= set(first):
        yield (
            ("escalation", "emergency", "steps", 0, "targets"),
            ("In an emergency the nurse and the physician are paged together. List both here."),
        )


def _placeholders(form: PathwayForm, texts: Texts) -> Iterator[Problem]:
    used = {name for text in texts.values() for part in text.parts.values() for name in names_used(part)}
    for number, name in enumerate(form.placeholders):
        if name not in PATHWAY_PLACEHOLDERS:
            choice = ", ".join(sorted(PATHWAY_PLACEHOLDERS))
            yield ("placeholders", number), f"{name!r} is not a value we know. The values are: {choice}."
        elif name not in used:
            yield ("placeholders", number), f"No text uses {name!r}. Take it off the list."


def _missing_texts(form: PathwayForm, texts: Texts, document: Document) -> Iterator[Finding]:
    for key, path in text_keys(form).items():
        for language in form.languages:
            text = texts.get((key, language))
            if text is None:
                yield document.finding(path, f"The text file {key}.{language}.txt is missing.")
                continue
            for channel in PATIENT_CHANNELS:
                yield from _incomplete(text, channel)


def _incomplete(text: Text, channel: Channel) -> Iterator[Finding]:
    file = f"{text.key}.{text.language}.txt"
    part = text.parts.get(channel)
    if part is None or not part.source.strip():
        yield Finding(file, 1, 1, Severity.ERROR, f"The words for --- {channel} --- are missing.")
    elif channel is Channel.EMAIL and not part.subject:
        yield Finding(
            file, 1, 1, Severity.ERROR, "An email needs a line that starts with subject: at the top."
        )


def _stray_texts(form: PathwayForm, texts: Texts) -> Iterator[Finding]:
    keys = text_keys(form)
    for key, language in texts:
        if key not in keys or language not in form.languages:
            sentence = "Nothing in pathway.yaml sends this text. Use it there, or take the file away."
            yield Finding(f"{key}.{language}.txt", 1, 1, Severity.ERROR, sentence)


def _words(form: PathwayForm, texts: Texts) -> Iterator[Finding]:
    known = {name: PATHWAY_PLACEHOLDERS[name] for name in form.placeholders if name in PATHWAY_PLACEHOLDERS}
    for text in texts.values():
        for part in text.parts.values():
            yield from template_findings(part, known)
