"""``followup pathway check|preview``: read a pathway as its author, its reviewer and its patient do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from followup.cli import cost, migrating
from followup.cli.pathway_folders import all_folders, folder_of
from followup.cli.speaking import WRONG
from followup.pathways.vocabulary import Channel, Harvest

if TYPE_CHECKING:
    from followup.pathways.findings import Finding
    from followup.pathways.pathway import Pathway

app = typer.Typer(no_args_is_help=True, help="Check and preview pathways.")
app.command("cost")(cost.of_pathway)
app.command()(migrating.migrate)


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
    for folder in [folder_of(name) for name in names] if names else all_folders():
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
    from followup.cli.dated import Procedure, dated
    from followup.errors import InvalidInput
    from followup.pathways.preview import calendar

    pathway = _read(folder_of(name))
    if language not in pathway.languages:
        raise InvalidInput("language", f"This pathway is written in: {', '.join(pathway.languages)}.")
    values = {}
    if date:
        procedure = Procedure.read(date, zone)
        values = procedure.values(language)
        print("\n".join(dated(pathway, harvest, channel, procedure)))
    print(calendar(pathway, language, harvest, channel=channel, values=values), end="")


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
