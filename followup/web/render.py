"""Turns values into pages. Everything is escaped, a missing value is an error, and times are shown in a named zone.

A page includes the same partials that htmx swaps, so the two cannot differ. Templates get finished values and
the few filters below; they decide nothing.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from followup.pathways.values import phone_words
from followup.staff.rules import Permission
from followup.web.words import NOTICES, TIER_WORDS, state_words

STATIC = Path(__file__).parent / "static"


@functools.cache
def environment(folder: Path) -> Environment:
    """Return the environment of a templates folder; one per process."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        clock=clock, day=day, moment=moment, span=span, iso=iso, phone=phone_words, words=state_words,
        person=person, marked=marked, zip_with=zip_with,
    )  # fmt: skip
    made.globals.update(static=static_address, tier_words=TIER_WORDS, P=Permission, notices=NOTICES)
    return made


def page(
    request: Request, name: str, *, status: int = 200, desk: Any = None, headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:  # fmt: skip
    """Render one template to an answer. ``desk`` is None only where nobody is signed in."""
    house = request.app.state.house
    template = environment(house.settings.templates_folder).get_template(name)
    words = template.render(
        desk=desk,
        path=request.url.path,
        done=NOTICES.get(request.query_params.get("done", ""), ""),
        is_demo=not house.settings.is_production,
        **values,
    )
    return HTMLResponse(words, status_code=status, headers=dict(headers or {}))


@functools.cache
def static_address(name: str) -> str:
    """Return the address of a static file with a stamp of its content, so that browsers may keep it for ever."""
    stamp = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{stamp}"


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """Show an instant as a local time of the day: "2:14 PM"."""
    return f"{instant.astimezone(zone):%-I:%M %p}"


def day(instant: datetime | date, zone: ZoneInfo | None = None) -> str:
    """Show a local day: "Tue, Mar 3, 2026"."""
    local = instant.astimezone(zone) if isinstance(instant, datetime) and zone else instant
    return f"{local:%a, %b %-d, %Y}"


def moment(instant: datetime, zone: ZoneInfo) -> Markup:
    """Show an instant as local day and time; the exact instant is in the markup."""
    local = instant.astimezone(zone)
    return Markup('<time datetime="{}">{}</time>').format(
        instant.isoformat(timespec="seconds"), f"{local:%a, %b %-d}, {local:%-I:%M %p}"
    )


def span(length: timedelta) -> str:
    """Show how long something is, in the largest sensible unit: "12 min", "3 h 5 min", "2 days"."""
    minutes = int(abs(length).total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest and hours < 6 else f"{hours} h"
    return f"{hours // 24} days"


def iso(value: datetime | date) -> str:
    """Show a date or time as machines write it."""
    return value.isoformat()


def person(name: str) -> Markup:
    """Show a name isolated from the direction of the text around it."""
    return Markup("<bdi>{}</bdi>").format(name)


def zip_with(labels: Iterable[object], values: Iterable[object]) -> list[tuple[str, str]]:
    """Pair what a person chooses by with what is sent: ``labels | zip_with(values)``."""
    return [(str(value), str(label)) for label, value in zip(labels, values, strict=True)]


def marked(text: str, evidence: Iterable[Mapping[str, Any]]) -> Markup:
    """Show the patient's words with what a rule stood on marked and named; never changes a letter."""
    done, at = Markup(""), 0
    for each in sorted(evidence, key=lambda found: int(found["start"])):
        start, end = max(int(each["start"]), at), min(int(each["end"]), len(text))
        if start >= end:
            continue
        done += escape(text[at:start])
        done += Markup('<mark title="{}">{}</mark>').format(str(each.get("concept", "")), text[start:end])
        at = end
    return done + escape(text[at:])
