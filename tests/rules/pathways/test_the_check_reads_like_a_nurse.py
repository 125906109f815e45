"""What a careful reviewer would mark in a text, the check marks too, at its line."""

from __future__ import annotations

import pytest

from followup.pathways.check import check
from followup.pathways.library import build
from followup.pathways.pathway import Pathway
from followup.pathways.rhythm import planned_texts
from followup.pathways.vocabulary import Harvest

MARKED = [
    pytest.param("Pain now", "Your stem cells. Pain now", "names an illness", id="procedure"),
    pytest.param("Pain now", "Back pain now", "names an illness", id="diagnosis"),
    pytest.param(
        "Pain now", "You will get better. Pain now", "a promise that the treatment works", id="benefit"
    ),
    pytest.param("Pain now", "Don't worry. Pain now", "nobody has looked", id="reassurance"),
    pytest.param("Pain now", "Swelling is normal. Pain now", "nobody has looked", id="normal"),
    pytest.param("Pain now", "A nurse will call. Pain now", "promises a call", id="promise"),
    pytest.param("Pain now", "Reply YES. Pain now", "YES may not be an answer", id="YES"),
    pytest.param("Pain now", "Reply STOP. Pain now", "STOP may not be an answer", id="STOP"),
    pytest.param("Pain now", "Reply QUIT. Pain now", "QUIT may not be an answer", id="QUIT"),
    pytest.param(
        "Pain now", "Just reply yes. Pain now", "YES may not be an answer", id="yes in small letters"
    ),
    pytest.param("Pain now", "Reply SI. Pain now", "SI may not be an answer", id="SI"),
    pytest.param("{{ clinic_name }}: ", "", "must see who writes", id="no sender"),
    pytest.param(" {{ urgent_phone }}", "", "needs a number", id="no number"),
    pytest.param(
        "Pain now", "Pain now " + "and then " * 12, "characters too many for one SMS", id="too long"
    ),
    pytest.param("Pain now", "Pain 🙂 now", "two to three times as long", id="emoji"),
    pytest.param(
        "Pain now",
        "Notwithstanding considerable postprocedural inflammation, communicate deterioration immediately",
        "reads like school grade",
        id="hard words",
    ),
]


def marks(files: dict[str, str], file: str, old: str, new: str) -> list[str]:
    assert old in files[file]
    return [
        str(each) for each in check(build(files | {file: files[file].replace(old, new, 1)}, name="small"))
    ]


def test_a_good_text_is_not_marked(small: Pathway) -> None:
    assert check(small) == []


@pytest.mark.parametrize(("old", "new", "said"), MARKED)
def test_a_slip_is_marked_at_its_line(files: dict[str, str], old: str, new: str, said: str) -> None:
    found = marks(files, "day-1.en.txt", old, new)
    assert any(said in each and each.startswith("day-1.en.txt:3:") for each in found), found


def test_a_question_must_offer_the_answers_it_waits_for(files: dict[str, str]) -> None:
    found = marks(files, "trend.en.txt", "Do you feel BETTER?", "How do you feel?")
    assert any("does not offer 'BETTER'" in each for each in found)


def test_an_answer_word_that_carriers_act_on_is_marked_in_the_plan(files: dict[str, str]) -> None:
    found = marks(files, "pathway.yaml", "{en: BETTER}", "{en: START}")
    assert any(each.startswith("pathway.yaml:15:") and "START may not be" in each for each in found)


def test_a_welcome_without_the_way_out_is_marked(files: dict[str, str]) -> None:
    found = marks(files, "welcome.en.txt", " or STOP", "")
    assert any("the word STOP is missing" in each for each in found)


def test_a_long_text_passes_when_the_pathway_says_why(files: dict[str, str]) -> None:
    plan = files["pathway.yaml"] + "long_texts:\n  day-1: It carries the red flags.\n"
    text = files["day-1.en.txt"].replace("Pain now", "Pain now " + "and then " * 12)
    assert check(build(files | {"pathway.yaml": plan, "day-1.en.txt": text}, name="small")) == []


SECOND_STEP = """\
  - key: day-1-again
    text: day-1
    day: {day}
    at: "{at}"
    window: {{opens: "09:00", closes: "20:00"}}
    harvest: {harvest}
    kind: check_in
    late: {{rule: send_until, hours: 1}}
    question: pain
triage: {{}}"""


def with_second_step(
    files: dict[str, str], *, day: int, at: str = "10:30", harvest: str = "any"
) -> list[str]:
    new = SECOND_STEP.format(day=day, at=at, harvest=harvest)
    return marks(files, "pathway.yaml", "triage: {}", new)


def test_two_texts_at_the_same_minute_are_marked(files: dict[str, str]) -> None:
    assert any("due at the same minute" in each for each in with_second_step(files, day=1))


def test_two_texts_on_the_same_day_are_marked(files: dict[str, str]) -> None:
    assert any("One text a day is the limit" in each for each in with_second_step(files, day=1, at="15:00"))


def test_two_texts_on_different_days_are_fine(files: dict[str, str]) -> None:
    assert with_second_step(files, day=2) == []


def test_texts_for_different_harvest_methods_may_share_a_day(files: dict[str, str]) -> None:
    plan = files["pathway.yaml"].replace("    kind: check_in\n", "    kind: check_in\n    harvest: fat\n", 1)
    assert with_second_step(files | {"pathway.yaml": plan}, day=1, harvest="bone_marrow") == []


def test_a_reminder_counts_as_a_text_of_its_day(files: dict[str, str]) -> None:
    plan = files["pathway.yaml"].replace(
        "silence: {after_hours: 6}",
        "silence: {after_hours: 48}\n    reminder: {after_hours: 24, text: day-1}",
    )
    assert any("same minute" in each for each in with_second_step(files | {"pathway.yaml": plan}, day=2))


def test_a_fourth_text_in_seven_days_is_marked_after_week_one(files: dict[str, str]) -> None:
    steps = "".join(
        SECOND_STEP.format(day=day, at="10:00", harvest="any").replace("day-1-again", f"day-{day}")[
            : -len("triage: {}")
        ]
        for day in (10, 12, 14, 16)
    )
    found = marks(files, "pathway.yaml", "triage: {}", f"{steps}triage: {{}}")
    assert any("Three is the limit" in each for each in found), found


def test_a_late_text_that_would_meet_the_next_one_is_marked(files: dict[str, str]) -> None:
    plan = files["pathway.yaml"].replace("hours: 8", "hours: 48")
    found = with_second_step(files | {"pathway.yaml": plan}, day=2)
    assert any("when day-1-again is already due" in each for each in found)


def test_planned_texts_are_those_of_one_method(small: Pathway) -> None:
    assert [planned.key for planned in planned_texts(small, Harvest.FAT)] == ["day-1"]
