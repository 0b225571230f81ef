"""The shape of a treat-to-target protocol: its stages, its aim, what follows."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from app.domain import arithmetic
from app.domain.response import has_responded
from app.domain.trajectory import STALE_AFTER_DAYS


@dataclass(frozen=True, slots=True)
class Stage:
    """What counts as improved from a day on; any one of the three is enough."""

    after_days: int
    """Days since enrolment."""
    below: int | None = None
    """A total below this."""
    reduction: Decimal | None = None
    """This share of the baseline gone."""
    points: int | None = None
    """This many points below the baseline."""

    def is_met(self, baseline: Decimal, latest: Decimal) -> bool:
        return (
            (self.below is not None and latest < self.below)
            or (self.reduction is not None and has_responded(baseline, latest, self.reduction))
            or (self.points is not None and baseline - latest >= self.points)
        )

    @property
    def asks(self) -> str:
        """``below 10 or a fall of 50 %``."""
        asked = []
        if self.below is not None:
            asked.append(f"below {self.below}")
        if self.reduction is not None:
            asked.append(f"a fall of {int(self.reduction * 100)} %")
        if self.points is not None:
            asked.append(f"a fall of {self.points} points")
        return " or ".join(asked)

    @property
    def words(self) -> str:
        """``below 10 or a fall of 50 % from day 56 on``."""
        return f"{self.asks} from day {self.after_days} on"

    def sum_words(self, baseline: Decimal, latest: Decimal) -> str:
        """The sum on paper: ``20 − 50 % = 10; 11 is above 10 and not below 10``."""
        sums, found = [], []
        if self.reduction is not None:
            words, limit = arithmetic.left_of(baseline, self.reduction)
            sums.append(words)
            found.append(arithmetic.at_most(latest, limit))
        if self.points is not None:
            words, limit = arithmetic.minus(baseline, self.points)
            sums.append(words)
            found.append(arithmetic.at_most(latest, limit))
        if self.below is not None:
            found.append(arithmetic.under(latest, self.below))
        return arithmetic.compared(sums, latest, found)


@dataclass(frozen=True, slots=True)
class Protocol:
    """A definition of "not responding": a published one, or an organization's own."""

    id: str
    version: int
    title: str
    stages: tuple[Stage, ...]
    """In the order of their days; the latest one reached judges."""
    source: str
    baseline_at_least: int = 10
    then: str = "Psychiatric consultation or a change of treatment."
    stale_after_days: int = STALE_AFTER_DAYS
    confirmed: bool = True
    """Whether its numbers were read in the source named; else they are to be checked first."""

    aim_below: int | None = None
    """What the treatment aims at: a total below this."""
    aim_then: str = ""
    """What follows where the aim is reached."""
    meeting_every_days: int | None = None
    """How often the team decides together, counted from enrolment."""
    based_on: str = ""
    """The published protocol that an organization's own one was made from: ``bao-sowa v1``."""
    note: str = ""
    """Why the organization judges by numbers of its own."""

    @property
    def name(self) -> str:
        return f"{self.id} v{self.version}"

    @property
    def follows(self) -> str:
        """What comes of it, all in one line: for those who do not improve and those who do."""
        words = [self.then]
        if self.aim_then:
            words.append(f"Below {self.aim_below}: {self.aim_then}")
        if self.meeting_every_days:
            words.append(f"Decision meeting every {self.meeting_every_days // 7} weeks.")
        return " ".join(words)

    def stage_on(self, day: int) -> Stage | None:
        """The stage that judges on a day since enrolment; None before the first."""
        return next((s for s in reversed(self.stages) if s.after_days <= day), None)

    def stage_after(self, day: int) -> Stage | None:
        """The stage that comes next after a day since enrolment."""
        return next((s for s in self.stages if s.after_days > day), None)

    def next_meeting_on(self, enrolled_on: date, today: date) -> date | None:
        """The next decision meeting, today included."""
        if self.meeting_every_days is None:
            return None
        past = max(0, (today - enrolled_on).days - 1) // self.meeting_every_days
        return enrolled_on + timedelta(days=(past + 1) * self.meeting_every_days)

    def turning_days(self, enrolled_on: date, today: date) -> list[date]:
        """Days on which time alone changes what this protocol says of an episode."""
        days = [enrolled_on + timedelta(days=stage.after_days) for stage in self.stages]
        meeting = self.next_meeting_on(enrolled_on, today)
        return days if meeting is None else [*days, meeting + timedelta(days=1)]
