"""``followup clinic apply FILE``: a clinic with its staff, senders and roster from one file; and its sending."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from followup.cli import cost, sending

app = typer.Typer(no_args_is_help=True, help="Set up and change a clinic.")
app.command("cost")(cost.of_clinic)
app.command()(sending.sending)
app.command()(sending.pause_sending)
app.command()(sending.resume_sending)


@app.callback()
def clinics() -> None:
    """Set up and change a clinic."""


@app.command()
def apply(
    file: Annotated[
        Path, typer.Argument(help="the clinic file (docs/reference/clinic-file.md); '-': standard input")
    ],
    check: Annotated[bool, typer.Option("--check", help="only read the file and say what is wrong")] = False,
) -> None:
    """Create the clinic of a file, or change it to what the file says. Applying twice changes nothing."""
    from followup.setup.clinic_file import parse_clinic_file, read_clinic_file

    is_piped = str(file) == "-"
    read = parse_clinic_file(sys.stdin.read(), name="standard input") if is_piped else read_clinic_file(file)
    if check:
        print(f"{file.name} is in order: clinic {read.clinic.slug}, {len(read.staff)} staff")
        return
    from followup.bootstrap import open_house
    from followup.setup.apply import apply_clinic_file

    house = open_house()
    applied = apply_clinic_file(house.database, read, now=house.clock.now())
    print(f"clinic {read.clinic.slug} {'created' if applied.created else 'updated'}")
    for line in applied.said:
        print(f"- {line}")
