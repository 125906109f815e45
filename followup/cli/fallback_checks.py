"""What ``followup doctor`` says about the fallback receiver: whether there is one, and whether it can work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from followup.cli.checks import Finding, fine, note, wrong

if TYPE_CHECKING:
    from followup.settings import Settings

WHAT = "fallback receiver"


def fallback_findings(settings: Settings) -> Iterator[Finding]:
    """Check the address, the folder and what waits in it; asks no server."""
    from followup.bootstrap import spool_of
    from followup.intake.unspool import LINES

    if settings.fallback_url is None:
        yield note(
            WHAT,
            "FOLLOWUP_FALLBACK_URL is not set: while the database is down nobody tells a patient to call 911."
            " docs/runbook/database-down.md says how to start one.",
        )
        return
    if settings.is_production and not settings.fallback_url.startswith("https://"):
        yield wrong(
            WHAT, "FOLLOWUP_FALLBACK_URL has to be an https address, such as https://fallback.example.org"
        )
    kept = spool_of(settings).texts
    if not kept.can_be_written():
        yield wrong(
            WHAT, f"{kept.folder} can't be written or is full: texts would be refused while it is so."
        )
        return
    waiting = len(kept.names())
    if waiting:
        yield note(WHAT, f"{waiting} texts wait in {kept.folder}; `followup fallback import` brings them in.")
    elif not (kept.folder / LINES).exists():
        yield note(
            WHAT, f"no {LINES} in {kept.folder} yet: until a worker wrote it, its text names no clinic."
        )
    else:
        yield fine(WHAT, "can keep texts, and knows whose number is whose")
