"""``followup staff``: links by which people choose their password, and help for those who lost their phone."""

from __future__ import annotations

from typing import Annotated

import typer

from followup.cli.speaking import say

app = typer.Typer(no_args_is_help=True, help="People who work at a clinic.")

Clinic = Annotated[str, typer.Option(help="the clinic's slug")]
Address = Annotated[str, typer.Argument(help="the person's mail address, as in the clinic file")]


@app.callback()
def staff() -> None:
    """People who work at a clinic."""


@app.command()
def invite(address: Address, clinic: Clinic) -> None:
    """Make a link to choose a password, and print it, alone, on standard output. It holds for 72 hours, once."""
    _link(address, clinic, "invitation")


@app.command("reset-password")
def reset_password(address: Address, clinic: Clinic) -> None:
    """Make a link to choose a new password. It holds for 2 hours, once; the second factor stays."""
    _link(address, clinic, "reset")


@app.command("remove-second-factor")
def remove_second_factor(address: Address, clinic: Clinic) -> None:
    """Let somebody who lost phone and recovery codes add a new second factor. Make sure who is asking, first."""
    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.errors import NotFound
    from followup.setup.apply import clinic_of
    from followup.staff.queries import find_by_address
    from followup.staff.second_factor import remove
    from followup.staff.sessions import end_all

    house = open_house()
    clinic_id = clinic_of(house.database, clinic)
    with house.database.engine() as looking:
        found = find_by_address(looking, address)
    if found is None or found.clinic_id != clinic_id:
        raise NotFound(f"Nobody with the address {address} works at {clinic}.")
    with house.database.transaction(clinic_id) as session:
        remove(session, found.staff_id, now=house.clock.now(), actor=Actor("command line"))
        end_all(session, found.staff_id)
    say("Done. All their sign-ins ended; the next one asks for a new second factor.")


def _link(address: str, clinic: str, kind: str) -> None:
    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.setup.apply import clinic_of
    from followup.staff.links import make_link
    from followup.staff.states import LinkKind

    house = open_house()
    clinic_id = clinic_of(house.database, clinic)
    with house.database.transaction(clinic_id) as session:
        token = make_link(
            session, address, kind=LinkKind(kind), now=house.clock.now(), actor=Actor("command line")
        )
    print(f"{house.settings.public_url}/welcome/{token}")
    say("Hand this link to that person only; whoever opens it can choose the password.")
