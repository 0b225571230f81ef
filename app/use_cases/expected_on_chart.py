"""The expected recovery beside one patient's course: the band, the standing, the model."""

from collections.abc import Mapping
from datetime import date, timedelta

from app.domain.episode import EpisodeStatus, is_open
from app.domain.expected_recovery import RecoveryModel, can_expect, default_model
from app.domain.instrument import Instrument
from app.domain.recovery_standing import standing
from app.domain.response import is_case
from app.domain.trajectory import Trajectory
from app.store.episodes import Episode
from app.use_cases.patient_story import ExpectedRow, ExpectedSeries

LOOKED_AHEAD_WEEKS = 12
"""How far the band of an open episode is drawn ahead: to the outcome it speaks of."""


def expected_on_chart(
    models: Mapping[str, RecoveryModel],
    instrument: Instrument,
    course: Trajectory,
    episode: Episode,
    today: date,
) -> ExpectedSeries | None:
    """None where nothing can be expected: no such instrument, or no baseline of caseness.

    The published protocol is judged elsewhere and knows nothing of this.
    """
    if not can_expect(instrument):
        return None
    model = models.get(instrument.id) or default_model(instrument)
    baseline = course.baseline
    curve = model.curve_for(float(baseline.total)) if baseline else None
    if baseline is None or curve is None or not is_case(instrument, baseline.total):
        return None
    enrolled_on = episode.enrolled_on
    rows = [
        ExpectedRow(enrolled_on + timedelta(weeks=band.week), band.week, band.values)
        for band in curve.weeks
        if enrolled_on + timedelta(weeks=band.week) > baseline.on
    ]
    open_now = is_open(EpisodeStatus(episode.status))
    told = standing(model, instrument, course, enrolled_on, today) if open_now else None
    whose = "expected by a stated default for" if model.is_default else "of earlier"
    return ExpectedSeries(
        begins=(baseline.on, float(baseline.total)),
        rows=rows,
        drawn_until=enrolled_on + timedelta(weeks=LOOKED_AHEAD_WEEKS) if open_now else None,
        words=f"courses {whose} patients who began {curve.stratum.words}",
        verdict=told.verdict.value if told else "",
        title=told.title if told else "",
        reason=told.reason if told else "",
        basis_words=told.basis if told else "",
    )
