"""A course in a few lines: first, best and last scores, what was done, the step, the plan."""

from datetime import date
from typing import Any

from app.domain.catalogue import INSTRUMENTS
from app.domain.episode import weeks_in_treatment
from app.domain.response import response_status
from app.domain.step import STEPS
from app.domain.words import number_words
from app.store import assessments, care, endings, step_care
from app.store.assessments import Assessment
from app.store.episodes import Episode
from app.store.transaction import Store
from app.use_cases.judging import course_of, once


async def course_summary(store: Store, episode: Episode, today: date) -> dict[str, Any]:
    """The course as it stands today, to be kept with the discharge."""
    episode_id = episode.episode_id
    records = await assessments.list_assessments(store, episode.patient_id)
    mine = once(
        [a for a in records if a.counts and a.episode_id == episode_id and a.effective_on <= today]
    )
    events = await care.list_treatment_events(store, episode_id)
    contacts = [c for c in await care.list_contacts(store, episode_id) if c.contact_on <= today]
    decisions = [
        d for d in await step_care.list_decisions(store, episode_id) if d.started_on <= today
    ]
    plans = await endings.list_plans(store, episode_id)
    return {
        "weeks": weeks_in_treatment(episode.enrolled_on, today),
        "scores": _scores(episode, mine),
        "treatments": [
            {"on": event.happened_on.isoformat(), "words": event.words}
            for event in events
            if event.kind != "status" and event.happened_on <= today
        ],
        "step": STEPS[decisions[-1].step].title if decisions else None,
        "plan": plans[0].version if plans else None,
        "contacts": sum(contact.reached for contact in contacts),
        "attempts": sum(not contact.reached for contact in contacts),
    }


def _scores(episode: Episode, counted: list[Assessment]) -> list[dict[str, str]]:
    rows = []
    for instrument_id in sorted({a.instrument_id for a in counted}, reverse=True):
        course, instrument = course_of(episode, instrument_id, counted), INSTRUMENTS[instrument_id]
        if course.first is None or course.best is None or course.latest is None:
            continue
        told = {"first": course.first, "best": course.best, "last": course.latest}
        row = {
            "title": instrument.short_title,
            "response": response_status(instrument, course).value,
        }
        for name, found in told.items():
            row |= {name: number_words(found.total), f"{name}_on": found.on.isoformat()}
        rows.append(row)
    return rows
