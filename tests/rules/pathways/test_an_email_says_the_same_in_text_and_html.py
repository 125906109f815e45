"""Plain text comes first; the HTML holds the same words, runs nothing and loads nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from followup.errors import InvalidInput
from followup.pathways.mail import Frame, Mail, frame_mail
from followup.pathways.render import Rendered

TEMPLATES = Path(__file__).parents[3] / "templates"
FRAME = Frame("en", "Riverbend Clinic", "415-555-0100", "415-555-0111", "https://followup.example/u/abc")
BODY = (
    "Hello <b>Ines</b>,\n\nAny of these?\n- Fever\n- Chills\n\nCall 415-555-0111. In an emergency, call 911."
)


def mail(body: str = BODY, *, subject: str = "One question", frame: Frame = FRAME) -> Mail:
    return frame_mail(Rendered(body, subject), frame, templates=TEMPLATES)


class Words(HTMLParser):
    """Collects the visible words and the tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"} and value]

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def test_both_forms_hold_the_same_words() -> None:
    finished = mail()
    body = finished.html[finished.html.index("<body") :]
    for word in re.findall(r"[\w<>/]+", BODY):
        assert word in finished.text
        assert word in " ".join(Words(body).words)


def test_a_name_with_markup_stays_a_name() -> None:
    assert "b" not in Words(mail().html).tags
    assert "&lt;b&gt;Ines&lt;/b&gt;" in mail().html


def test_nothing_is_loaded_and_nothing_runs() -> None:
    words = Words(mail().html)
    assert not {"img", "script", "link", "iframe", "style"} & set(words.tags)
    assert all(link.startswith(("tel:", "https://followup.example/")) for link in words.links)


def test_styles_stand_inside_the_tags() -> None:
    assert 'style="' in mail().html


def test_a_phone_number_can_be_called_with_one_touch() -> None:
    assert {"tel:+14155550111", "tel:911"} <= set(Words(mail().html).links)


def test_lines_with_a_dash_are_a_list() -> None:
    assert Words(mail().html).tags.count("li") == 2


@pytest.mark.parametrize(
    ("language", "words"), [("en", "call 911"), ("es", "llame al 911"), ("pl", "call 911")]
)
def test_every_email_ends_with_911_and_both_numbers(language: str, words: str) -> None:
    frame = Frame(language, "Riverbend Clinic", "415-555-0100", "415-555-0111")
    finished = mail("Hello.", frame=frame)
    for part in (words, "415-555-0100", "415-555-0111", "Riverbend Clinic"):
        assert part in finished.text
    assert "http" not in finished.text
    assert f'lang="{language}"' in finished.html


@pytest.mark.parametrize("subject", ["", "  ", "One\nBcc: all@example.com", "One\r\nBcc: all@example.com"])
def test_a_subject_that_could_become_a_header_is_refused(subject: str) -> None:
    with pytest.raises(InvalidInput):
        mail(subject=subject)


def test_a_link_that_is_no_web_address_is_refused() -> None:
    with pytest.raises(InvalidInput):
        mail(frame=Frame("en", "R", "1", "2", "javascript:alert(1)"))
