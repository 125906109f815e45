"""Every mistake a clinician can make in the plan is refused with file, line, column and a sentence to act on."""

from __future__ import annotations

import pytest

from followup.pathways.findings import PathwayRefused
from followup.pathways.library import build

MISTAKES = [
    pytest.param(
        'at: "10:30"', "at: 25:00", "pathway.yaml:19:5: error: Write the time of at", id="no such time"
    ),
    pytest.param(
        "day: 1\n", "day: 400\n", "pathway.yaml:18:5: error: day is 400; it must be 366 or less", id="day 400"
    ),
    pytest.param(
        "day: 1\n", "day: one\n", "pathway.yaml:18:5: error: day must be a whole number", id="day in words"
    ),
    pytest.param(
        "day: 1\n", "day: true\n", "pathway.yaml:18:5: error: day must be a whole number", id="day true"
    ),
    pytest.param(
        "kind: check_in", "kind: chat", "'preparation', 'check_in' or 'information'", id="unknown kind"
    ),
    pytest.param(
        "    silence:",
        "    silense:",
        "silense is not a word this file knows. Did you mean silence?",
        id="typo",
    ),
    pytest.param(
        "    kind: check_in\n", "", "pathway.yaml:17:5: error: kind is missing here", id="missing line"
    ),
    pytest.param(
        "question: pain",
        "question: pian",
        "pathway.yaml:23:5: error: There is no question 'pian'",
        id="unknown question",
    ),
    pytest.param("{ask: trend}", "{ask: pain}", "The same question is asked twice", id="asked twice"),
    pytest.param("welcome: welcome", "welcome: hi", "The text file hi.en.txt is missing.", id="missing text"),
    pytest.param(
        "languages: [en]",
        "languages: [en, es]",
        "The text file day-1.es.txt is missing.",
        id="missing language",
    ),
    pytest.param("urgent_phone,", "urgent_phone, ssn,", "'ssn' is not a value we know", id="unknown value"),
    pytest.param("urgent_phone,", "urgent_phone, next_open,", "No text uses 'next_open'", id="unused value"),
    pytest.param("hours: 8", "hours: 0", "Say for how many hours", id="late without hours"),
    pytest.param("send_until, hours: 8", "skip, hours: 8", "take the hours away", id="skip with hours"),
    pytest.param('opens: "09:00"', 'opens: "11:00"', "outside its own window", id="outside the window"),
    pytest.param(
        "triage: {}", "triage: {fever_urgent_f: 101.5}", "more careful than the house rule", id="less careful"
    ),
    pytest.param(
        "triage: {}",
        "triage: {pain_urgent_at: 9}",
        "more careful than the house rule",
        id="less careful pain",
    ),
    pytest.param(
        "[nurse, physician]", "[nurse]", "the nurse and the physician are paged together", id="nurse alone"
    ),
    pytest.param(
        "after_seconds: 900, targets: [catch_all]",
        "after_seconds: 900, targets: [manager]",
        "must reach catch_all",
        id="no last line",
    ),
    pytest.param(
        "status: draft for clinic approval",
        "status: approved by the clinic",
        "Two different people",
        id="approved by nobody",
    ),
    pytest.param(
        "kind: check_in",
        "kind: check_in\n    priority: safety",
        "use the rule call_task",
        id="safety that is dropped",
    ),
    pytest.param(
        "day: 1\n", "day: 1\n    day: 2\n", "pathway.yaml:19:5: error: 'day' is written twice", id="twice"
    ),
    pytest.param("triage: {}", "triage: *other", "repeats another part of the file", id="alias"),
    pytest.param("  pain:\n", "  pain: [\n", "can't be read from here on", id="no yaml"),
]


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES)
def test_a_mistake_in_the_plan_is_named_where_it_stands(refusal, old: str, new: str, said: str) -> None:
    lines = refusal("pathway.yaml", old, new)
    assert any(said in line for line in lines), lines


def test_all_mistakes_are_told_at_once(files: dict[str, str]) -> None:
    plan = files["pathway.yaml"].replace("day: 1\n", "day: 400\n").replace("kind: check_in", "kind: chat")
    with pytest.raises(PathwayRefused) as caught:
        build(files | {"pathway.yaml": plan}, name="small")
    assert len(caught.value.findings) == 2


def test_no_sentence_speaks_of_parsers_or_types(refusal) -> None:
    for mistake in MISTAKES:
        for line in refusal("pathway.yaml", mistake.values[0], mistake.values[1]):
            for word in ("Input should", "pydantic", "validation", "mapping", "None", "Traceback", "dict"):
                assert word not in line, line


def test_times_and_words_are_taken_as_they_are_written(small) -> None:
    assert f"{small.steps[0].at:%H:%M}" == "10:30"


def test_a_plan_of_a_megabyte_is_refused_before_it_is_read(files: dict[str, str]) -> None:
    with pytest.raises(PathwayRefused, match="larger than 256 kB"):
        build(files | {"pathway.yaml": "a" * 1_000_000}, name="small")


def test_a_plan_of_a_thousand_brackets_is_refused(files: dict[str, str]) -> None:
    with pytest.raises(PathwayRefused):
        build(files | {"pathway.yaml": "a: " + "[" * 1_000}, name="small")


def test_a_text_that_nothing_sends_is_refused(files: dict[str, str]) -> None:
    with pytest.raises(
        PathwayRefused, match=r"day-9.en.txt:1:1: error: Nothing in pathway.yaml sends this text"
    ):
        build(files | {"day-9.en.txt": files["day-1.en.txt"]}, name="small")


def test_a_part_without_its_channel_is_refused(refusal) -> None:
    lines = refusal("day-1.en.txt", "--- email ---", "--- letter ---")
    assert any(line.startswith("day-1.en.txt:4:1") and "--- sms ---" in line for line in lines)
