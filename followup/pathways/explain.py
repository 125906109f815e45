"""Says in a clinician's words what the strict form refused.

The form speaks of types and validators; nobody who writes check-ins should have to. Every kind of refusal that the
form can produce has its sentence here, and an unforeseen one still names the place and the value.
"""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from followup.pathways import schema
from followup.pathways.findings import Finding
from followup.pathways.source import Document, Path

_SENTENCES = {
    "int_type": "{name} must be a whole number without quotes, like 3.",
    "int_from_float": "{name} must be a whole number without quotes, like 3.",
    "float_type": "{name} must be a number without quotes, like 100.4.",
    "bool_type": "{name} must be true or false.",
    "string_type": "{name} must be words. Put them in quotes.",
    "tuple_type": "{name} must be a list: one line for each, beginning with a dash.",
    "dict_type": "{name} must be a group of lines that are indented below it.",
    "time_parsing": 'Write the time of {name} with hours and minutes in quotes, like "09:30".',
    "time_type": 'Write the time of {name} with hours and minutes in quotes, like "09:30".',
    "date_from_datetime_parsing": "Write the date of {name} as year-month-day, like 2026-11-25.",
    "date_parsing": "Write the date of {name} as year-month-day, like 2026-11-25.",
    "date_type": "Write the date of {name} as year-month-day, like 2026-11-25.",
    "too_short": "{name} needs at least {min_length}.",
    "too_long": "{name} may hold at most {max_length}.",
    "string_too_short": "{name} is empty. Write something, or take the line away.",
    "string_too_long": "{name} is too long: at most {max_length} characters.",
    "string_pattern_mismatch": "{name} may hold only small letters, digits and dashes, like day-1-check.",
    "greater_than_equal": "{name} is {value}; it must be {ge} or more. {limit}",
    "less_than_equal": "{name} is {value}; it must be {le} or less. {limit}",
    "literal_error": "{name} is {value!r}; it must be {expected}.",
    "enum": "{name} is {value!r}; it must be {expected}.",
    "dataclass_type": "{name} must be a group of lines that are indented below it.",
}

_LIMITS = {
    "day": "Day 0 is the day of the procedure; days before it have a minus.",
    "fever_urgent_f": "A pathway may be more careful than the house rule, never less.",
    "pain_urgent_at": "A pathway may be more careful than the house rule, never less.",
    "pain_same_day_at": "A pathway may be more careful than the house rule, never less.",
    "expected_soreness_until_day": "A pathway may be more careful than the house rule, never less.",
}


def _field_names() -> frozenset[str]:
    forms = (each for each in vars(schema).values() if dataclasses.is_dataclass(each))
    return frozenset(field.name for form in forms for field in dataclasses.fields(form))


_KNOWN = _field_names()


def explain(error: ValidationError, document: Document) -> list[Finding]:
    """One finding per refusal, at the place of the value in the file."""
    errors = error.errors(include_url=False)
    return [_finding(each, document) for each in errors if not _is_consequence(each, errors)]


def _is_consequence(error: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """A list whose only step is broken is also called too short; one mistake is told once."""
    place = error["loc"]
    inside = (other["loc"] for other in errors if other is not error)
    return error["type"] == "too_short" and any(loc[: len(place)] == place for loc in inside)


def _finding(error: ErrorDetails, document: Document) -> Finding:
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    name = _name(path)
    match error["type"]:
        case "missing":
            sentence = f"{name} is missing here. Add a line for it."
        case "unexpected_keyword_argument" | "extra_forbidden":
            sentence = f"{name} is not a word this file knows.{_meant(name)}"
        case kind:
            sentence = _SENTENCES.get(kind, "{name} can't be {value!r}.").format_map(_facts(name, error))
    return document.finding(path, " ".join(sentence.split()))


def _facts(name: str, error: ErrorDetails) -> dict[str, Any]:
    context: dict[str, Any] = dict(error.get("ctx") or {})
    context.setdefault("expected", "one of the known words")
    return _Blank(context | {"name": name, "value": error["input"], "limit": _LIMITS.get(name, "")})


class _Blank(dict[str, Any]):
    """A sentence with a gap is better than no sentence."""

    def __missing__(self, key: str) -> str:
        return "more" if key == "min_length" else "..."


def _name(path: Path) -> str:
    for part in reversed(path):
        if isinstance(part, str):
            return part
    return "This file"


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, _KNOWN, n=1, cutoff=0.6)
    return (
        f" Did you mean {close[0]}?"
        if close
        else " Take it away, or look up the names in the pathway format."
    )
