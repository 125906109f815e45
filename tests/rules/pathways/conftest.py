"""A small pathway in memory that a test can break in one place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from followup.pathways.findings import PathwayRefused
from followup.pathways.library import build
from followup.pathways.pathway import Pathway

PLAN = """\
format: 1
id: small
title: A small pathway
version: "1"
status: draft for clinic approval
languages: [en]
placeholders: [patient_first_name, clinic_name, urgent_phone, visit_words]
welcome: welcome
questions:
  pain:
    kind: pain_score
  trend:
    kind: trend
    answers:
      better: {en: BETTER}
steps:
  - key: day-1
    day: 1
    at: "10:30"
    window: {opens: "09:00", closes: "20:00"}
    kind: check_in
    late: {rule: send_until, hours: 8}
    question: pain
    follow_ups: [{ask: trend}]
    requires_answer: true
    silence: {after_hours: 6}
triage: {}
escalation:
  proposal: true
  emergency:
    repage_seconds: 120
    accept_within_seconds: 180
    contact_within_seconds: 600
    document_within_seconds: 3600
    steps:
      - {after_seconds: 0, targets: [nurse, physician]}
      - {after_seconds: 180, targets: [catch_all]}
  urgent:
    repage_seconds: 300
    accept_within_seconds: 300
    contact_within_seconds: 1800
    document_within_seconds: 7200
    steps:
      - {after_seconds: 0, targets: [nurse]}
      - {after_seconds: 900, targets: [catch_all]}
  same_day: {accept_within_open_minutes: 60, contact_within_open_minutes: 240}
  unclear: {high_minutes: 30, low_open_minutes: 120}
"""

WELCOME = """\
subject: Hello
--- sms ---
{{ clinic_name }}: Hello {{ patient_first_name }}. Call 911. Call {{ urgent_phone }}. HELP or STOP.
--- email ---
Hello from {{ clinic_name }}. Call 911.
"""

DAY_1 = """\
subject: How are you?
--- sms ---
{{ clinic_name }}: Pain now? {% if visit_words %}See you {{ visit_words }}. {% endif %}Call {{ urgent_phone }}.
--- email ---
From {{ clinic_name }}: pain now, 0 to 10?
"""

TREND = """\
subject: One more
--- sms ---
Do you feel BETTER?
--- email ---
Do you feel BETTER?
"""

Files = dict[str, str]


@pytest.fixture
def files() -> Files:
    return {
        "pathway.yaml": PLAN,
        "welcome.en.txt": WELCOME,
        "day-1.en.txt": DAY_1,
        "trend.en.txt": TREND,
    }


@pytest.fixture
def small(files: Files) -> Pathway:
    return build(files, name="small")


Refusal = Callable[[str, str, str], list[str]]


@pytest.fixture
def refusal(files: Files) -> Refusal:
    """Replace words in one file and return what the refusal says, one line per finding."""

    def refuse(file: str, old: str, new: str) -> list[str]:
        assert old in files[file], f"{old!r} is not in {file}"
        with pytest.raises(PathwayRefused) as caught:
            build(files | {file: files[file].replace(old, new, 1)}, name="small")
        return [str(finding) for finding in caught.value.findings]

    return refuse
