"""``followup retention`` and ``followup hold``: what is removed when its time is over, and what must stay."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from followup.cli.speaking import say

hold = typer.Typer(no_args_is_help=True, help="Legal holds: what nobody may remove.")

Clinic = Annotated[str, typer.Option(help="the clinic's slug")]
PatientId = Annotated[
    uuid.UUID | None, typer.Option("--patient", help="a patient's id; none: the whole clinic")
]
Reason = Annotated[str, typer.Option(help="why, for the record; without the patient's name")]


@hold.callback()
def holds() -> None:
    """Legal holds: what nobody may remove."""


def retention(
    clinic: Clinic,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be removed now")] = False,
) -> None:
    """Remove words and files whose time is over (days are in the clinic file), as happens every night anyway."""
    from followup.bootstrap import open_house
    from followup.setup.apply import clinic_of
    from followup.setup.retention import due_counts, retain_clinic

    house = open_house()
    clinic_id = clinic_of(house.database, clinic)
    now = house.clock.now()
    if dry_run:
        with house.database.transaction(clinic_id) as session:
            found = due_counts(session, clinic_id, now=now)
    else:
        found = retain_clinic(house.database, clinic_id, now=now)
    for name, many in found.items():
        print(f"{name}: {many}")
    if not found:
        say("Nothing: a hold stands, or the clinic file names no days, or nothing is old enough.")
    elif dry_run:
        say("Nothing was changed. Without --dry-run this is removed, and it can't be undone.")


@hold.command("place")
def place(clinic: Clinic, reason: Reason, patient: PatientId = None) -> None:
    """Let nothing of a patient, or of the whole clinic, be removed."""
    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.patients.hold import place_hold
    from followup.setup.apply import clinic_of

    house = open_house()
    clinic_id = clinic_of(house.database, clinic)
    with house.database.transaction(clinic_id) as session:
        place_hold(
            session, clinic_id, patient, reason=reason, now=house.clock.now(), actor=Actor("command line")
        )
    say("Held.")


@hold.command("lift")
def lift(clinic: Clinic, reason: Reason, patient: PatientId = None) -> None:
    """End a hold; what is too old is removed the next night."""
    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.patients.hold import lift_hold
    from followup.setup.apply import clinic_of

    house = open_house()
    clinic_id = clinic_of(house.database, clinic)
    with house.database.transaction(clinic_id) as session:
        lift_hold(
            session, clinic_id, patient, reason=reason, now=house.clock.now(), actor=Actor("command line")
        )
    say("Lifted.")


@hold.command("list")
def list_holds(clinic: Clinic) -> None:
    """List the holds that stand."""
    from followup.bootstrap import open_house
    from followup.patients.hold import holds as standing
    from followup.setup.apply import clinic_of

    house = open_house()
    with house.database.transaction(clinic_of(house.database, clinic)) as session:
        for each in standing(session):
            print(f"{each.patient_id or 'the whole clinic'} since {each.placed_at:%Y-%m-%d}")
