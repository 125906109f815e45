"""What was pinned when a patient was enrolled is what that patient gets, whatever happens to the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from followup.errors import NotFound
from followup.pathways.findings import PathwayRefused
from followup.pathways.library import content_hash, from_json, load_library, load_pathway, to_json
from followup.pathways.pathway import Pathway
from followup.pathways.vocabulary import Channel, Harvest, QuestionKind


def write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode())
    return folder


def test_a_version_comes_back_equal(small: Pathway) -> None:
    assert from_json(to_json(small)) == small


def test_a_version_pinned_by_the_first_release_is_read_for_ever() -> None:
    kept = Path(__file__).with_name("pinned_format_1.json").read_text(encoding="utf-8")
    pathway = from_json(kept)
    assert pathway.content_hash == json.loads(kept)["content_hash"]
    assert pathway.escalation.urgent.repage_seconds == 300


def test_a_changed_pin_is_refused(small: Pathway) -> None:
    kept = json.loads(to_json(small))
    kept["files"]["day-1.en.txt"] += "Call nobody.\n"
    with pytest.raises(PathwayRefused, match="changed after it was pinned"):
        from_json(json.dumps(kept))


def test_a_stricter_check_does_not_strand_a_patient_in_the_middle(files: dict[str, str]) -> None:
    kept = files | {"trend.en.txt": files["trend.en.txt"].replace("Do you", "Don't worry. Do you")}
    pinned = json.dumps({"format": 1, "content_hash": content_hash(kept), "files": kept})
    assert from_json(pinned).id == "small"


def test_the_hash_does_not_depend_on_order_line_ends_or_a_byte_order_mark(
    tmp_path: Path, files: dict[str, str]
) -> None:
    plain = load_pathway(write(tmp_path / "a" / "small", files))
    windows = {name: "\ufeff" + content.replace("\n", "\r\n") for name, content in reversed(files.items())}
    assert load_pathway(write(tmp_path / "b" / "small", windows)).content_hash == plain.content_hash


def test_every_word_counts_for_the_hash(files: dict[str, str]) -> None:
    for name, content in files.items():
        assert content_hash(files | {name: content + " "}) != content_hash(files)
    assert content_hash({"a": "bc"}) != content_hash({"ab": "c"})


def test_a_broken_folder_does_not_take_the_others_with_it(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path / "small", files)
    write(tmp_path / "broken", files | {"pathway.yaml": "id: ["})
    library = load_library(tmp_path)
    assert library.get("small").title == "A small pathway"
    with pytest.raises(PathwayRefused, match=r"pathway.yaml:1:6"):
        library.get("broken")
    with pytest.raises(NotFound, match="The pathways are: small"):
        library.get("other")


def test_a_text_that_says_what_it_must_not_keeps_the_folder_out(
    tmp_path: Path, files: dict[str, str]
) -> None:
    text = files["trend.en.txt"].replace("Do you", "Don't worry. Do you")
    write(tmp_path / "small", files | {"trend.en.txt": text})
    assert "small" in load_library(tmp_path).refused


def test_a_folder_called_otherwise_than_its_pathway_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(PathwayRefused, match="Make them the same"):
        load_pathway(write(tmp_path / "large", files))


def test_files_that_are_no_texts_are_refused(tmp_path: Path, files: dict[str, str]) -> None:
    folder = write(tmp_path / "small", files)
    (folder / "notes.docx").write_bytes(b"PK")
    (folder / "trend.en.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PathwayRefused) as caught:
        load_pathway(folder)
    assert {finding.file for finding in caught.value.findings} == {"notes.docx", "trend.en.txt"}


def test_a_folder_that_is_not_there_is_an_empty_library(tmp_path: Path) -> None:
    assert not load_library(tmp_path / "nowhere").pathways


def test_a_step_shows_what_planning_needs(small: Pathway) -> None:
    step = small.step("day-1")
    assert (step.day, step.late_hours, step.channels) == (1, 8, (Channel.SMS, Channel.EMAIL))
    assert step.question_kind is QuestionKind.PAIN_SCORE
    assert step.silence
    assert small.steps_for(Harvest.FAT) == (step,)


def test_an_unknown_language_gets_the_first_one(small: Pathway) -> None:
    assert small.text("trend", language="pl", channel=Channel.SMS).source.startswith("Do you feel")


def test_an_unknown_name_is_an_answer_and_not_a_crash(small: Pathway) -> None:
    with pytest.raises(NotFound):
        small.step("day-2")
    with pytest.raises(NotFound):
        small.question("mood")
    with pytest.raises(NotFound):
        small.text("day-2", language="en", channel=Channel.SMS)
