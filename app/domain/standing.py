"""Where an episode stands, as far as a protocol needs to know: the short form of its courses.

What a preview judges ten thousand episodes by; the verdict is the one that judging all
the facts gives (held by tests/use_cases/test_preview.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.condition import Condition, judged_by
from app.domain.episode import EpisodeStatus
from app.domain.protocol import Protocol, Verdict, decide

_RESTING = (EpisodeStatus.PAUSED, EpisodeStatus.CLOSED)


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of a course on one instrument."""

    baseline: Decimal | None
    latest: Decimal
    latest_on: date


@dataclass(frozen=True, slots=True)
class Standing:
    """An episode of care with the ends of its courses, by instrument."""

    condition: Condition
    status: EpisodeStatus
    enrolled_on: date
    courses: Mapping[str, Ends]


def is_not_responding(protocol: Protocol, standing: Standing, today: date) -> bool:
    """Whether this protocol flags the episode as not responding today."""
    if standing.status in _RESTING:
        return False
    baselines = {name: ends.baseline for name, ends in standing.courses.items()}
    judging, _ = judged_by(standing.condition, baselines, protocol.baseline_at_least)
    ends = standing.courses.get(judging)
    if ends is None:
        return False
    verdict = decide(
        protocol, ends.baseline, ends.latest, ends.latest_on, standing.enrolled_on, today
    )
    return verdict is Verdict.NOT_RESPONDING
