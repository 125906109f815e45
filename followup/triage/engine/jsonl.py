"""Triage replies line by line: JSON in, JSON out, in order; what ``followup triage --jsonl`` runs.

A line that cannot be read is answered with tier unclear and priority high, so that the count of lines out always
equals the count of lines in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TextIO

from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.deciding import triage
from followup.triage.engine.decision import Context, Decision, QuestionKind, Tier
from followup.triage.engine.ruleset import Ruleset


def run(stdin: TextIO, stdout: TextIO, ruleset: Ruleset | None = None) -> int:
    """Answer every non-empty line of ``stdin`` on ``stdout``; return how many there were."""
    rules = ruleset if ruleset is not None else rulesets.default()
    count = 0
    for line in stdin:
        if line.strip():
            stdout.write(json.dumps(answer(line, rules), ensure_ascii=False) + "\n")
            stdout.flush()
            count += 1
    return count


def answer(line: str, ruleset: Ruleset) -> dict[str, Any]:
    """Return the output line, as a dictionary, for one input line."""
    unread = Decision(Tier.UNCLEAR, "high", ruleset=ruleset.digest)
    try:
        body = json.loads(line)
    except ValueError:
        return {"id": None, **unread.as_dict()}
    if not isinstance(body, dict):
        return {"id": None, **unread.as_dict()}
    text = body.get("text")
    decision = triage(text if isinstance(text, str) else "", context_of(body), ruleset)
    return {"id": body.get("id"), **decision.as_dict()}


def context_of(body: Mapping[str, Any]) -> Context:
    """Return the context of one input line; a field that makes no sense is left at its default."""
    kind = body.get("question_kind") or "none"
    known = kind in set(QuestionKind)
    day = body.get("day")
    try:
        whole_day = int(float(day)) if day not in (None, "") else None
    except (TypeError, ValueError, OverflowError):
        whole_day = None
    question = body.get("question_text")
    lang = body.get("lang")
    return Context(
        lang=lang if isinstance(lang, str) and lang else None,
        channel=str(body.get("channel") or "sms"),
        day=whole_day,
        question_kind=QuestionKind(kind) if known else QuestionKind.NONE,
        question_text=question if isinstance(question, str) else "",
    )
