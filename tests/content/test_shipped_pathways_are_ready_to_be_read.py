"""Every pathway that ships is complete and says nothing it must not say.

Add a folder and it is covered: nothing here names a pathway.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from followup.kit.gsm import Encoding, count_segments
from followup.kit.readability import grade
from followup.pathways.check import check
from followup.pathways.library import from_json, load_library, read_pathway, to_json
from followup.pathways.pathway import Pathway
from followup.pathways.render import render
from followup.pathways.rhythm import METHODS, planned_texts
from followup.pathways.values import sample, worst_case
from followup.pathways.vocabulary import Channel, LateRule, SilenceAction

SHIPPED = Path(__file__).parents[2] / "templates" / "pathways"
PATHWAYS = [read_pathway(folder) for folder in sorted(SHIPPED.iterdir())]

every_pathway = pytest.mark.parametrize("pathway", PATHWAYS, ids=lambda pathway: pathway.id)


def test_the_library_takes_every_shipped_folder() -> None:
    library = load_library(SHIPPED)
    assert not library.refused
    assert set(library.pathways) == {folder.name for folder in SHIPPED.iterdir()}


@every_pathway
def test_a_reviewer_would_mark_nothing(pathway: Pathway) -> None:
    assert [str(finding) for finding in check(pathway)] == []


@every_pathway
def test_every_language_has_every_text_for_both_channels(pathway: Pathway) -> None:
    keys = {key for key, _ in pathway.texts}
    for key in keys:
        for language in ("en", "es"):
            for channel in (Channel.SMS, Channel.EMAIL):
                assert pathway.text(key, language=language, channel=channel).source.strip()


@every_pathway
def test_a_text_message_fits_one_segment_even_with_the_longest_values(pathway: Pathway) -> None:
    for (key, language), text in pathway.texts.items():
        counted = count_segments(render(text.parts[Channel.SMS], worst_case(language), Channel.SMS).body)
        assert counted.encoding is Encoding.GSM7, (key, language)
        assert counted.units <= 160 or (key in pathway.long_texts and counted.segments <= 3), (key, language)


@every_pathway
def test_a_text_reads_at_sixth_grade_or_easier(pathway: Pathway) -> None:
    for (key, language), text in pathway.texts.items():
        for channel, part in text.parts.items():
            assert grade(render(part, sample(language), channel).body, language) <= 6, (
                key,
                language,
                channel,
            )


@every_pathway
def test_a_safety_check_in_that_fails_becomes_work_for_a_person(pathway: Pathway) -> None:
    safety = [step for step in pathway.steps if step.is_safety]
    assert safety
    for step in safety:
        assert step.late_rule is LateRule.CALL_TASK
        assert step.silence
        assert step.silence.then in set(SilenceAction)


@every_pathway
@pytest.mark.parametrize("harvest", METHODS)
def test_the_first_week_has_one_text_a_day_and_later_weeks_at_most_three(
    pathway: Pathway, harvest: str
) -> None:
    days = [planned.day for planned in planned_texts(pathway, harvest)]
    assert len(days) == len(set(days))
    for first in range(8, max(days) + 1):
        assert sum(first <= day < first + 7 for day in days) <= 3


@every_pathway
def test_a_draft_says_so_where_the_clinic_sees_it(pathway: Pathway) -> None:
    assert pathway.is_draft
    assert "DRAFT" in pathway.files["pathway.yaml"]
    assert "draft" in pathway.version


@every_pathway
def test_a_pinned_version_is_the_same_without_its_folder(pathway: Pathway) -> None:
    assert from_json(to_json(pathway)) == pathway
