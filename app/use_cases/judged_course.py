"""What the protocol of an episode says of one course, for the chart of that instrument."""

from collections.abc import Sequence
from datetime import date

from app.domain.catalogue import INSTRUMENTS
from app.domain.condition import JUDGED_BY, Condition, judged_by
from app.domain.instrument import Instrument
from app.domain.protocol import Protocol, judge
from app.store.assessments import Assessment
from app.store.episodes import Episode
from app.use_cases.judging import course_of


def judged_words(
    protocol: Protocol,
    episode: Episode,
    instrument: Instrument,
    in_course: Sequence[Assessment],
    today: date,
) -> str:
    """The verdict in words; what does not judge this episode says so first.

    Empty for an instrument that judges no condition. A closed episode is judged as of the
    day it ended: time that went by since says nothing of it.
    """
    if instrument.id not in JUDGED_BY.values():
        return ""
    baselines = {}
    for judge_id in JUDGED_BY.values():
        course = course_of(episode, judge_id, in_course)
        if course.latest is not None:
            baselines[judge_id] = course.baseline.total if course.baseline else None
    judging, instead = judged_by(
        Condition(episode.condition), baselines, protocol.baseline_at_least
    )
    course = course_of(episode, instrument.id, in_course)
    until = min(episode.ended_on or today, today)
    told = judge(protocol, instrument, course, episode.enrolled_on, until).words
    if judging == instrument.id:
        return f"{told} {instead}".strip()
    return f"For comparison, since the {INSTRUMENTS[judging].short_title} judges here: {told}"
