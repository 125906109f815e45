"""The thin door to the triage engine: `followup triage --jsonl`, evaluate, explain, train, compare, report.

No database, no settings: the engine needs neither. Every command calls one function of ``followup.triage.engine``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from followup.triage.engine.decision import Context, QuestionKind

app = typer.Typer(no_args_is_help=True, help="Read patients' replies; decide how fast a person must look.")


@app.callback(invoke_without_command=True)
def replies(
    context: typer.Context,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read JSON lines on stdin, answer on stdout.")
    ] = False,
) -> None:
    """Triage replies given as JSON lines."""
    if context.invoked_subcommand is None and jsonl:
        from followup.triage.engine.jsonl import run

        run(sys.stdin, sys.stdout)
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def evaluate(
    files: Annotated[list[Path], typer.Argument(help="CSV files of labelled replies.", exists=True)],
    totals_only: Annotated[bool, typer.Option(help="Print no text and no single row.")] = False,
) -> None:
    """Print confusion matrix and measures with exact confidence intervals."""
    from followup.triage.engine.evaluate import evaluate as score

    typer.echo(score(files, totals_only=totals_only), nl=False)


@app.command()
def explain(
    text: str,
    day: Annotated[int | None, typer.Option(help="Days since the procedure.")] = None,
    question: Annotated[QuestionKind, typer.Option(help="Kind of the pending question.")] = QuestionKind.NONE,
    question_text: Annotated[str, typer.Option(help="The pending question itself.")] = "",
) -> None:
    """Show why one reply is judged as it is."""
    from followup.triage.engine.explain import explain as tell

    typer.echo(tell(text, Context(day=day, question_kind=question, question_text=question_text)), nl=False)


@app.command()
def train(
    target: Annotated[
        Path | None, typer.Option(help="Where to write the model; default: the shipped place.")
    ] = None,
) -> None:
    """Train the learned reader from the development corpus (needs numpy)."""
    from followup.triage.engine.train import train_shipped

    typer.echo(train_shipped(target), nl=False)


@app.command()
def compare(
    old: Annotated[str, typer.Argument(help='A folder with an unpacked ruleset, or "shipped".')],
    new: Annotated[str, typer.Argument(help='A folder with an unpacked ruleset, or "shipped".')],
    files: Annotated[
        list[Path] | None, typer.Option("--file", help="Replies to replay; default: development.")
    ] = None,
) -> None:
    """Replay replies through two rulesets and print what moved."""
    from followup.triage.engine import compare as comparing
    from followup.triage.engine.corpus import development, read_file

    examples = [item for path in files for item in read_file(path)] if files else development()
    typer.echo(comparing.compare(comparing.ruleset_at(old), comparing.ruleset_at(new), examples), nl=False)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Where the report and its plots are written.")] = Path(
        "docs/reference"
    ),
) -> None:
    """Write the measured report with its plots (needs numpy and matplotlib)."""
    from followup.triage.engine.report import write_report

    typer.echo(write_report(folder), nl=False)


if __name__ == "__main__":
    app()
