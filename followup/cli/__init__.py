"""The command line: a door like the pages and the API, with the same verbs behind it."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (2: one or more sentences on standard error say why)."""
    from followup.cli.app import app
    from followup.cli.speaking import spoken

    return spoken(lambda: _exit_code(app, arguments))


def _exit_code(app: object, arguments: Sequence[str] | None) -> int:
    import typer

    assert isinstance(app, typer.Typer)
    command = typer.main.get_command(app)
    try:
        result = command.main(
            args=None if arguments is None else list(arguments), prog_name="followup", standalone_mode=True
        )
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return int(result or 0)
