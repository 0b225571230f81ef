"""The life of an episode of collaborative care."""

from datetime import date
from enum import StrEnum

from app.errors import Conflict, Unprocessable


class EpisodeClosed(Conflict):
    """This episode is closed; enrol the patient again before recording more."""

    code = "episode-closed"


class TransitionNotAllowed(Unprocessable):
    """An episode cannot go from its status to that one."""

    code = "transition-not-allowed"


class EpisodeStatus(StrEnum):
    """Where an episode stands."""

    ENROLLED = "enrolled"
    ACTIVE = "active"
    RELAPSE_PREVENTION = "relapse-prevention"
    PAUSED = "paused"
    CLOSED = "closed"


_S = EpisodeStatus
TRANSITIONS: dict[EpisodeStatus, frozenset[EpisodeStatus]] = {
    _S.ENROLLED: frozenset({_S.ACTIVE, _S.PAUSED, _S.CLOSED}),
    _S.ACTIVE: frozenset({_S.RELAPSE_PREVENTION, _S.PAUSED, _S.CLOSED}),
    _S.RELAPSE_PREVENTION: frozenset({_S.ACTIVE, _S.PAUSED, _S.CLOSED}),
    _S.PAUSED: frozenset({_S.ACTIVE, _S.RELAPSE_PREVENTION, _S.CLOSED}),
    _S.CLOSED: frozenset(),
}
"""From which status to which an episode may go; a closed one stays closed, and a new one begins."""


def transition(current: EpisodeStatus, wanted: EpisodeStatus) -> EpisodeStatus:
    """The wanted status; raises EpisodeClosed or TransitionNotAllowed."""
    if current is EpisodeStatus.CLOSED:
        raise EpisodeClosed()
    if wanted is not current and wanted not in TRANSITIONS[current]:
        raise TransitionNotAllowed(
            f"An episode that is {current.value} cannot become {wanted.value}."
        )
    return wanted


def is_open(status: EpisodeStatus) -> bool:
    return status is not EpisodeStatus.CLOSED


def weeks_in_treatment(enrolled_on: date, today: date) -> int:
    """Completed weeks since enrolment; week 0 is the week of enrolment."""
    return max(0, (today - enrolled_on).days // 7)
