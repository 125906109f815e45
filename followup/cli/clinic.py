"""``followup clinic apply FILE``: a clinic with its staff, senders and roster from one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Set up and change a clinic.")


@app.callback()
def clinics() -> None:
    """Set up and change a clinic."""


@app.command("resume-sending")
def resume_sending(
    slug: Annotated[str, typer.Argument(help="the clinic's slug")],
    yes: Annotated[bool, typer.Option("--yes", help="do not ask again")] = False,
) -> None:
    """Let a clinic send again after a restore; first the carrier is asked what was sent since the backup."""
    from followup.audit.record import Actor
    from followup.bootstrap import open_house, sms_of
    from followup.db.restore import taken_at
    from followup.gateways.sent_list import sent_lister
    from followup.outreach.after_restore import compare, resume_sending
    from followup.reporting.clinic import clinic_facts
    from followup.setup.apply import clinic_of

    house, actor = open_house(), Actor("command line")
    clinic_id, now = clinic_of(house.database, slug), house.clock.now()
    with house.database.transaction(clinic_id) as session:
        since = taken_at(clinic_facts(session, clinic_id).sending_paused_reason)
        if since is not None:
            done = compare(
                session, clinic_id, sent_lister(sms_of(house.settings)), since=since, now=now, actor=actor
            )
            print(f"contacts since {since:%Y-%m-%d %H:%M} UTC: {done.sent_already} were sent already,")
            print(
                f"{done.for_a_person} are for a person to call, {done.still_to_send} follow their late rule"
            )
    if not yes and not typer.confirm("Let this clinic send again?"):
        raise typer.Exit(1)
    with house.database.transaction(clinic_id) as session:
        resume_sending(session, clinic_id, now=now, actor=actor, reason="confirmed on the command line")
    print(f"{slug} sends again")


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
