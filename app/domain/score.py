"""Scoring: the total of a questionnaire, or the reason why there is none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.instrument import Instrument, Item, Missing
from app.errors import Problem, Unprocessable

Answers = Mapping[str, int]
"""Item key → the value of the option chosen (before any reversal)."""


class AnswerNotAllowed(Unprocessable):
    """An answer is not one of the choices of its item."""

    code = "answer-not-allowed"


class TotalOutOfRange(Unprocessable):
    """This questionnaire cannot have such a total."""

    code = "total-out-of-range"


class NotScorableReason(StrEnum):
    """Why there is no total."""

    NO_ANSWERS = "no-answers"
    TOO_MANY_MISSING = "too-many-missing"
    LEVEL_NOT_DECIDED = "level-not-decided"

    @property
    def words(self) -> str:
        return {
            "no-answers": "No answers were sent.",
            "too-many-missing": "Too many items were left out to score it.",
            "level-not-decided": "Items that decide the risk level were not answered.",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Score:
    """A total; prorated ones carry one decimal and are not valid for MNCM or CMS measures."""

    total: Decimal
    prorated: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotScorable:
    """No total can be told: an expected outcome, not an error."""

    reason: NotScorableReason
    missing: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return self.reason.words


class TotalCheck(StrEnum):
    """How the sender's total compares with ours."""

    AGREES = "agrees"
    MISMATCH = "mismatch"
    NOT_CLAIMED = "not-claimed"
    ONLY_CLAIMED = "only-claimed"
    """The sender told a total without any answers: it is taken as it is."""


def check_answers(instrument: Instrument, answers: Answers) -> None:
    """Raises AnswerNotAllowed that names every unknown item and every value outside its list."""
    known = {item.key: item for item in instrument.items}
    problems = []
    for key, value in answers.items():
        if key not in known:
            problems.append(Problem(key, f"is no item of the {instrument.short_title}"))
        elif value not in known[key].values:
            problems.append(Problem(key, f"is answered {value}; choose {_allowed(known[key])}"))
    if problems:
        raise AnswerNotAllowed(
            f"The {instrument.short_title} has answers that are not on its list.", problems
        )


def _allowed(item: Item) -> str:
    if item.most is not None:
        return f"a whole number from 0 to {item.most}"
    return "one of " + ", ".join(map(str, item.values))


def score(instrument: Instrument, answers: Answers) -> Score | NotScorable:
    """The total of the answers, by the instrument's rule for missing items.

    PHQ-9: one or two missing items take the mean of the answered ones (NHS Data
    Dictionary), more make no score. What the form itself skips is not missing. Of the
    C-SSRS the total is its risk level. Raises AnswerNotAllowed for what is not on the
    instrument's lists.
    """
    check_answers(instrument, answers)
    scored = instrument.scored_items
    missing = tuple(item.key for item in scored if item.key not in answers)
    skipped = may_skip(instrument, answers)
    if len(missing) == len(scored) and not skipped:
        return NotScorable(NotScorableReason.NO_ANSWERS, missing)
    needed = tuple(key for key in missing if key not in skipped)
    if instrument.triage:
        low, high = _levels(instrument, answers)
        if low == high:
            return Score(Decimal(low))
        return NotScorable(NotScorableReason.LEVEL_NOT_DECIDED, needed)
    given = [item.counts_for(answers[item.key]) for item in scored if item.key in answers]
    if not (needed or _gate_missing(instrument, answers)):
        return Score(Decimal(sum(given) * instrument.multiplier))
    if instrument.missing.kind is Missing.PRORATE and len(missing) <= instrument.missing.most:
        whole = Decimal(sum(given) * instrument.multiplier) * len(scored) / len(given)
        return Score(whole.quantize(Decimal("0.1")), prorated=True, missing=missing)
    return NotScorable(NotScorableReason.TOO_MANY_MISSING, missing)


def may_skip(instrument: Instrument, answers: Answers) -> frozenset[str]:
    """Items that the form itself skips after these answers: they count 0 and are not missing.

    C-SSRS: items 3 to 5 where item 2 is no, the last where there never was such
    behaviour (LOINC 93245-9). PC-PTSD-5: all after a gate answered no (VA National
    Center for PTSD). AUDIT-C: the rest where item 1 is never (LOINC 75626-2). AUDIT:
    see `_audit_skips`.
    """
    keys = [item.key for item in instrument.scored_items]
    skipped = set(_not_asked(instrument, answers))
    gates = [item.key for item in instrument.items if item.role == "gate"]
    if any(answers.get(key) == 0 for key in gates):
        skipped |= set(keys)
    if instrument.missing.kind is Missing.AUDIT_C_SKIP and answers.get(keys[0]) == 0:
        skipped |= set(keys[1:])
    if instrument.missing.kind is Missing.AUDIT_SKIP:
        skipped |= set(_audit_skips(keys, answers))
    return frozenset(skipped)


def _not_asked(instrument: Instrument, answers: Answers) -> Iterator[str]:
    """Items whose condition is answered no, and those that depend on an item skipped so."""
    skipped: set[str] = set()
    for item in instrument.items:
        if item.asked_if and (answers.get(item.asked_if) == 0 or item.asked_if in skipped):
            skipped.add(item.key)
            yield item.key


def _audit_skips(keys: Sequence[str], answers: Answers) -> Sequence[str]:
    """Who never drinks (item 1) skips 2 to 8; who drinks little (2 and 3) skips 4 to 8."""
    if answers.get(keys[0]) == 0:
        return keys[1:8]
    if answers.get(keys[1]) == 0 and answers.get(keys[2]) == 0:
        return keys[3:8]
    return ()


def contradictions(instrument: Instrument, answers: Answers) -> tuple[str, ...]:
    """Items answered yes although the form itself skips them: words for a person to look at.

    The answer counts: it may be the other one that is wrong (C-SSRS: item 3 while item 2 is no).
    """
    skipped = set(_not_asked(instrument, answers))
    return tuple(
        f"{instrument.short_title}: “{item.text}” is answered "
        f"{item.label_of(answers[item.key]).lower()}, yet the form asks it only where "
        f"“{instrument.item(item.asked_if).text}” applies. It counts as answered."
        for item in instrument.items
        if item.key in skipped and answers.get(item.key, 0) > 0
    )


def _levels(instrument: Instrument, answers: Answers) -> tuple[int, int]:
    """The lowest and the highest risk level that the items not answered leave possible."""
    skipped = may_skip(instrument, answers)
    low = high = 0
    for rule in instrument.triage:
        if any(answers.get(key, 0) > 0 for key in rule.any_of):
            low = max(low, rule.level)
        if any(key not in answers and key not in skipped for key in rule.any_of):
            high = max(high, rule.level)
    return low, max(low, high)


def _gate_missing(instrument: Instrument, answers: Answers) -> bool:
    return any(item.role == "gate" and item.key not in answers for item in instrument.items)


def check_claimed_total(instrument: Instrument, claimed: Decimal) -> None:
    """Raises TotalOutOfRange for a total that no answers could make."""
    whole = claimed == claimed.to_integral_value()
    if not instrument.minimum <= claimed <= instrument.maximum:
        what = f"lies outside {instrument.minimum} to {instrument.maximum}"
    elif not whole and instrument.missing.kind is not Missing.PRORATE:
        what = "is not a whole number"
    else:
        return
    raise TotalOutOfRange(f"A {instrument.short_title} total {what}.", [Problem("total", what)])


def compare_totals(
    instrument: Instrument,
    scored: Score | NotScorable,
    claimed: Decimal | None,
    answers: Answers,
) -> TotalCheck:
    """Whether the sender's total is one that the answers can make.

    With items missing, any total that some completion of them reaches agrees; so
    does the prorated one.
    """
    if claimed is None:
        return TotalCheck.NOT_CLAIMED
    given = [i for i in instrument.scored_items if i.key in answers]
    if not given and not may_skip(instrument, answers):
        return TotalCheck.ONLY_CLAIMED
    if isinstance(scored, Score) and claimed == scored.total:
        return TotalCheck.AGREES
    low, high = reach(instrument, answers)
    agrees = low <= claimed <= high or (high == 0 and claimed == _lowest_coded(instrument))
    return TotalCheck.AGREES if agrees else TotalCheck.MISMATCH


def _lowest_coded(instrument: Instrument) -> int | None:
    """The lowest risk level that has a code: it is sent where there is none at all.

    LL465-6 begins with "Low" and has no "none" (the HL7 example answers no to every
    item of the C-SSRS and codes Low).
    """
    return next((band.minimum for band in instrument.bands if band.codes), None)


def reach(instrument: Instrument, answers: Answers) -> tuple[int, int]:
    """The lowest and the highest total that the items not answered leave possible."""
    if instrument.triage:
        return _levels(instrument, answers)
    skipped = may_skip(instrument, answers)
    low = high = 0
    for item in instrument.scored_items:
        if item.key in answers:
            value = item.counts_for(answers[item.key])
            low, high = low + value, high + value
        elif item.key not in skipped:
            values = [item.counts_for(value) for value in item.values]
            low, high = low + min(values), high + max(values)
    return low * instrument.multiplier, high * instrument.multiplier
