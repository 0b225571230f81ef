"""Scoring: the total of a questionnaire, or the reason why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.instrument import Instrument, Missing
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

    @property
    def words(self) -> str:
        return {
            "no-answers": "No answers were sent.",
            "too-many-missing": "Too many items were left out to score it.",
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
        elif value not in {option.value for option in known[key].options}:
            allowed = ", ".join(str(option.value) for option in known[key].options)
            problems.append(Problem(key, f"is answered {value}; choose one of {allowed}"))
    if problems:
        raise AnswerNotAllowed(
            f"The {instrument.short_title} has answers that are not on its list.", problems
        )


def score(instrument: Instrument, answers: Answers) -> Score | NotScorable:
    """The total of the answers, by the instrument's rule for missing items.

    PHQ-9: one or two missing items take the mean of the answered ones (NHS Data
    Dictionary), more make no score. AUDIT-C: who never drinks skips the rest.
    Raises AnswerNotAllowed for what is not on the instrument's lists.
    """
    check_answers(instrument, answers)
    scored = instrument.scored_items
    missing = tuple(item.key for item in scored if item.key not in answers)
    given = [item.counts_for(answers[item.key]) for item in scored if item.key in answers]
    skipped = _skipped(instrument, answers)
    if not given and not skipped:
        return NotScorable(NotScorableReason.NO_ANSWERS, missing)
    needed = [key for key in missing if key not in may_skip(instrument, answers)]
    if skipped or not (needed or _gate_missing(instrument, answers)):
        return Score(Decimal(sum(given) * instrument.multiplier))
    if instrument.missing.kind is Missing.PRORATE and len(missing) <= instrument.missing.most:
        whole = Decimal(sum(given)) * len(scored) / len(given)
        return Score(whole.quantize(Decimal("0.1")), prorated=True, missing=missing)
    return NotScorable(NotScorableReason.TOO_MANY_MISSING, missing)


def may_skip(instrument: Instrument, answers: Answers) -> frozenset[str]:
    """Items that the form itself skips after these answers, and that count 0 (AUDIT)."""
    if instrument.missing.kind is not Missing.AUDIT_SKIP:
        return frozenset()
    keys = [item.key for item in instrument.scored_items]
    if answers.get(keys[0]) == 0:
        return frozenset(keys[1:8])
    if answers.get(keys[1]) == 0 and answers.get(keys[2]) == 0:
        return frozenset(keys[3:8])
    return frozenset()


def _gate_missing(instrument: Instrument, answers: Answers) -> bool:
    return any(item.role == "gate" and item.key not in answers for item in instrument.items)


def _skipped(instrument: Instrument, answers: Answers) -> bool:
    """Whether the first answer ended the form, so that what follows counts 0.

    Item 1 of the AUDIT-C answered "never" (LOINC 75626-2); the gate of the PC-PTSD-5
    answered "no" (VA National Center for PTSD).
    """
    if instrument.missing.kind is Missing.GATE:
        return any(i.role == "gate" and answers.get(i.key) == 0 for i in instrument.items)
    if instrument.missing.kind is not Missing.AUDIT_C_SKIP:
        return False
    return answers.get(instrument.scored_items[0].key) == 0


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
    if not given and not _skipped(instrument, answers):
        return TotalCheck.ONLY_CLAIMED
    if isinstance(scored, Score) and claimed == scored.total:
        return TotalCheck.AGREES
    low, high = _reach(instrument, answers)
    return TotalCheck.AGREES if low <= claimed <= high else TotalCheck.MISMATCH


def _reach(instrument: Instrument, answers: Answers) -> tuple[int, int]:
    """The lowest and the highest total that the missing items leave possible."""
    low = high = 0
    for item in instrument.scored_items:
        if item.key in answers:
            value = item.counts_for(answers[item.key])
            low, high = low + value, high + value
        elif not _skipped(instrument, answers) and item.key not in may_skip(instrument, answers):
            values = [item.counts_for(option.value) for option in item.options]
            low, high = low + min(values), high + max(values)
    return low * instrument.multiplier, high * instrument.multiplier
