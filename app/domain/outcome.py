"""What came of a flag: a short coded list per kind, so that it can be counted; words besides."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.domain.flag import FlagKind
from app.errors import Problem, Unprocessable

OTHER = "other"
NO_LONGER_TRUE = "no-longer-true"
"""The registry closed it itself."""


class OutcomeMissing(Unprocessable):
    """Say what came of it."""

    code = "outcome-missing"


@dataclass(frozen=True, slots=True)
class OutcomeChoice:
    """One way in which a flag ends."""

    code: str
    title: str
    needs_words: bool = False
    needs_attempts: bool = False
    """Whether the number of attempts to reach the patient is asked for."""


_WORDS = OutcomeChoice(OTHER, "Something else (say what)", needs_words=True)
_SAFETY = (
    OutcomeChoice("spoke-safe", "Spoke with the patient: safe"),
    OutcomeChoice("safety-plan", "Spoke with the patient: safety plan made or renewed"),
    OutcomeChoice("same-day-visit", "Seen the same day by a clinician"),
    OutcomeChoice("emergency", "Sent to emergency care or crisis team"),
    OutcomeChoice(
        "not-reached", "Could not be reached (say what is done next)", True, needs_attempts=True
    ),
    OutcomeChoice("wrong-record", "Not this patient's answer (say whose)", needs_words=True),
    _WORDS,
)
_COURSE = (
    OutcomeChoice("treatment-changed", "Treatment was changed"),
    OutcomeChoice("consultant-asked", "The consultant was asked"),
    OutcomeChoice("stepped-up", "A higher level of care was arranged"),
    OutcomeChoice("patient-declined", "The patient declined a change"),
    OutcomeChoice("no-change", "No change is right now (say why)", needs_words=True),
    _WORDS,
)
_SCREEN = (
    OutcomeChoice("enrolled", "Enrolled or being enrolled"),
    OutcomeChoice("treated-elsewhere", "Is treated elsewhere"),
    OutcomeChoice("patient-declined", "The patient declined"),
    OutcomeChoice(
        "not-reached", "Could not be reached (say what is done next)", True, needs_attempts=True
    ),
    _WORDS,
)
_RECORD = (
    OutcomeChoice("asked-patient", "The patient was asked"),
    OutcomeChoice("corrected", "The record was corrected"),
    OutcomeChoice("ours-right", "The answers here are right"),
    OutcomeChoice("senders-right", "The sender's is right"),
    _WORDS,
)
_DUE = (
    OutcomeChoice("done", "Done"),
    OutcomeChoice("planned", "A day was agreed on"),
    OutcomeChoice("not-reached", "Could not be reached", needs_attempts=True),
    _WORDS,
)
_REMISSION = (
    OutcomeChoice("plan-made", "A relapse prevention plan was made"),
    OutcomeChoice("patient-declined", "The patient declined a plan"),
    _WORDS,
)
OUTCOMES: Mapping[FlagKind, tuple[OutcomeChoice, ...]] = MappingProxyType(
    {
        FlagKind.SAFETY: _SAFETY,
        FlagKind.NOT_RESPONDING: _COURSE,
        FlagKind.WORSENING: _COURSE,
        FlagKind.RELAPSE_RISK: _COURSE,
        FlagKind.NEW_POSITIVE_SCREEN: _SCREEN,
        FlagKind.ITEM_9_UNKNOWN: _RECORD,
        FlagKind.SCORE_MISMATCH: _RECORD,
        FlagKind.REMISSION_REACHED: _REMISSION,
    }
)
"""By kind; every other kind has the short list of what was due."""


def outcomes_of(kind: FlagKind) -> tuple[OutcomeChoice, ...]:
    return OUTCOMES.get(kind, _DUE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a flag ended: coded, with words and the number of attempts where they are asked for."""

    code: str
    words: str = ""
    attempts: int | None = None


def read_outcome(kind: FlagKind, code: str, words: str, attempts: int | None = None) -> Outcome:
    """A complete outcome; words alone are "something else". Raises OutcomeMissing."""
    words = words.strip()
    if not code and words:
        return Outcome(OTHER, words)
    choice = next((one for one in outcomes_of(kind) if one.code == code), None)
    problems = []
    if choice is None:
        problems.append(Problem("outcome", "choose one or say it in words"))
    elif choice.needs_words and not words:
        problems.append(Problem("words", f"are needed for: {choice.title}"))
    if choice and choice.needs_attempts and not 1 <= (attempts or 0) <= 99:
        problems.append(Problem("attempts", "how often was it tried? 1 to 99"))
    if problems:
        raise OutcomeMissing(problems=problems)
    return Outcome(code, words, attempts if choice and choice.needs_attempts else None)


def outcome_words(kind: FlagKind, outcome: Outcome) -> str:
    """An outcome as it reads in a sentence."""
    choice = next((one for one in outcomes_of(kind) if one.code == outcome.code), None)
    title = "" if choice is None or outcome.code == OTHER else choice.title.split(" (say")[0]
    tried = f" after {outcome.attempts} attempts" if outcome.attempts else ""
    return ": ".join(part for part in (title + tried, outcome.words) if part)
