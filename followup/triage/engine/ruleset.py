"""A ruleset: lexicon, declarative rules and the learned reader, named by the hash of their files.

A clinic may move a threshold, but only toward more caution; anything else is refused here, because it takes
a second person's approval and therefore a new release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from followup.triage.engine.decision import Tier
from followup.triage.engine.lexicon import Lexicon, build, data_files, digest, parse_yaml
from followup.triage.engine.reader import Model, parse, shipped
from followup.triage.engine.spelling import Speller

#: Threshold name -> (shipped value, sign): sign -1 means that lower is more cautious, +1 that higher is.
THRESHOLDS = {
    "fever_f": (100.4, -1),
    "near_fever_f": (99.0, -1),
    "high_fever_f": (103.0, -1),
    "severe_pain": (8.0, -1),
    "moderate_pain": (5.0, -1),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a rule file; every condition that is set must hold."""

    id: str
    tier: Tier
    any_of: tuple[str, ...]
    status: frozenset[str]
    reason: str
    source: str
    together: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    grade: frozenset[str] = frozenset()
    trend: frozenset[str] = frozenset()
    days: tuple[int, int] | None = None
    questions: frozenset[str] = frozenset()
    alone: bool = False
    match: tuple[dict[str, Any], ...] = ()
    no_match: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class Ruleset:
    """Everything a decision depends on besides the text and its context."""

    lexicon: Lexicon
    speller: Speller
    rules: tuple[Rule, ...]
    by_name: dict[str, list[Rule]]
    questions: list[dict[str, Any]]
    model: Model | None
    digest: str
    thresholds: dict[str, float] = field(default_factory=dict)

    def threshold(self, name: str) -> float:
        """Return a clinical threshold, the clinic's own where it has one."""
        return self.thresholds.get(name, THRESHOLDS[name][0])


_PRESENT = ("present", "possible", "persistent")


def as_rule(body: dict[str, Any]) -> Rule:
    """Read one rule; raise KeyError when id, tier, any, reason or source is missing."""
    days = body.get("days")
    return Rule(
        id=body["id"],
        tier=Tier(body["tier"]),
        any_of=tuple(body["any"]),
        status=frozenset(body.get("status", _PRESENT)),
        reason=body["reason"],
        source=body["source"],
        together=tuple(body.get("with", ())),
        without=tuple(body.get("without", ())),
        grade=frozenset(body.get("grade", ())),
        trend=frozenset(body.get("trend", ())),
        days=(int(days[0]), int(days[1])) if days else None,
        questions=frozenset(body.get("questions", ())),
        alone=bool(body.get("alone", False)),
        match=tuple(_example(item) for item in body.get("match", ())),
        no_match=tuple(_example(item) for item in body.get("no_match", ())),
    )


def _example(item: Any) -> dict[str, Any]:
    return item if isinstance(item, dict) else {"text": str(item)}


def load(*, model: Model | None = None, thresholds: Mapping[str, float] | None = None) -> Ruleset:
    """Read and compile a ruleset; raise ValueError when an override is less cautious than what is shipped."""
    return compile_sources(data_files(), model=model, thresholds=thresholds)


def load_folder(folder: Path) -> Ruleset:
    """Read a ruleset from an unpacked release, with its own learned reader where it has one."""
    found = [
        (f"{name}/{path.name}", path.read_text(encoding="utf-8"))
        for name in ("lexicon", "rules")
        for path in (folder / name).iterdir()
        if path.suffix in {".yaml", ".txt", ".json"}
    ]
    reader = folder / "reader.json"
    model = parse(reader.read_text(encoding="utf-8")) if reader.is_file() else None
    return compile_sources(sorted(found), model=model)


def compile_sources(
    sources: list[tuple[str, str]],
    *,
    model: Model | None = None,
    thresholds: Mapping[str, float] | None = None,
) -> Ruleset:
    """Compile lexicon, rules and questions from named texts."""
    lexicon = build(sources)
    rules: list[Rule] = []
    questions: list[dict[str, Any]] = []
    for name, text in sources:
        if name == "rules/questions.yaml":
            questions = parse_yaml(text)
        elif name.startswith("rules/"):
            rules.extend(as_rule(body) for body in parse_yaml(text))
    by_name: dict[str, list[Rule]] = {}
    for rule in rules:
        for key in rule.any_of:
            by_name.setdefault(key, []).append(rule)
    named = [*sources, ("reader", model.corpus if model else "")]
    chosen = _checked(dict(thresholds or {}))
    if chosen:
        named.append(("thresholds", repr(sorted(chosen.items()))))
    return Ruleset(lexicon, Speller(lexicon), tuple(rules), by_name, questions, model, digest(named), chosen)


def _checked(overrides: dict[str, float]) -> dict[str, float]:
    for name, value in overrides.items():
        if name not in THRESHOLDS:
            raise ValueError(f"there is no threshold called {name!r}")
        standard, sign = THRESHOLDS[name]
        if (value - standard) * sign < 0:
            raise ValueError(f"{name} may only move toward more caution than {standard}")
    return overrides


@lru_cache(maxsize=1)
def default() -> Ruleset:
    """Return the shipped ruleset with the shipped reader, compiled once per process."""
    path = files("followup.triage.engine").joinpath("reader.json")
    return load(model=shipped() if path.is_file() else None)
