"""Judge a patient anew: summaries, findings, flags and the place on the caseload.

A pure decision over all the facts, run wherever a fact changed and by the sweep
where only time went by; running it twice changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.caseload import OpenMatter, place
from app.domain.catalogue import INSTRUMENTS
from app.domain.episode import EpisodeStatus, is_open
from app.domain.evaluate import (
    AssessmentFact,
    EpisodeFacts,
    evaluate_episode,
    evaluate_unenrolled,
    next_evaluation_on,
)
from app.domain.flag import FLAG_POLICY, Finding, FlagKind, OpenFlag, reconcile
from app.domain.protocol import Protocol
from app.domain.response import response_status
from app.domain.rhythm import (
    Rhythm,
    next_assessment_due,
    next_contact_due,
    next_review_due,
)
from app.domain.safety import ItemNine
from app.domain.score import TotalCheck
from app.domain.severity import severity
from app.domain.trajectory import BASELINE_DAYS_BEFORE, Measurement, Trajectory, trajectory
from app.store import assessments, care, episodes, flags, patients, protocols
from app.store.assessments import Assessment
from app.store.episodes import Episode, Summary
from app.store.flags import Flag
from app.store.patients import Patient
from app.store.transaction import Store

RHYTHM = Rhythm()


@dataclass(frozen=True, slots=True)
class Judged:
    """What an evaluation looks at, loaded once."""

    patient: Patient
    counted: tuple[Assessment, ...]
    episode: Episode | None
    today: date


async def reevaluate_patient(store: Store, patient_id: UUID, today: date) -> None:
    """Bring everything derived from a patient's facts up to date."""
    patient = await patients.get_patient(store, patient_id)
    every = await assessments.list_assessments(store, patient_id)
    counted = once([a for a in every if a.counts])
    courses = await episodes.list_episodes(store, patient_id)
    for episode in courses:
        await _summarize(store, episode, [a for a in counted if _home(courses, a) is episode])
    await _assign(store, courses, counted)
    current = next((e for e in courses if is_open(EpisodeStatus(e.status))), None)
    mine = [a for a in counted if current is None or _home(courses, a) is current]
    await _judge(store, Judged(patient, tuple(mine), current, today))


def once(counted: Sequence[Assessment]) -> list[Assessment]:
    """Each measurement once, where two senders told of the same; the first one recorded stands."""
    seen: dict[tuple[object, ...], Assessment] = {}
    for a in sorted(counted, key=lambda a: (a.received_at, a.assessment_id)):
        answers = tuple(sorted(a.answers.items()))
        seen.setdefault((a.instrument_id, a.effective_at, answers or a.total), a)
    return sorted(seen.values(), key=lambda a: (a.effective_at, a.assessment_id))


def _home(courses: Sequence[Episode], assessment: Assessment) -> Episode | None:
    """The episode that an assessment's date falls into, the newest first."""
    before = timedelta(days=BASELINE_DAYS_BEFORE)
    for episode in courses:
        last = episode.ended_on or date.max
        if episode.enrolled_on - before <= assessment.effective_on <= last:
            return episode
    return None


async def _assign(store: Store, courses: Sequence[Episode], counted: Sequence[Assessment]) -> None:
    for episode in courses:
        moved = [
            a.assessment_id
            for a in counted
            if _home(courses, a) is episode and a.episode_id != episode.episode_id
        ]
        if moved:
            await assessments.assign_episode(store, moved, episode.episode_id)


def course_of(episode: Episode, instrument_id: str, counted: Sequence[Assessment]) -> Trajectory:
    """The trajectory of one instrument in one episode."""
    return trajectory(
        [
            Measurement(str(a.assessment_id), a.total, a.effective_on, a.effective_at, a.prorated)
            for a in counted
            if a.instrument_id == instrument_id and a.total is not None
        ],
        episode.enrolled_on,
    )


async def _summarize(store: Store, episode: Episode, counted: Sequence[Assessment]) -> None:
    summaries = []
    for instrument_id in sorted({a.instrument_id for a in counted}):
        course = course_of(episode, instrument_id, counted)
        if course.latest is None:
            continue
        instrument = INSTRUMENTS[instrument_id]
        level = severity(instrument, course.latest.total)
        response = response_status(instrument, course)
        summaries.append(Summary(instrument_id, course, level.label, level.level, response.value))
    await episodes.save_summaries(store, episode.episode_id, summaries)


async def _judge(store: Store, judged: Judged) -> None:
    held = await flags.list_flags(store, judged.patient.patient_id)
    if judged.episode is None:
        found = evaluate_unenrolled(_facts_of(judged.counted), judged.patient.sex, judged.today)
        await _reconcile(store, judged, found, held, None)
        return
    protocol = await protocols.get_protocol(
        store, judged.episode.protocol_id, judged.episode.protocol_version
    )
    facts = await _episode_facts(store, judged, judged.episode, protocol)
    found = evaluate_episode(facts, judged.today)
    still_open = await _reconcile(store, judged, found, held, protocol)
    await _place(store, judged.episode, facts, still_open, judged.today)


async def _episode_facts(
    store: Store, judged: Judged, episode: Episode, protocol: Protocol
) -> EpisodeFacts:
    return EpisodeFacts(
        status=EpisodeStatus(episode.status),
        enrolled_on=episode.enrolled_on,
        assessments=_facts_of(judged.counted),
        last_contact_on=await care.last_contact_reached_on(store, episode.episode_id),
        last_review_on=episode.last_review_on,
        next_contact_on=episode.next_contact_on,
        protocol=protocol,
        rhythm=RHYTHM,
    )


def _facts_of(counted: Sequence[Assessment]) -> tuple[AssessmentFact, ...]:
    return tuple(
        AssessmentFact(
            assessment_id=str(a.assessment_id),
            instrument_id=a.instrument_id,
            total=a.total,
            at=a.effective_at,
            on=a.effective_on,
            item_nine=ItemNine(a.item_nine),
            item_nine_value=a.item_nine_value,
            check=TotalCheck(a.total_check),
            claimed_total=a.claimed_total,
            prorated=a.prorated,
        )
        for a in counted
    )


async def _reconcile(
    store: Store,
    judged: Judged,
    found: Sequence[Finding],
    held: Sequence[Flag],
    protocol: Protocol | None,
) -> list[OpenMatter]:
    """Open what is newly found, close what is over, reword what changed; what is open then."""
    digests = {str(a.assessment_id): a.content_digest for a in judged.counted}
    open_now = [flag for flag in held if flag.state != "closed"]
    settled = frozenset(
        (FlagKind(flag.kind), flag.subject)
        for flag in held
        if flag.state == "closed"
        and flag.closed_by_id is not None
        and flag.subject
        and flag.content_digest == digests.get(flag.subject, "")
    )
    changes = reconcile(
        tuple(OpenFlag(str(f.flag_id), FlagKind(f.kind), f.subject) for f in open_now),
        tuple(found),
        settled,
    )
    rows = [_flag_row(store, judged, finding, digests, protocol) for finding in changes.to_open]
    await flags.add_flags(store, rows)
    closing = {flag.flag_id for flag in changes.to_close}
    for flag in open_now:
        if str(flag.flag_id) in closing:
            outcome = {"state": "closed", "closed_at": store.now, "outcome": "no longer true"}
            await flags.change_flag(store, flag, outcome)
    kept = [flag for flag in open_now if str(flag.flag_id) not in closing]
    await _reword(store, judged, found, kept, digests)
    said = {(finding.kind.value, finding.subject): finding.words for finding in found}
    matters = [
        _matter(
            flag.kind,
            said.get((flag.kind, flag.subject), flag.words),
            flag.opened_at,
            flag.due_at,
            "open" if _asks_again(flag, digests) else flag.state,
            store,
        )
        for flag in kept
    ]
    return matters + [
        _matter(row["kind"], row["words"], store.now, row["due_at"], "open", store) for row in rows
    ]


def _asks_again(flag: Flag, digests: dict[str, str]) -> bool:
    """Whether a safety flag's answers were corrected since somebody took it on."""
    digest = digests.get(flag.subject, flag.content_digest)
    return flag.kind == FlagKind.SAFETY.value and digest != flag.content_digest


def _matter(
    kind: str, words: str, opened_at: datetime, due_at: datetime, state: str, store: Store
) -> OpenMatter:
    zone = ZoneInfo(store.actor.time_zone)
    return OpenMatter(
        FlagKind(kind),
        words,
        opened_at.astimezone(zone).date(),
        due_at.astimezone(zone).date(),
        state == "acknowledged",
    )


def _flag_row(
    store: Store,
    judged: Judged,
    finding: Finding,
    digests: dict[str, str],
    protocol: Protocol | None,
) -> dict[str, Any]:
    due_on = judged.today + timedelta(days=FLAG_POLICY[finding.kind].due_in_days)
    episode = judged.episode
    named = protocol is not None and "protocol" in finding.evidence
    return {
        "patient_id": judged.patient.patient_id,
        "episode_id": episode.episode_id if episode else None,
        "kind": finding.kind.value,
        "subject": finding.subject,
        "content_digest": digests.get(finding.subject, ""),
        "words": finding.words,
        "evidence": dict(finding.evidence),
        "protocol": f"{protocol.id} v{protocol.version}" if named and protocol else None,
        "owner_id": episode.care_manager_id if episode else None,
        "due_at": datetime.combine(due_on, time(23, 59, 59), ZoneInfo(store.actor.time_zone)),
    }


async def _reword(
    store: Store,
    judged: Judged,
    found: Sequence[Finding],
    kept: Sequence[Flag],
    digests: dict[str, str],
) -> None:
    """An open flag tells of the facts as they are now; changed answers ask a person again."""
    said = {(finding.kind.value, finding.subject): finding for finding in found}
    for flag in kept:
        finding = said.get((flag.kind, flag.subject))
        digest = digests.get(flag.subject, flag.content_digest)
        moved = judged.episode is not None and flag.episode_id != judged.episode.episode_id
        if moved and judged.episode:
            await flags.move_flags(store, [flag.flag_id], judged.episode.episode_id)
        if finding is None or (finding.words == flag.words and digest == flag.content_digest):
            continue
        values: dict[str, object] = {
            "words": finding.words,
            "evidence": dict(finding.evidence),
            "content_digest": digest,
        }
        if _asks_again(flag, digests):
            values |= {"state": "open", "acknowledged_at": None, "acknowledged_by_id": None}
        await flags.change_flag(store, flag, values)


async def _place(
    store: Store,
    episode: Episode,
    facts: EpisodeFacts,
    matters: Sequence[OpenMatter],
    today: date,
) -> None:
    latest = max((a.on for a in facts.assessments), default=None)
    contact_on = next_contact_due(facts.status, episode.enrolled_on, facts.last_contact_on, RHYTHM)
    values: dict[str, Any] = {
        "last_contact_on": facts.last_contact_on,
        "next_assessment_on": next_assessment_due(
            facts.status, episode.enrolled_on, latest, RHYTHM
        ),
        "next_review_on": next_review_due(
            facts.status, episode.enrolled_on, facts.last_review_on, RHYTHM
        ),
        "next_evaluation_on": _after(today, next_evaluation_on(facts, today)),
    }
    due_on = episode.next_contact_on or contact_on
    found = place(tuple(matters), due_on, today)
    values |= {
        "urgency": found.rank,
        "urgency_reason": found.reason,
        "urgent_since": min((m.opened_on for m in matters), default=due_on),
    }
    await episodes.save_evaluation(store, episode.episode_id, values)


def _after(today: date, day: date | None) -> date | None:
    """Never the same day again: a sweep must come to an end."""
    return None if day is None else max(day, today + timedelta(days=1))
