"""Puts the words of an email into its frame: plain text first, and HTML from the very same words.

The frame carries what may never be missing below a check-in: 911, the number that is answered day and night, who
writes and how to end it. It holds no picture and loads nothing, so that opening an email tells nobody anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from followup.errors import InvalidInput
from followup.pathways.render import Rendered

LANGUAGES = ("en", "es")

_PHONE = re.compile(r"(?<![\w-])(?:(?:\(\d{3}\) |\d{3}-)\d{3}-\d{4}|911|988)(?![\w-])")
_LINE_BREAK = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the words. ``unsubscribe_url`` is empty where an opt-out has just been confirmed."""

    language: str
    clinic_name: str
    clinic_phone: str
    urgent_phone: str
    unsubscribe_url: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished email: subject, plain text and HTML with its styles inside the tags."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of one line, or a list of several."""

    lines: tuple[str, ...]
    is_list: bool


def frame_mail(rendered: Rendered, frame: Frame, *, templates: Path) -> Mail:
    """Make the email. ``templates`` is the folder that holds ``mail``. Raises InvalidInput.

    The styles are inlined here, when it is sent, because mail programs drop style blocks.
    """
    import css_inline

    subject = rendered.subject or ""
    if not subject.strip() or _LINE_BREAK.search(subject):
        raise InvalidInput("subject", "needs words on one line")
    if frame.unsubscribe_url and urlsplit(frame.unsubscribe_url).scheme not in {"https", "http"}:
        raise InvalidInput("unsubscribe_url", "needs to be a web address")
    folder = templates / "mail"
    environment = _environment(folder)
    values: dict[str, object] = {
        "subject": subject,
        "body": rendered.body,
        "blocks": blocks(rendered.body),
        "words": _words(folder, frame.language if frame.language in LANGUAGES else LANGUAGES[0]),
        "language": frame.language,
        "clinic_name": frame.clinic_name,
        "clinic_phone": frame.clinic_phone,
        "urgent_phone": frame.urgent_phone,
        "unsubscribe_url": frame.unsubscribe_url,
    }
    html = environment.get_template("frame.html").render(values)
    text = environment.get_template("frame.txt").render(values)
    return Mail(subject, text.strip() + "\n", css_inline.inline(html, load_remote_stylesheets=False))


def blocks(body: str) -> tuple[Block, ...]:
    """The paragraphs and lists of a body; lines that begin with "- " are a list."""
    found: list[Block] = []
    for paragraph in body.split("\n\n"):
        for line in paragraph.split("\n"):
            is_list = line.startswith("- ")
            plain = line.removeprefix("- ")
            if is_list and found and found[-1].is_list:
                found[-1] = Block((*found[-1].lines, plain), is_list=True)
            elif plain:
                found.append(Block((plain,), is_list))
    return tuple(found)


def link_phones(text: str) -> Markup:
    """Escape a line and make its phone numbers callable; who is in pain should not have to copy digits."""
    pieces, end = [], 0
    for hit in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", hit.group())
        number = digits if len(digits) == 3 else f"+1{digits}"
        link = Markup('<a href="tel:{}">{}</a>').format(number, hit.group())
        pieces += [escape(text[end : hit.start()]), link]
        end = hit.end()
    return Markup("").join([*pieces, escape(text[end:])])


@lru_cache(maxsize=4)
def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        keep_trailing_newline=True,
    )
    environment.filters["phones"] = link_phones
    return environment


@lru_cache(maxsize=8)
def _words(folder: Path, language: str) -> Mapping[str, str]:
    lines = (folder / f"words.{language}.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return {name: words.strip() for name, _, words in pairs}
