"""What a person makes of a suggested step: accept it, take another, or stay."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.step import STEPS, interim_step
from app.domain.step_care import StepFacts, Suggestion
from app.errors import Conflict, Problem, Unprocessable


class StaleSuggestion(Conflict):
    """The facts changed while you decided: nothing was saved. Look at what is suggested now."""

    code = "stale-suggestion"


class Choice(StrEnum):
    """What a person does with a suggestion."""

    ACCEPT = "accept"
    OTHER = "other"
    STAY = "stay"


@dataclass(frozen=True, slots=True)
class StepChoice:
    """A decision as it is made; `other` names the step where it is not the suggested one."""

    choice: Choice
    other: str = ""
    reason: str = ""
    interim_care: str = ""
    """What is done while the patient waits for a step that the clinic does not offer."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a decision comes to."""

    wanted: str
    """The step that the patient needs."""
    in_force: str
    """The step that the patient is in now: the wanted one, or the one until a referral is seen."""
    refer: bool


def settle(choice: StepChoice, suggestion: Suggestion, facts: StepFacts) -> Settled:
    """What the choice puts in force; raises Unprocessable with every reason why it cannot."""
    wanted, problems = _wanted(choice, suggestion, facts)
    if choice.choice is not Choice.ACCEPT and not choice.reason.strip():
        problems.append(Problem("reason", "say why the suggestion is not followed, or why to stay"))
    if problems or wanted is None:
        raise Unprocessable("The step was not decided.", problems)
    if wanted in facts.offered or wanted == facts.current or _seen_there(wanted, facts):
        return Settled(wanted, wanted, refer=False)
    return _while_waiting(wanted, choice, facts)


def _wanted(
    choice: StepChoice, suggestion: Suggestion, facts: StepFacts
) -> tuple[str | None, list[Problem]]:
    if choice.choice is Choice.ACCEPT:
        if suggestion.step is None:
            return None, [Problem("choice", "nothing is suggested that could be accepted")]
        return suggestion.step, []
    if choice.choice is Choice.STAY:
        if facts.current is None:
            return None, [Problem("choice", "there is no step yet to stay in: choose one")]
        return facts.current, []
    if choice.other not in STEPS:
        return None, [Problem("other", "choose a step from the list")]
    return choice.other, []


def _seen_there(wanted: str, facts: StepFacts) -> bool:
    out = facts.referral
    return out is not None and out.step == wanted and out.seen


def _while_waiting(wanted: str, choice: StepChoice, facts: StepFacts) -> Settled:
    meanwhile = interim_step(wanted, facts.current, facts.offered)
    problems = []
    if meanwhile is None:
        problems.append(Problem("other", "the clinic offers no step to wait in: choose one it has"))
    if not choice.interim_care.strip():
        problems.append(
            Problem("interim_care", "the clinic does not offer it: say what is done meanwhile")
        )
    if problems or meanwhile is None:
        raise Unprocessable("The step was not decided.", problems)
    return Settled(wanted, meanwhile.id, refer=True)


def step_words(before: str | None, settled: Settled) -> str:
    """A change of step as the time axis tells it."""
    wanted = STEPS[settled.wanted].title
    if settled.refer:
        return f"{wanted} needed; meanwhile {STEPS[settled.in_force].title.lower()}"
    return f"Step: {STEPS[before].title} → {wanted}" if before else f"Step: {wanted}"
