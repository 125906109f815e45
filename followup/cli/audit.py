"""``followup audit verify``: whether the record of every clinic is as it was written."""

from __future__ import annotations

from typing import Annotated

import typer

from followup.cli.speaking import say

app = typer.Typer(no_args_is_help=True, help="The audit trail.")


@app.callback()
def audit() -> None:
    """The audit trail."""


@app.command()
def verify(
    clinic: Annotated[str, typer.Option(help="only this clinic's slug")] = "",
) -> None:
    """Recompute the chain of every clinic. Exit code 1: a row was changed, removed or put in."""
    from followup.audit.seal import verify_all
    from followup.bootstrap import open_house

    found = [each for each in verify_all(open_house().database.url("engine")) if clinic in ("", each.clinic)]
    for each in found:
        waiting = f", {each.waiting} wait to be chained" if each.waiting else ""
        if each.chain.holds:
            print(f"{each.clinic}: holds, {each.chain.rows} rows{waiting}")
        else:
            print(f"{each.clinic}: BROKEN at row {each.chain.broken_at}")
    if not found:
        say("There is no such clinic." if clinic else "There is no clinic yet.")
    if any(not each.chain.holds for each in found):
        raise typer.Exit(1)
