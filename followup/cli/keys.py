"""``followup api-key create``: a key for the clinic's own systems, shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from followup.cli.speaking import say
from followup.staff.states import StaffRole

app = typer.Typer(no_args_is_help=True, help="Keys for the clinic's own systems.")


@app.callback()
def keys() -> None:
    """Keys for the clinic's own systems."""


@app.command()
def create(
    clinic: Annotated[str, typer.Option(help="the clinic's slug")],
    role: Annotated[StaffRole, typer.Option(help="what the key may do, like a person of this role")],
    name: Annotated[str, typer.Option(help="what uses the key")] = "command line",
    days: Annotated[int, typer.Option(help="how long it holds; 0: until revoked", min=0, max=3650)] = 365,
    scope: Annotated[
        list[str] | None, typer.Option(help="what it is for, repeated; none: all that a key of its role can")
    ] = None,
) -> None:
    """Make a key and print it, alone, on standard output. It cannot be shown again."""
    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.kit.clock import SystemClock
    from followup.setup.apply import clinic_of
    from followup.staff import api_keys

    house = open_house()
    clinic_id = clinic_of(house.database, clinic)
    # Keys live in machine time: a demo's clock must not end one.
    expires_at = SystemClock().now() + timedelta(days=days) if days else None
    with house.database.transaction(clinic_id) as session:
        key = api_keys.create(
            session,
            clinic_id,
            name,
            role,
            now=house.clock.now(),
            actor=Actor("command line"),
            expires_at=expires_at,
            scopes=api_keys.scopes_of(scope) if scope else None,
        )
    print(key)
    say(f"This key acts as {role} at {clinic}. Keep it now: it cannot be shown again.")
