"""``followup doctor``: everything that is missing or unsafe, named with its meaning, its example and its remedy."""

from __future__ import annotations

from typing import Annotated

import typer

from followup.cli.speaking import WRONG

_MARKS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}


def doctor(
    offline: Annotated[
        bool, typer.Option("--offline", help="check settings and texts; ask no server")
    ] = False,
) -> None:
    """Check settings, servers, logins, pathways and texts. Exit code 0: nothing has to be mended."""
    from followup.cli.checks import content_findings, server_findings, settings_findings
    from followup.cli.fallback_checks import fallback_findings
    from followup.settings import load

    settings = load()
    findings = [*settings_findings(settings), *fallback_findings(settings)]
    if not offline:
        findings += server_findings(settings)
    findings += content_findings(settings)
    print(f"environment: {settings.environment}")
    for each in findings:
        print(f"{_MARKS[each.verdict]} {each.what}: {each.sentence}")
    wrong = sum(each.is_wrong for each in findings)
    print(f"{wrong} to mend" if wrong else "nothing to mend")
    if wrong:
        raise typer.Exit(WRONG)
