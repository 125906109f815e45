"""Show why a reply was judged as it was: the patient's words highlighted, the facts, the rules, the
reader's reasons."""

from __future__ import annotations

from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.deciding import Judged, decision_of, judge
from followup.triage.engine.decision import Context, Tier
from followup.triage.engine.ruleset import Ruleset

_MARK, _END = "[", "]"


def explain(text: str, context: Context, ruleset: Ruleset | None = None) -> str:
    """Return a printable explanation of one decision; raises what ``triage`` would swallow."""
    rules = ruleset if ruleset is not None else rulesets.default()
    judged = judge(text, context, rules, reasons=True)
    decision = decision_of(judged, rules)
    lines = [f"{decision.tier.value.upper()}, priority {decision.priority}", highlighted(text, judged), ""]
    lines += _facts(judged)
    lines += [f"answer: {answer.kind} = {answer.value}" for answer in decision.answers]
    if decision.unexplained:
        lines.append("not in any word list: " + ", ".join(decision.unexplained))
    lines += _reader(judged)
    lines.append("filing: " + ("allowed, " if judged.filing.allowed else "refused, ") + judged.filing.reason)
    lines.append(f"patient text: {decision.message_key}; ruleset {decision.ruleset}")
    return "\n".join(line for line in lines if line is not None) + "\n"


def highlighted(text: str, judged: Judged) -> str:
    """Return the text with every span that a warning rule used between brackets."""
    tokens = judged.understood.scan.tokens
    spans = sorted(
        tokens.quote(hit.fact.first, hit.fact.last)[1:]
        for hit in judged.hits
        if hit.rule.tier is not Tier.ROUTINE and hit.fact.last < len(tokens.starts)
    )
    out, at = "", 0
    for start, end in spans:
        if start >= at:
            out += text[at:start] + _MARK + text[start:end] + _END
            at = end
    return out + text[at:]


def _facts(judged: Judged) -> list[str]:
    lines = []
    tokens = judged.understood.scan.tokens
    for fact in judged.understood.facts:
        if fact.last >= len(tokens.starts):
            continue
        quoted = tokens.quote(fact.first, fact.last)[0]
        words = " ".join(part for part in (fact.grade, fact.trend) if part)
        cue = f' (because of "{fact.cue}")' if fact.cue else ""
        kind = "saying" if fact.finding.benign else fact.status
        lines.append(f'{fact.finding.concept}: "{quoted}" {kind} {words}{cue}'.rstrip())
        lines += [
            f"    {hit.rule.id} -> {hit.rule.tier.value}: {hit.rule.reason}"
            for hit in judged.hits
            if hit.fact is fact
        ]
    return lines


def _reader(judged: Judged) -> list[str]:
    if judged.reading is None:
        return ["learned reader: not trained"]
    chances = ", ".join(f"{tier.value} {chance:.0%}" for tier, chance in judged.reading.chances.items())
    told = " (raised the tier)" if judged.raised_by_reader else ""
    return [f"learned reader: {chances}{told}", "    strongest: " + " | ".join(judged.reading.reasons)]
