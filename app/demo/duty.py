"""Who is there in the demo: a roster with a gap, an absence, and safety flags at every stage."""

from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from app.domain.access import Role
from app.domain.actor import Actor, ActorKind
from app.domain.duty_roster import plan_shifts
from app.domain.words import day_words
from app.store import bulk, duty, flags, rosters
from app.store.caseload import CaseloadFilter, list_caseload
from app.store.flags import Flag
from app.store.transaction import Store
from app.use_cases.answer_flag import acknowledge_flag, close_flag
from app.use_cases.escalate_flags import escalate_flags

NIGHT = (time(17), time(8))
DAY_AND_NIGHT = (time(8), time(8))
Team = tuple[UUID, UUID, UUID]
"""Two care managers and the consultant."""


async def set_up_duty(store: Store, team: Team, zone: str, today: date) -> None:
    """The roster of the next weeks, with a gap and an absence that show."""
    maya, ben, lind = team
    await duty.save_reach(
        store,
        {
            "intake_id": maya,
            "safety_contact_name": "Riverside safety line",
            "safety_contact_email": "safety.line@demo.invalid",
        },
    )
    for offset in range(-1, 21):
        if offset == 9:
            continue  # a night that nobody took: the page warns of it
        day = today + timedelta(days=offset)
        who = (maya, ben, lind)[offset % 3]
        clock = DAY_AND_NIGHT if day.weekday() >= 5 else NIGHT
        spans = plan_shifts(str(who), (day, day), range(7), clock, zone)
        await duty.add_shifts(store, who, [(s.starts_at, s.ends_at) for s in spans])
    away = {"staff_id": ben, "cover_id": maya}
    away |= {"from_on": today + timedelta(days=4), "until_on": today + timedelta(days=8)}  # type: ignore[dict-item]
    await duty.add_absence(store, away)


async def tell_of_flags(store: Store, team: Team, zone: str, today: date) -> None:
    """Safety flags at every stage of their loop, and some that were answered long ago."""
    now, registry = store.now, store.actor
    found = await flags.list_open_flags(store, ["safety"])
    stages = (_told_and_waiting, _told_and_taken, _closed_yesterday, _just_opened)
    for number, flag in enumerate(found):
        store.now, store.actor = now, registry
        await stages[number % len(stages)](store, flag, team, zone, today)
    store.now, store.actor = now, registry
    await escalate_flags(store)
    await _past_flags(store, team)


async def _closed_yesterday(store: Store, flag: Flag, team: Team, zone: str, today: date) -> None:
    opened_at = store.now - timedelta(hours=26)
    await _climb(store, flag, opened_at, 2)
    store.now, store.actor = opened_at + timedelta(minutes=41), await _as(store, team[0], zone)
    await acknowledge_flag(store, flag.flag_id, today)
    store.now += timedelta(minutes=52)
    words = "with her sister on the phone; visit tomorrow"
    await close_flag(store, flag.flag_id, words, today, code="safety-plan")


async def _told_and_taken(store: Store, flag: Flag, team: Team, zone: str, today: date) -> None:
    opened_at = store.now - timedelta(minutes=95)
    await _climb(store, flag, opened_at, 3)
    store.now, store.actor = opened_at + timedelta(minutes=66), await _as(store, team[2], zone)
    await acknowledge_flag(store, flag.flag_id, today)


async def _told_and_waiting(store: Store, flag: Flag, team: Team, zone: str, today: date) -> None:
    await _climb(store, flag, store.now - timedelta(minutes=70), 3)


async def _just_opened(store: Store, flag: Flag, team: Team, zone: str, today: date) -> None:
    """It takes its first step with the others."""


async def _climb(store: Store, flag: Flag, opened_at: datetime, steps: int) -> None:
    """Let a flag have opened then, and nobody have answered for some steps."""
    until = store.now
    await bulk.backdate_flag(store, flag.flag_id, opened_at)
    for step in range(steps):
        store.now = min(until, opened_at + timedelta(minutes=30 * step, seconds=12))
        await escalate_flags(store)


async def _as(store: Store, staff_id: UUID, zone: str) -> Actor:
    names = await rosters.staff_names(store, {staff_id})
    roles = frozenset({Role.CARE_MANAGER, Role.PSYCHIATRIST})
    return Actor(store.org_id, ActorKind.STAFF, staff_id, names[staff_id], roles, zone)


async def _past_flags(store: Store, team: Team) -> None:
    """Flags of the last months that people answered: what the page of times measures."""
    dice, rows = Random(11), []
    cases, _ = await list_caseload(store, CaseloadFilter())
    for number, case in enumerate(cases):
        ago = timedelta(days=dice.randint(6, 80), hours=dice.randint(0, 9))
        opened_at = store.now - ago
        if opened_at.date() <= case.enrolled_on or number % 2:
            continue
        took = timedelta(hours=dice.choice((2, 5, 20, 26, 44, 70, 130)))
        kind, words, code = (
            ("contact-overdue", "A contact was due on", "done")
            if number % 3
            else ("review-overdue", "A case review was due on", "planned")
        )
        due_on = opened_at.date() - timedelta(days=4)
        rows.append(
            {
                "patient_id": case.patient_id,
                "episode_id": case.episode_id,
                "kind": kind,
                "subject": "",
                "content_digest": "",
                "words": f"{words} {day_words(due_on)}.",
                "evidence": {"due_on": due_on.isoformat()},
                "protocol": None,
                "owner_id": team[number % 2],
                "owner_as": "care-manager",
                "opened_at": opened_at,
                "asked_at": opened_at,
                "next_step_at": None,
                "due_at": opened_at + timedelta(days=3 if number % 3 else 7),
                "state": "closed",
                "acknowledged_at": opened_at + took / 3,
                "acknowledged_by_id": team[number % 2],
                "closed_at": opened_at + took,
                "closed_by_id": team[number % 2],
                "outcome": "Done" if code == "done" else "A day was agreed on",
                "outcome_code": code,
                "outcome_attempts": None,
            }
        )
    await flags.add_flags(store, rows)
