"""Two-stage screening: a positive short screen asks for the longer form.

A pure function of what was scored and of today; in what order it arrived never matters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from app.domain.catalogue import INSTRUMENTS
from app.domain.flag import Finding, FlagKind
from app.domain.rule import Rule
from app.domain.severity import Screen, cutoff_for, screen
from app.domain.words import day_words, number_words

OVERDUE_AFTER_DAYS = 7
"""How long after the positive screen the longer form is overdue (ours: configurable)."""
COUNTS_FOR_DAYS = 365
"""How long a positive screen asks for the longer form: then a new screen is due (ours)."""


class Scored(Protocol):
    """What is looked at of an assessment that counts."""

    @property
    def assessment_id(self) -> str: ...
    @property
    def instrument_id(self) -> str: ...
    @property
    def total(self) -> Decimal | None: ...
    @property
    def at(self) -> datetime: ...
    @property
    def on(self) -> date: ...


@dataclass(frozen=True, slots=True)
class SecondStage:
    """One row of the table: which short screen asks for which form."""

    first: str
    asks_for: str
    also_answered_by: tuple[str, ...]
    before_days: int
    """How long before the screen the longer form may lie and still answer it (ours)."""
    source: str
    confirmed: bool

    def is_answered_by(self, screened_on: date, instrument_id: str, on: date) -> bool:
        """Whether this form, scored on that day, answers a positive screen of that day.

        Any later day does, the same day does, and so do a few days before.
        """
        asked = (self.asks_for, *self.also_answered_by)
        return instrument_id in asked and on >= screened_on - timedelta(days=self.before_days)


SECOND_STAGES: tuple[SecondStage, ...] = (
    SecondStage("phq-2", "phq-9", ("phq-a",), 14, "instruments.yaml: administer full PHQ-9", True),
    SecondStage("gad-2", "gad-7", (), 14, "convention: no source read", False),
    SecondStage("audit-c", "audit", (), 30, "convention: no source read", False),
    SecondStage("sasq", "audit", (), 30, "convention: no source read", False),
    SecondStage("sisq", "dast-10", (), 30, "instruments.yaml: Smith 2010, then DAST-10", True),
)
"""Which positive screen asks for what. The PHQ-8 does not answer a PHQ-2: it leaves item 9 out."""

FIRST_STAGES = {stage.first: stage for stage in SECOND_STAGES}


@dataclass(frozen=True, slots=True)
class Owed:
    """A form that a positive screen asks for and that nobody has filled in yet."""

    stage: SecondStage
    screened: Scored
    """The newest positive screen that nothing answers."""
    since: date
    """The day of the oldest one that nothing answers."""
    cut_off: int
    whom: str
    """For whom the cut-off is: ``''`` where it is the same for all."""

    @property
    def due_on(self) -> date:
        return self.since + timedelta(days=OVERDUE_AFTER_DAYS)

    @property
    def lapses_on(self) -> date:
        """The first day on which time alone changes what is owed."""
        return self.since + timedelta(days=COUNTS_FOR_DAYS + 1)

    @property
    def words(self) -> str:
        short, asked = INSTRUMENTS[self.stage.first], INSTRUMENTS[self.stage.asks_for]
        total = number_words(self.screened.total or Decimal(0))
        cut_off = f"cut-off {self.cut_off}{self.whom}"
        return (
            f"{short.short_title} {total} on {day_words(self.screened.on)} is positive "
            f"({cut_off}): the {asked.short_title} is owed since {day_words(self.since)} and due "
            f"by {day_words(self.due_on)}."
        )


def owed_second_stages(facts: Iterable[Scored], sex: str, today: date) -> tuple[Owed, ...]:
    """What is owed, each form once however many screens ask for it."""
    known = sorted(
        (fact for fact in facts if fact.total is not None), key=lambda f: (f.at, f.assessment_id)
    )
    waiting: dict[str, list[Scored]] = {}
    for fact in known:
        if _asks(fact, sex, today) and not is_answered(fact, known):
            waiting.setdefault(FIRST_STAGES[fact.instrument_id].asks_for, []).append(fact)
    return tuple(_owed(screens, sex) for _, screens in sorted(waiting.items()))


def _asks(fact: Scored, sex: str, today: date) -> bool:
    recent = (today - fact.on).days <= COUNTS_FOR_DAYS
    return fact.instrument_id in FIRST_STAGES and recent and is_positive(fact, sex)


def is_positive(fact: Scored, sex: str) -> bool:
    """Whether a scored screen is positive for a person of this sex."""
    instrument = INSTRUMENTS[fact.instrument_id]
    return fact.total is not None and screen(instrument, fact.total, sex) is Screen.POSITIVE


def is_answered(fact: Scored, known: Iterable[Scored]) -> bool:
    """Whether the form that a first stage asks for was scored; one without a total is not it."""
    stage = FIRST_STAGES[fact.instrument_id]
    return any(
        other.total is not None and stage.is_answered_by(fact.on, other.instrument_id, other.on)
        for other in known
    )


def _owed(screens: Sequence[Scored], sex: str) -> Owed:
    newest = screens[-1]
    stage = FIRST_STAGES[newest.instrument_id]
    cut_off = cutoff_for(INSTRUMENTS[stage.first], sex)
    assert cut_off is not None  # without one nothing is a positive screen
    since = min(fact.on for fact in screens)
    return Owed(stage, newest, since, cut_off, _whom(stage.first, sex))


def _whom(instrument_id: str, sex: str) -> str:
    """For whom a sex-specific cut-off is, said openly where sex is not recorded."""
    sexes = {cutoff.sex for cutoff in INSTRUMENTS[instrument_id].cutoffs}
    if "any" in sexes:
        return ""
    told = {"female": " for women", "male": " for men", "other": ", the lower one: sex is other"}
    other = f"; for a man it would be {cutoff_for(INSTRUMENTS[instrument_id], 'male')}"
    return told.get(sex, ", the lower one: sex is not recorded") + (
        "" if sex in ("female", "male") else other
    )


def second_stage_findings(facts: Iterable[Scored], sex: str, today: date) -> list[Finding]:
    """What is owed as findings, one for each form, about the newest screen that asks for it."""
    return [
        Finding(FlagKind.SECOND_STAGE_OWED, one.words, _evidence(one), one.screened.assessment_id)
        for one in owed_second_stages(facts, sex, today)
    ]


def _evidence(owed: Owed) -> dict[str, str | int]:
    return {
        "screen": owed.stage.first,
        "total": number_words(owed.screened.total or Decimal(0)),
        "cut_off": owed.cut_off,
        "on": owed.screened.on.isoformat(),
        "owed": owed.stage.asks_for,
        "since": owed.since.isoformat(),
        "due_on": owed.due_on.isoformat(),
    }


def _stage_rule(stage: SecondStage) -> Rule:
    return Rule(
        f"second-stage-{stage.first}",
        "Two-stage screening",
        f"A positive {stage.first.upper()} asks for the {stage.asks_for.upper()}"
        + "".join(f" (the {name.upper()} answers it too)" for name in stage.also_answered_by)
        + f"; scored on the same day, later, or up to {stage.before_days} days before, it is done.",
        stage.source,
        "tests/rules/test_second_stage.py::test_which_screen_asks_for_what",
        stage.confirmed,
    )


RULES = (
    *map(_stage_rule, SECOND_STAGES),
    Rule(
        "second-stage-overdue",
        "Two-stage screening",
        f"A second stage is overdue {OVERDUE_AFTER_DAYS} days after its positive screen, and is "
        f"asked for until {COUNTS_FOR_DAYS} days have passed.",
        "ours: configurable",
        "tests/rules/test_second_stage.py::test_from_when_to_when_it_is_owed",
        confirmed=False,
    ),
    Rule(
        "second-stage-newer-negative",
        "Two-stage screening",
        "A later negative screen does not take back what an earlier positive one asks for; the "
        "longer form, a correction, or a person who closes the flag does.",
        "ours",
        "tests/rules/test_second_stage.py::test_from_when_to_when_it_is_owed",
        confirmed=False,
    ),
)
