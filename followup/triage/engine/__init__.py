"""The engine that reads what patients write: pure, deterministic, explainable, and quick to import.

It knows no database, settings, clock or network. The lexicon, the rules and the learned reader are data
files beside the code; they are read at the first ``triage`` call, not at import.
"""

from __future__ import annotations

from followup.triage.engine.deciding import triage
from followup.triage.engine.decision import (
    Answer,
    Context,
    Decision,
    Evidence,
    QuestionKind,
    Tier,
)
from followup.triage.engine.ruleset import Ruleset

__all__ = ["Answer", "Context", "Decision", "Evidence", "QuestionKind", "Ruleset", "Tier", "triage"]
