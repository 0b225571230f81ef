"""A flag's loop as it is told: who was told and how, who did not answer, who has it, what came."""

from collections.abc import Sequence

from app.store.escalations import Escalation
from app.use_cases.patient_story import LoopRow

_STATES = {
    "sent": "told by e-mail",
    "waiting": "an e-mail is not sent yet",
    "failed": "the e-mail could not be delivered",
    "dropped": "answered before the e-mail was sent",
}


def tell_loop(steps: Sequence[Escalation]) -> list[LoopRow]:
    """Every step, the first first."""
    return [_row(steps, number) for number in range(len(steps))]


def _row(steps: Sequence[Escalation], number: int) -> LoopRow:
    step = steps[number]
    if step.rung == "taken":
        return LoopRow(step.at, f"{step.name} has it", False)
    if step.rung == "handed":
        return LoopRow(step.at, f"{step.name}: {step.why}", False)
    if not step.told:
        return LoopRow(step.at, f"Passed over: {step.why}", True)
    state = step.email_state or "waiting"
    words = f"{step.why}: {_STATES[state]}"
    if state in ("failed", "waiting") and step.email_problem:
        words += f" ({step.email_problem})"
    if _unanswered(steps, number):
        words += ", not answered"
    return LoopRow(step.at, words, state == "failed")


def _unanswered(steps: Sequence[Escalation], number: int) -> bool:
    """Whether somebody else was asked or took it after this person was told."""
    step = steps[number]
    acts = ("taken", "handed")
    later = [o for o in steps[number + 1 :] if o.at > step.at or o.rung in acts]
    return any(other.told or other.name != step.name for other in later)
