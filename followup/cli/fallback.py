"""``followup fallback``: the receiver that needs no database, and bringing in what it kept."""

from __future__ import annotations

import typer

from followup.cli.speaking import say

app = typer.Typer(invoke_without_command=True, help="Take texts while the database is away.")


@app.callback()
def fallback(context: typer.Context) -> None:
    """Run the fallback receiver: it verifies, keeps texts sealed on its disk, and needs no database."""
    if context.invoked_subcommand is not None:
        return
    import uvicorn

    from followup.cli.processes import web_options
    from followup.settings import load

    settings = load()
    options = web_options(settings) | {"port": settings.fallback_port}
    uvicorn.run("followup.web.fallback:app", factory=True, **options)


@app.command("import")
def import_kept() -> None:
    """Bring in what was kept. The workers do it by themselves, every few seconds; repeating it changes nothing."""
    from followup.bootstrap import open_house, spool_of
    from followup.intake.unspool import import_spool

    house = open_house()
    done = import_spool(house.database, spool_of(house.settings), now=house.clock.now())
    say(f"{done.new} texts were new, {done.known} were known already, {done.left} can't be opened")
    if done.left:
        raise typer.Exit(1)
