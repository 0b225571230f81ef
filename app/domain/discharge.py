"""Why an episode ends, and what must be settled or handed over before it does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.domain.rule import Rule
from app.errors import Problem, Unprocessable

LOST_AFTER_ATTEMPTS = 3
"""Attempts since the patient was last reached that "lost to follow-up" presupposes (ours)."""


class Outcome(StrEnum):
    """Why an episode ends."""

    GOALS_MET = "goals-met"
    PREVENTION_COMPLETED = "prevention-completed"
    REFERRED_ON = "referred-on"
    MOVED = "moved"
    DECLINED = "declined"
    LOST = "lost"
    DIED = "died"
    OTHER = "other"


OUTCOMES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.GOALS_MET: "Goals met",
        Outcome.PREVENTION_COMPLETED: "Relapse prevention completed",
        Outcome.REFERRED_ON: "Referred on",
        Outcome.MOVED: "Moved away",
        Outcome.DECLINED: "Declined further care",
        Outcome.LOST: "Lost to follow-up",
        Outcome.DIED: "Died",
        Outcome.OTHER: "Other",
    }
)


class LoopKind(StrEnum):
    """What is still open when an episode ends."""

    SAFETY = "safety"
    REFERRAL = "referral"
    RECOMMENDATION = "recommendation"


class Became(StrEnum):
    """What becomes of an open loop."""

    CLOSED = "closed"
    HANDED_OVER = "handed-over"


@dataclass(frozen=True, slots=True)
class OpenLoop:
    """Something that waits for a person."""

    id: str
    kind: LoopKind
    words: str


MAY_BECOME: Mapping[LoopKind, tuple[Became, ...]] = MappingProxyType(
    {
        LoopKind.SAFETY: (Became.CLOSED, Became.HANDED_OVER),
        LoopKind.REFERRAL: (Became.HANDED_OVER, Became.CLOSED),
        LoopKind.RECOMMENDATION: (Became.CLOSED,),
    }
)
"""What may become of each kind; nothing open is left behind in silence."""


@dataclass(frozen=True, slots=True)
class LoopAnswer:
    """What a person says becomes of a loop; `owner` is who has it from now on."""

    became: str
    words: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What of the episode a discharge is checked against."""

    in_relapse_prevention: bool
    attempts: int
    """Contacts tried since the patient was last reached."""
    referred: bool
    """Whether there is a referral, open or closed."""
    loops: tuple[OpenLoop, ...]


def check_discharge(
    outcome: str, words: str, answers: Mapping[str, LoopAnswer], standing: Standing
) -> Outcome:
    """The outcome; raises Unprocessable with everything that keeps the episode from ending."""
    problems = [
        *_outcome_problems(outcome, words, standing),
        *_loop_problems(standing.loops, answers),
    ]
    if problems:
        raise Unprocessable("The episode was not ended.", problems)
    return Outcome(outcome)


def _outcome_problems(outcome: str, words: str, standing: Standing) -> list[Problem]:
    if outcome not in list(Outcome):
        return [Problem("outcome", "say why the episode ends")]
    lacking = {
        Outcome.PREVENTION_COMPLETED: (
            standing.in_relapse_prevention,
            "the episode is not in relapse prevention",
        ),
        Outcome.REFERRED_ON: (standing.referred, "there is no referral: open it first"),
        Outcome.LOST: (
            standing.attempts >= LOST_AFTER_ATTEMPTS,
            f"{standing.attempts} attempts are documented since the patient was last reached; "
            f"{LOST_AFTER_ATTEMPTS} are asked for",
        ),
    }
    met, why = lacking.get(Outcome(outcome), (True, ""))
    problems = [] if met else [Problem("outcome", why)]
    if outcome == Outcome.OTHER and not words.strip():
        problems.append(Problem("words", "say why in words"))
    return problems


def _loop_problems(loops: Sequence[OpenLoop], answers: Mapping[str, LoopAnswer]) -> list[Problem]:
    problems = []
    for loop in loops:
        answer = answers.get(loop.id)
        if answer is None or answer.became not in MAY_BECOME[loop.kind]:
            problems.append(Problem(loop.kind.value, f"say what becomes of it: {loop.words}"))
        elif answer.became == Became.CLOSED and not answer.words.strip():
            problems.append(Problem(loop.kind.value, f"say what came of it: {loop.words}"))
        elif answer.became == Became.HANDED_OVER and not answer.owner:
            problems.append(Problem(loop.kind.value, f"name who has it now: {loop.words}"))
    return problems


RULES = (
    Rule(
        "discharge-open-loops",
        "Relapse prevention and discharge",
        "An episode ends only when every open safety flag and referral is closed with words or "
        "handed to somebody by name, and every open recommendation is answered.",
        "ours",
        "tests/rules/test_discharge.py::test_nothing_open_is_left_behind",
        confirmed=False,
    ),
    Rule(
        "re-entry",
        "Relapse prevention and discharge",
        "Who comes back begins a new episode that names the earlier one: baseline, step and plan "
        "begin anew, and no score counts in two courses.",
        "ours",
        "tests/web/test_endings.py::test_who_comes_back_begins_anew_with_the_earlier_course_in_view",
        confirmed=False,
    ),
    Rule(
        "lost-to-follow-up",
        "Relapse prevention and discharge",
        f'"Lost to follow-up" presupposes {LOST_AFTER_ATTEMPTS} documented attempts since the '
        "patient was last reached.",
        "ours: configurable",
        "tests/rules/test_discharge.py::test_what_an_outcome_presupposes",
        confirmed=False,
    ),
)
