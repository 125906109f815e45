"""``followup pathway check|preview``: read a pathway as its author, its reviewer and its patient do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from followup.cli.speaking import WRONG
from followup.pathways.vocabulary import Channel, Harvest

if TYPE_CHECKING:
    from followup.pathways.findings import Finding
    from followup.pathways.pathway import Pathway

app = typer.Typer(no_args_is_help=True, help="Check and preview pathways.")


@app.callback()
def pathways() -> None:
    """Check and preview pathways."""


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="names or folders; none: all of them")] = None,
) -> None:
    """Say everything a clinician has to mend, with file and line. Exit code 2 if one may not be used."""
    from followup.pathways.findings import Severity

    refused = 0
    for folder in [_folder(name) for name in names] if names else _all_folders():
        findings = _findings(folder)
        errors = sum(each.severity is Severity.ERROR for each in findings)
        refused += bool(errors)
        for each in findings:
            print(f"{folder}/{each}")
        print(f"{folder.name}: {'may not be used' if errors else 'may be used'}; {len(findings)} remarks")
    if refused:
        raise typer.Exit(WRONG)


@app.command()
def preview(
    name: Annotated[str, typer.Argument(help="name or folder")],
    language: Annotated[str, typer.Option(help="en or es")] = "en",
    harvest: Annotated[Harvest, typer.Option()] = Harvest.BONE_MARROW,
    channel: Annotated[Channel, typer.Option()] = Channel.SMS,
    date: Annotated[str, typer.Option(help="date of the procedure, YYYY-MM-DD: adds a calendar")] = "",
    zone: Annotated[str, typer.Option(help="the patient's time zone")] = "America/New_York",
) -> None:
    """Print a whole recovery as one patient would get it."""
    from followup.errors import InvalidInput
    from followup.pathways.preview import calendar

    pathway = _read(_folder(name))
    if language not in pathway.languages:
        raise InvalidInput("language", f"This pathway is written in: {', '.join(pathway.languages)}.")
    if date:
        print("\n".join(_dated(pathway, harvest, channel, date=date, zone=zone)))
    print(calendar(pathway, language, harvest, channel=channel), end="")


def _dated(pathway: Pathway, harvest: Harvest, channel: Channel, *, date: str, zone: str) -> list[str]:
    """Return the calendar of a patient who is enrolled well before a procedure on that date."""
    from datetime import time, timedelta

    from followup.clinics.states import Channel as Carried
    from followup.enrollment.planning.facts import ClinicCalendar, EnrollmentFacts
    from followup.enrollment.planning.from_pathway import pathway_plan
    from followup.enrollment.planning.plan import plan
    from followup.errors import InvalidInput
    from followup.kit.dates import DateError, parse_date
    from followup.kit.windows import ZoneError, to_utc
    from followup.kit.windows import zone as zone_of

    try:
        day, where = parse_date(date), zone_of(zone)
    except (DateError, ZoneError) as problem:
        raise InvalidInput("zone" if isinstance(problem, ZoneError) else "date", problem.message) from None
    enrolled_at = to_utc(day - timedelta(days=7), time(9), where).utc
    facts = EnrollmentFacts(
        performed_on=day, performed_at=time(9), zone=where.key, channels=(Carried(channel.value),),
        enrolled_at=enrolled_at, harvest=harvest.value,
    )  # fmt: skip
    planned = plan(facts, pathway_plan(pathway), ClinicCalendar(), enrolled_at)
    lines = [
        f"Calendar for a procedure on {day:%A, %B} {day.day}, {day.year} ({where.key}), enrolled a week before"
    ]
    lines += [
        f"{each.local_date:%a %Y-%m-%d} {each.local_time:%H:%M}  {each.key}" for each in planned.touchpoints
    ]
    return [*lines, *planned.notes, ""]


def _findings(folder: Path) -> list[Finding]:
    from followup.pathways.check import check as review
    from followup.pathways.findings import PathwayRefused
    from followup.pathways.library import read_pathway

    try:
        return review(read_pathway(folder))
    except PathwayRefused as refusal:
        return list(refusal.findings)


def _read(folder: Path) -> Pathway:
    from followup.pathways.library import read_pathway

    return read_pathway(folder)


def _folder(name: str) -> Path:
    from followup.errors import NotFound

    written = Path(name)
    for folder in (written, _pathways_folder() / name):
        if folder.is_dir():
            return folder
    known = ", ".join(each.name for each in _all_folders()) or "none"
    raise NotFound(f"There is no pathway {name!r}. The pathways are: {known}.")


def _all_folders() -> list[Path]:
    return sorted(
        each for each in _pathways_folder().iterdir() if each.is_dir() and not each.name.startswith(".")
    )


def _pathways_folder() -> Path:
    from followup.settings import load

    return load().templates_folder / "pathways"
