"""``followup patient export`` and ``forget``: what a patient may ask a clinic for."""

from __future__ import annotations

import json
import uuid
from typing import Annotated

import typer

from followup.cli.speaking import say

app = typer.Typer(no_args_is_help=True, help="What a patient may ask for.")

Clinic = Annotated[str, typer.Option(help="the clinic's slug")]
PatientId = Annotated[
    uuid.UUID, typer.Argument(help="the id at the end of the address of the patient's page")
]


@app.callback()
def patient() -> None:
    """What a patient may ask for."""


@app.command()
def export(patient_id: PatientId, clinic: Clinic) -> None:
    """Print everything that is kept about a patient, as JSON. It is on record that it was taken."""
    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.setup.apply import clinic_of
    from followup.setup.forget import export as taken

    house = open_house()
    with house.database.transaction(clinic_of(house.database, clinic)) as session:
        found = taken(session, patient_id, now=house.clock.now(), actor=Actor("command line"))
        print(json.dumps(found, default=str, ensure_ascii=False, indent=1))


@app.command()
def forget(
    patient_id: PatientId,
    reason: Annotated[str, typer.Option(help="why, for the record; without the patient's name")],
    yes: Annotated[bool, typer.Option("--yes", help="do not ask again")] = False,
) -> None:
    """Remove a patient's words, names and addresses for good; the skeleton of the record stays."""
    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.cli.vault import owner_of
    from followup.setup.forget import forget as removed

    if not yes and not typer.confirm("This can't be undone, and the law may ask you to keep it. Go on?"):
        raise typer.Exit(1)
    house = open_house()
    with owner_of(house.settings) as url:
        done = removed(url, patient_id, now=house.clock.now(), actor=Actor("command line"), reason=reason)
    print(f"{sum(done.values())} rows of {len([each for each in done.values() if each])} tables emptied")
    say("Older backups still hold it; they have to end with their own time.")
