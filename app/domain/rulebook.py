"""Every rule of the registry on one page, for the person who asks "why?"."""

from collections.abc import Iterable

from app.domain import (
    audit_retention,
    chart_grant,
    condition,
    consent,
    definition,
    delivery,
    discharge,
    duplicate,
    encounter,
    escalation,
    evaluate,
    expected_recovery,
    flag_times,
    handling,
    match,
    milestones,
    own_protocol,
    part2,
    protocol,
    referral,
    relapse_prevention,
    response,
    rhythm,
    roster,
    safety,
    screening_reach,
    screening_rule,
    second_stage,
    severity,
    sign,
    small_cells,
    step,
    step_care,
    trajectory,
    visibility,
)
from app.domain.catalogue import SHIPPED
from app.domain.instrument import Band, Instrument, TriageRule
from app.domain.rule import Rule

RULES: tuple[Rule, ...] = (
    *safety.RULES,
    *trajectory.RULES,
    *response.RULES,
    *milestones.RULES,
    *condition.RULES,
    *protocol.RULES,
    *own_protocol.RULES,
    *second_stage.RULES,
    *screening_rule.RULES,
    *encounter.RULES,
    *rhythm.RULES,
    *evaluate.RULES,
    *severity.RULES,
    *sign.RULES,
    *definition.RULES,
    *step.RULES,
    *step_care.RULES,
    *duplicate.RULES,
    *match.RULES,
    *roster.RULES,
    *screening_reach.RULES,
    *small_cells.RULES,
    *handling.RULES,
    *escalation.RULES,
    *delivery.RULES,
    *flag_times.RULES,
    *expected_recovery.RULES,
    *referral.RULES,
    *relapse_prevention.RULES,
    *discharge.RULES,
    *audit_retention.RULES,
    *visibility.RULES,
    *consent.RULES,
    *part2.RULES,
    *chart_grant.RULES,
)
"""All rules, in the order they are told."""

_HEAD = """# Clinical rules

Every rule that Stepwell judges by: its threshold, its source and the test that holds it. Rules
marked **not confirmed** are ours or from memory: no source was read that states them. They are
configurable or to be checked before anybody relies on them.

This page is generated from the code (`python -m app rules --write`) and compared with it by
`tests/rules/test_rulebook.py`.
"""


def as_markdown() -> str:
    """The page ``docs/clinical-rules.md``."""
    parts = [_HEAD, *_subjects(RULES), "## Instruments\n", *map(_instrument, SHIPPED.values())]
    return "\n".join(parts)


def _subjects(rules: Iterable[Rule]) -> list[str]:
    by_subject: dict[str, list[Rule]] = {}
    for rule in rules:
        by_subject.setdefault(rule.subject, []).append(rule)
    parts = []
    for subject, found in by_subject.items():
        rows = [_row(rule.says, _source(rule), f"`{rule.held_by}`") for rule in found]
        table = [_row("Rule", "Source", "Held by"), "|---|---|---|", *rows]
        parts += [f"## {subject}\n", "\n".join(table) + "\n"]
    return parts


def _source(rule: Rule) -> str:
    return rule.source if rule.confirmed else f"{rule.source} **(not confirmed)**"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _instrument(one: Instrument) -> str:
    bands = "; ".join(f"{_span(b)} {b.label}" for b in one.bands)
    lines = [
        f"### {one.title} (`{one.id}`, {one.version})\n",
        f"- Range {one.minimum} to {one.maximum}"
        + ("" if one.higher_is_worse else "; a higher total is better"),
        f"- {'Levels' if one.ordinal else 'Bands'}: {bands}",
        *(_level_line(one, rule) for rule in one.triage),
        *(_cutoff_line(one, index) for index in range(len(one.cutoffs))),
        f"- Items left out: {one.missing.kind.value}"
        + (f", {one.missing.most} at most" if one.missing.most else "")
        + (f" ({one.missing.source})" if one.missing.source else ""),
        f"- LOINC: panel {one.loinc_panel or 'none confirmed'}, "
        f"total {one.loinc_score or 'none confirmed'}",
        f"- Sources: {'; '.join(one.sources)}",
    ]
    lines += [f"- Told beside the total: {sign.words} — {sign.source}" for sign in one.signs]
    if one.not_confirmed:
        lines.append(f"- **Not confirmed**: {'; '.join(one.not_confirmed)}")
    if one.notice:
        lines.append(f"- {one.notice}")
    return "\n".join(lines) + "\n"


def _span(band: Band) -> str:
    if band.minimum == band.maximum:
        return str(band.minimum)
    return f"{band.minimum}–{band.maximum}"


def _level_line(one: Instrument, rule: TriageRule) -> str:
    level = next(band.label for band in one.bands if band.minimum == rule.level)
    asked = "; ".join(f"“{one.item(key).text}”" for key in rule.any_of)
    today = ", asks for a person the same day" if rule.asks_today else ""
    return f"- {level}{today}: yes to any of {asked} — {rule.source}"


def _cutoff_line(one: Instrument, index: int) -> str:
    cutoff = one.cutoffs[index]
    whom = {"any": "", "unknown": " where sex is not recorded"}.get(cutoff.sex, f" ({cutoff.sex})")
    side = "or more" if one.higher_is_worse else "or less"
    return f"- Positive screen{whom}: {cutoff.total} {side} — {cutoff.source}"
