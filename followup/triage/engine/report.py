"""Write the measured report: what the engine gets right on unseen writers, with its plots, and the rules page.

Needs numpy and matplotlib, which only the development environment has. Sealed files are never opened here: their
totals come from ``followup triage evaluate --totals-only``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from followup.triage.engine.corpus import AUTHOR, Example, corpus_hash
from followup.triage.engine.decision import Tier
from followup.triage.engine.margins import Case, Chosen, decide, filing_margins
from followup.triage.engine.measures import ORDER, Pair, confusion, shares
from followup.triage.engine.reader import TIERS
from followup.triage.engine.rules_page import rules_page
from followup.triage.engine.train import Prepared, prepare

_NOTE = (
    "Every reply below is judged by a learned reader that never saw its writer. The rules and word lists were "
    "written by one person who saw half of the first five writers' replies, so their part is flattered there and "
    "honest on the writers that came later. All replies are invented; no clinician has checked a label."
)


def write_report(folder: Path, prepared: Prepared | None = None) -> str:
    """Write ``triage-report.md``, its plots and ``triage-rules.md`` into ``folder``; return what to print."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = prepared if prepared is not None else prepare()
    chosen = ready.chosen
    independent = [example for example in ready.examples if example.writer != AUTHOR]
    pairs = [(case.truth, decide(case, chosen.limits)) for case in chosen.cases]
    text = _page(independent, pairs, chosen, chances=ready.chances, corpus=corpus_hash(ready.examples))
    (folder / "triage-report.md").write_text(text, encoding="utf-8")
    (folder / "triage-rules.md").write_text(rules_page(ready.rules), encoding="utf-8")
    _plot_load(chosen.cases, chosen.limits, folder / "triage-safety-load.png")
    _plot_confusion(pairs, folder / "triage-confusion.png")
    return text


def _page(
    examples: Sequence[Example], pairs: Sequence[Pair], chosen: Chosen, *, chances: Any, corpus: str
) -> str:
    lines = [
        "# Triage: measured",
        "",
        f"Corpus {corpus}, {len(examples)} replies by independent writers. {_NOTE}",
    ]
    lines += ["", "## Both readers, writers unseen by the learned one", "", "```", *_table(pairs), "```"]
    lines += ["", "![Safety against the share of replies a person reads](triage-safety-load.png)"]
    lines += ["", "![Confusion matrix](triage-confusion.png)", "", "## What each part earns (ablation)", ""]
    lines += ["| reader | filed grave | safety | alert | specificity | exact |", "|---|---|---|---|---|---|"]
    lines += [
        _row("rules alone", [(case.truth, case.found or _unfound(case)) for case in chosen.cases]),
        _row("learned reader alone, likeliest tier", _alone(examples, chances)),
        _row("both", pairs),
    ]
    for title, key in _KEYS:
        lines += ["", f"## By {title}", "", "| | n | filed grave | safety | alert | specificity | exact |"]
        lines += ["|---|---|---|---|---|---|---|"]
        for name in sorted({key(example) for example in examples}):
            chosen_pairs = [
                pair for example, pair in zip(examples, pairs, strict=True) if key(example) == name
            ]
            lines.append(_row(f"{name} | {len(chosen_pairs)}", chosen_pairs))
    lines += ["", "## Safety against load", "", *_curve_table(chosen), "", f"Margins: `{chosen.limits}`"]
    return "\n".join(lines) + "\n"


_KEYS: tuple[tuple[str, Callable[[Example], str]], ...] = (
    ("writer", lambda example: example.writer),
    ("language", lambda example: example.context.lang or "?"),
    ("question", lambda example: example.context.question_kind.value),
)


def _unfound(case: Case) -> Tier:
    return Tier.ROUTINE if case.kind == "file_covered" else Tier.UNCLEAR


def _alone(examples: Sequence[Example], chances: Any) -> list[Pair]:
    return [
        (example.tier, TIERS[int(row.argmax())])
        for example, row in zip(examples, chances[: len(examples)], strict=True)
    ]


def _table(pairs: Sequence[Pair]) -> list[str]:
    lines = [share.line() for share in shares(pairs)]
    lines += ["", " " * 11 + "".join(f"{tier.value:>11}" for tier in ORDER)]
    for tier, row in zip(ORDER, confusion(pairs), strict=True):
        lines.append(f"{tier.value:<11}" + "".join(f"{count:>11}" for count in row))
    return lines


def _row(name: str, pairs: Sequence[Pair]) -> str:
    found = {share.name: share for share in shares(pairs)}

    def percent(full: str) -> str:
        return f"{found[full].value:.1%}" if found[full].total else "-"

    grave = found["emergency or urgent filed as routine"]
    cells = [f"{grave.hits}/{grave.total}", percent("safety sensitivity"), percent("alert sensitivity")]
    return "| " + " | ".join([name, *cells, percent("specificity"), percent("exact tier")]) + " |"


def _curve(cases: Sequence[Case], limits: dict[str, float]) -> list[tuple[float, list[Pair]]]:
    """Return (shift of the filing margin, pairs) from cautious to bold."""
    base = filing_margins(cases)
    out = []
    for step in range(-10, 11):
        moved = {name: value - step * 0.5 for name, value in base.items() if name.startswith("file")}
        out.append((step * 0.5, [(case.truth, decide(case, {**limits, **moved})) for case in cases]))
    return out


def _curve_table(chosen: Chosen) -> list[str]:
    lines = [
        "| margin moved by | filed grave | safety | alert | specificity | exact |",
        "|---|---|---|---|---|---|",
    ]
    return lines + [
        _row(f"{-shift:+.1f}", pairs) for shift, pairs in _curve(chosen.cases, chosen.limits)[::2]
    ]


def _plot_load(cases: Sequence[Case], limits: dict[str, float], target: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    points = []
    for _, pairs in _curve(cases, limits):
        found = {share.name: share.value for share in shares(pairs)}
        points.append((found["read by a person"], found["safety sensitivity"], found["specificity"]))
    figure, axis = plt.subplots(figsize=(7, 4))
    axis.plot([p[0] for p in points], [p[1] for p in points], marker="o", label="warnings not filed (safety)")
    axis.plot(
        [p[0] for p in points],
        [p[2] for p in points],
        marker="s",
        label="routine replies filed (specificity)",
    )
    axis.set_xlabel("share of replies a person reads")
    axis.set_ylim(0, 1.02)
    axis.grid(alpha=0.3)
    axis.legend()
    figure.tight_layout()
    figure.savefig(target, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _plot_confusion(pairs: Sequence[Pair], target: Path) -> None:
    import matplotlib.pyplot as plt

    table = confusion(pairs)
    figure, axis = plt.subplots(figsize=(6, 5))
    shares_by_row = [[count / max(sum(row), 1) for count in row] for row in table]
    axis.imshow(shares_by_row, cmap="Blues", vmin=0, vmax=1)
    names = [tier.value for tier in ORDER]
    axis.set_xticks(range(len(names)), names, rotation=30)
    axis.set_yticks(range(len(names)), names)
    axis.set_xlabel("decided")
    axis.set_ylabel("label")
    for y, row in enumerate(table):
        for x, count in enumerate(row):
            axis.text(
                x,
                y,
                str(count),
                ha="center",
                va="center",
                color="white" if shares_by_row[y][x] > 0.5 else "black",
            )
    figure.tight_layout()
    figure.savefig(target, dpi=110, metadata={"Software": None})
    plt.close(figure)
