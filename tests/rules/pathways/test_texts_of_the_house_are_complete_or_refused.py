"""A missing safety text stops the start, because at three in the morning nobody can write it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from followup.errors import NotFound
from followup.pathways.findings import PathwayRefused
from followup.pathways.system import load_system_texts
from followup.pathways.values import SYSTEM_PLACEHOLDERS, sample
from followup.pathways.vocabulary import Channel

SYSTEM = Path(__file__).parents[3] / "templates" / "system"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SYSTEM, tmp_path / "system"))


def test_a_missing_safety_text_is_refused_by_name(folder: Path) -> None:
    (folder / "safety-emergency.es.txt").unlink()
    with pytest.raises(
        PathwayRefused, match=r"safety-emergency.es.txt:1:1: error: This text file is missing"
    ):
        load_system_texts(folder)


def test_a_text_with_an_unknown_value_is_refused_with_its_line(folder: Path) -> None:
    path = folder / "help.en.txt"
    path.write_text(path.read_text().replace("{{ clinic_phone }}", "{{ phone }}"))
    with pytest.raises(PathwayRefused, match=r"help.en.txt:3:1: error: 'phone' is not a value"):
        load_system_texts(folder)


def test_a_text_that_nothing_sends_is_refused(folder: Path) -> None:
    shutil.copy(folder / "help.en.txt", folder / "old-help.en.txt")
    with pytest.raises(PathwayRefused, match="Nothing sends this text"):
        load_system_texts(folder)


def test_an_email_without_words_of_its_own_says_what_the_text_message_says() -> None:
    texts = load_system_texts(SYSTEM)
    values = sample("es", SYSTEM_PLACEHOLDERS)
    mail = texts.render("safety-urgent", language="es", channel=Channel.EMAIL, values=values)
    assert mail.subject == "Estamos avisando a una enfermera"
    assert "no controla la orina o la evacuación" in mail.body


def test_a_language_we_do_not_have_gets_english() -> None:
    texts = load_system_texts(SYSTEM)
    body = texts.render("safety-emergency", language="pl", channel=Channel.SMS, values={}).body
    assert body.startswith("This may be an emergency. Call 911")


def test_a_key_that_nobody_wrote_is_an_error_of_ours() -> None:
    with pytest.raises(NotFound):
        load_system_texts(SYSTEM).render("hello", language="en", channel=Channel.SMS, values={})
