"""Judge a patient: summaries, findings, flags and the place on the caseload.

A pure decision over all the facts; nothing is read or written here. Judging twice
decides nothing new.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.caseload import OpenMatter, place
from app.domain.catalogue import INSTRUMENTS
from app.domain.condition import Condition
from app.domain.episode import EpisodeStatus, is_open
from app.domain.evaluate import (
    AssessmentFact,
    EpisodeFacts,
    evaluate_episode,
    evaluate_unenrolled,
    next_evaluation_on,
)
from app.domain.flag import Finding, FlagKind, OpenFlag, reconcile
from app.domain.handling import DEFAULTS, Handlings, first_step_at
from app.domain.instrument import Instrument
from app.domain.outcome import NO_LONGER_TRUE
from app.domain.protocol import Protocol
from app.domain.referral import OpenReferral, ReferralState, overdue_referrals
from app.domain.response import response_status
from app.domain.rhythm import (
    Rhythm,
    next_assessment_due,
    next_contact_due,
    next_review_due,
)
from app.domain.safety import ItemNine
from app.domain.score import TotalCheck
from app.domain.severity import Severity, severity
from app.domain.step import STEPS
from app.domain.trajectory import BASELINE_DAYS_BEFORE, Measurement, Trajectory, trajectory
from app.store.assessments import Assessment
from app.store.endings import StoredPlan
from app.store.episodes import Episode, Summary
from app.store.flags import Flag
from app.store.patients import Patient
from app.store.referrals import Referral

RHYTHM = Rhythm()
WITHDRAWN = (
    "The answer that asked for help was corrected or marked as entered in error: "
    "make sure whose it was, then close this flag."
)
"""A safety flag never goes away by itself: a person answers it (ours)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a judgement of one patient looks at."""

    patient: Patient
    assessments: Sequence[Assessment]
    episodes: Sequence[Episode]
    """The newest first."""
    flags: Sequence[Flag]
    """Closed ones too."""
    reached_on: Mapping[UUID, date]
    """The day the patient was last reached, per episode; an attempt is not a contact."""
    protocol: Protocol | None
    """The one that the open episode is judged by."""
    handlings: Handlings = field(default_factory=lambda: DEFAULTS)
    intake_id: UUID | None = None
    """Who owns what nobody else owns."""
    plans: Mapping[UUID, StoredPlan] = field(default_factory=dict)
    """The plan against relapse in force, per episode."""
    referrals: Sequence[Referral] = ()
    """The open ones, of any episode."""
    program_id: UUID | None = None
    """The Part 2 program that judges, beside the judgement that everybody may see."""
    owners: frozenset[UUID] | None = None
    """Who alone may own a flag of this judgement; None: anybody."""
    told: frozenset[tuple[str, str]] = frozenset()
    """What another judgement tells of already, as (kind, subject)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When, where and by whose clock a judgement is made."""

    today: date
    now: datetime
    time_zone: str

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(ZoneInfo(self.time_zone)).date()


@dataclass(slots=True)
class Decision:
    """What is to be written, and nothing that stays as it was."""

    summaries: dict[UUID, list[Summary]] = field(default_factory=dict)
    homes: dict[UUID, UUID] = field(default_factory=dict)
    """Assessment to the episode it belongs to, where that changed."""
    opened: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[Flag, dict[str, Any]]] = field(default_factory=list)
    moved: dict[UUID, UUID] = field(default_factory=dict)
    """Flag to the episode that it now belongs to."""
    found: frozenset[tuple[str, str]] = frozenset()
    """What was found, as (kind, subject), opened anew or not."""
    places: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    """Episode to the values that its evaluation gave it."""
    referral_days: dict[UUID, date | None] = field(default_factory=dict)
    """Referral to the day on which time alone can next change what is found of it."""


def judge_patient(facts: Facts, moment: Moment) -> Decision:
    """What the facts of one patient ask to be written."""
    decision = Decision()
    counted = once([a for a in facts.assessments if a.counts])
    for episode in facts.episodes:
        own = [a for a in counted if _home(facts.episodes, a) is episode]
        decision.summaries[episode.episode_id] = _summaries(episode, own)
        decision.homes |= {
            a.assessment_id: episode.episode_id for a in own if a.episode_id != episode.episode_id
        }
    current = open_episode(facts.episodes)
    mine = [a for a in counted if current is None or _home(facts.episodes, a) is current]
    _Judgement(facts, moment, decision, mine, current, counted).run()
    return decision


def open_episode(episodes: Sequence[Episode]) -> Episode | None:
    """The episode that is not closed; a patient has one at most."""
    return next((e for e in episodes if is_open(EpisodeStatus(e.status))), None)


def once(counted: Sequence[Assessment]) -> list[Assessment]:
    """Each measurement once, where two senders told of the same; the first one recorded stands."""
    seen = {a.assessment_id: a for a in counted}
    for twin in twins(counted):
        del seen[twin]
    return sorted(seen.values(), key=lambda a: (a.effective_at, a.assessment_id))


def twins(counted: Sequence[Assessment]) -> dict[UUID, UUID]:
    """Assessments that tell of a measurement again, each with the one that stands for it."""
    first: dict[tuple[object, ...], UUID] = {}
    again: dict[UUID, UUID] = {}
    for a in sorted(counted, key=lambda a: (a.received_at, a.assessment_id)):
        answers = tuple(sorted(a.answers.items()))
        stands = first.setdefault(
            (a.instrument_id, a.effective_at, answers or a.total), a.assessment_id
        )
        if stands != a.assessment_id:
            again[a.assessment_id] = stands
    return again


def facts_in_care(facts: Facts) -> EpisodeFacts | None:
    """What the open episode of a patient is judged by; None where there is none."""
    episode = open_episode(facts.episodes)
    if episode is None or facts.protocol is None:
        return None
    counted = once([a for a in facts.assessments if a.counts])
    mine = [a for a in counted if _home(facts.episodes, a) is episode]
    return _episode_facts(facts, episode, mine, facts.protocol)


def _episode_facts(
    facts: Facts, episode: Episode, counted: Sequence[Assessment], protocol: Protocol
) -> EpisodeFacts:
    return EpisodeFacts(
        status=EpisodeStatus(episode.status),
        enrolled_on=episode.enrolled_on,
        assessments=_facts_of(counted),
        last_contact_on=facts.reached_on.get(episode.episode_id),
        last_review_on=episode.last_review_on,
        next_contact_on=episode.next_contact_on,
        protocol=protocol,
        rhythm=_rhythm(facts, episode),
        sex=facts.patient.sex,
        condition=Condition(episode.condition),
    )


def _rhythm(facts: Facts, episode: Episode) -> Rhythm:
    stored = facts.plans.get(episode.episode_id)
    return stored.plan.rhythm if stored else RHYTHM


def _home(courses: Sequence[Episode], assessment: Assessment) -> Episode | None:
    """The episode that an assessment's date falls into: the open one first, then the newest.

    A score taken in an earlier episode stays there, also where the next one begins within
    its baseline's days: no two courses share a score. Two overlap only where records were
    joined: what was measured belongs to the one that goes on.
    """
    before = timedelta(days=BASELINE_DAYS_BEFORE)
    ordered = sorted(courses, key=lambda one: not is_open(EpisodeStatus(one.status)))
    for earliest in (timedelta(0), before):
        for episode in ordered:
            last = episode.ended_on or date.max
            if episode.enrolled_on - earliest <= assessment.effective_on <= last:
                return episode
    return None


def course_of(episode: Episode, instrument_id: str, counted: Sequence[Assessment]) -> Trajectory:
    """The trajectory of one instrument in one episode."""
    return trajectory(
        [
            Measurement(str(a.assessment_id), a.total, a.effective_on, a.effective_at, a.prorated)
            for a in counted
            if a.instrument_id == instrument_id and a.total is not None
        ],
        episode.enrolled_on,
        higher_is_worse=INSTRUMENTS[instrument_id].higher_is_worse,
    )


def _summaries(episode: Episode, counted: Sequence[Assessment]) -> list[Summary]:
    summaries = []
    for instrument_id in sorted({a.instrument_id for a in counted}):
        course = course_of(episode, instrument_id, counted)
        if course.latest is None:
            continue
        instrument = INSTRUMENTS[instrument_id]
        level = _severity_of(instrument, course.latest, counted)
        response = response_status(instrument, course)
        summaries.append(Summary(instrument_id, course, level.label, level.level, response.value))
    return summaries


def _severity_of(
    instrument: Instrument, latest: Measurement, counted: Sequence[Assessment]
) -> Severity:
    """As it was read when it was recorded, whatever its instrument's definition says since."""
    for one in counted:
        if str(one.assessment_id) == latest.assessment_id and one.severity is not None:
            return Severity(one.severity, one.severity_level or 0)
    return severity(instrument, latest.total)


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
            answers=a.answers,
        )
        for a in counted
    )


@dataclass(slots=True)
class _Judgement:
    """One patient's flags and place, worked out step by step into a decision."""

    facts: Facts
    moment: Moment
    decision: Decision
    counted: Sequence[Assessment]
    episode: Episode | None
    every: Sequence[Assessment]
    """What counts of all episodes and of none."""

    def run(self) -> None:
        late = overdue_referrals(map(_open_referral, self.facts.referrals), self.moment.today)
        self._look_at_referrals_again()
        if self.episode is None:
            patient, today = self.facts.patient, self.moment.today
            found = evaluate_unenrolled(_facts_of(self.counted), patient.sex, today)
            self._reconcile([*self._of_the_living(found), *late])
            return
        assert self.facts.protocol is not None
        known = replace(
            _episode_facts(self.facts, self.episode, self.counted, self.facts.protocol),
            screens=_facts_of(self.every),
        )
        found = evaluate_episode(known, self.moment.today)
        matters = self._reconcile([*self._of_the_living(found), *late])
        self._place(self.episode, known, matters)

    def _look_at_referrals_again(self) -> None:
        """The day after the one by which something should have moved; once it is told, none."""
        for referral in self.facts.referrals:
            again = referral.due_on + timedelta(days=1) if referral.due_on else None
            again = again if again and again > self.moment.today else None
            if again != referral.next_evaluation_on:
                self.decision.referral_days[referral.referral_id] = again

    def _of_the_living(self, found: Sequence[Finding]) -> list[Finding]:
        """No form is owed by somebody who died."""
        died = self.facts.patient.deceased_on is not None
        return [f for f in found if not (died and f.kind is FlagKind.SECOND_STAGE_OWED)]

    def _reconcile(self, found: Sequence[Finding]) -> list[OpenMatter]:
        """Open what is newly found, close what is over, reword what changed; what is open then."""
        self.decision.found = frozenset((f.kind.value, f.subject) for f in found)
        found = [f for f in found if (f.kind.value, f.subject) not in self.facts.told]
        digests = {str(a.assessment_id): a.content_digest for a in self.every}
        open_now = [flag for flag in self.facts.flags if flag.state != "closed"]
        changes = reconcile(
            tuple(OpenFlag(str(f.flag_id), FlagKind(f.kind), f.subject) for f in open_now),
            tuple(found),
            self._settled(digests),
        )
        rows = [self._flag_row(finding, digests) for finding in changes.to_open]
        self.decision.opened += rows
        closing = {flag.flag_id for flag in changes.to_close}
        outcome = {
            "state": "closed",
            "closed_at": self.moment.now,
            "outcome": "no longer true",
            "outcome_code": NO_LONGER_TRUE,
        }
        self.decision.changed += [(f, outcome) for f in open_now if str(f.flag_id) in closing]
        kept = [flag for flag in open_now if str(flag.flag_id) not in closing]
        self._reword(found, kept, digests)
        said = {(finding.kind.value, finding.subject): finding.words for finding in found}
        gone = [flag for flag in kept if self._is_withdrawn(flag)]
        said = {(flag.kind, flag.subject): WITHDRAWN for flag in gone} | said
        matters = [
            self._matter(
                flag.kind,
                said.get((flag.kind, flag.subject), flag.words),
                flag.opened_at,
                flag.due_at,
                "open" if _asks_again(flag, digests) else flag.state,
            )
            for flag in kept
        ]
        now = self.moment.now
        return matters + [
            self._matter(row["kind"], row["words"], now, row["due_at"], "open") for row in rows
        ]

    def _settled(self, digests: Mapping[str, str]) -> frozenset[tuple[FlagKind, str]]:
        """What a person closed for the same answers."""
        return frozenset(
            (FlagKind(flag.kind), flag.subject)
            for flag in self.facts.flags
            if flag.state == "closed"
            and flag.closed_by_id is not None
            and flag.subject
            and flag.content_digest == digests.get(flag.subject, "")
        )

    def _matter(
        self, kind: str, words: str, opened_at: datetime, due_at: datetime, state: str
    ) -> OpenMatter:
        return OpenMatter(
            FlagKind(kind),
            words,
            self.moment.day_of(opened_at),
            self.moment.day_of(due_at),
            state == "acknowledged",
        )

    def _flag_row(self, finding: Finding, digests: Mapping[str, str]) -> dict[str, Any]:
        handling = self.facts.handlings[finding.kind]
        due_on = self.moment.today + timedelta(days=handling.due_in_days)
        episode, owner = self.episode, self._owner()
        return {
            "patient_id": self.facts.patient.patient_id,
            "episode_id": episode.episode_id if episode else None,
            "kind": finding.kind.value,
            "subject": finding.subject,
            "program_id": self.facts.program_id,
            "content_digest": digests.get(finding.subject, ""),
            "words": finding.words,
            "evidence": dict(finding.evidence),
            "protocol": self._named(finding),
            "owner_id": owner[0],
            "owner_as": owner[1],
            "asked_at": self.moment.now,
            "next_step_at": first_step_at(handling, self.moment.now),
            "due_at": datetime.combine(due_on, time(23, 59, 59), ZoneInfo(self.moment.time_zone)),
        }

    def _owner(self) -> tuple[UUID | None, str]:
        """Who a flag belongs to until somebody takes it or is handed it."""
        owners, caring = self.facts.owners, self.episode and self.episode.care_manager_id
        if caring and (owners is None or caring in owners):
            return caring, "care-manager"
        return self.facts.intake_id, "intake"

    def _named(self, finding: Finding) -> str | None:
        """The protocol that made a finding, where one did."""
        protocol = self.facts.protocol
        return protocol.name if protocol and "protocol" in finding.evidence else None

    def _reword(
        self, found: Sequence[Finding], kept: Sequence[Flag], digests: Mapping[str, str]
    ) -> None:
        """An open flag tells of the facts as they are now; changed answers ask a person again."""
        said = {(finding.kind.value, finding.subject): finding for finding in found}
        for flag in kept:
            finding = said.get((flag.kind, flag.subject))
            digest = digests.get(flag.subject, flag.content_digest)
            if self.episode is not None and flag.episode_id != self.episode.episode_id:
                self.decision.moved[flag.flag_id] = self.episode.episode_id
            values = self._of_owner(flag)
            if finding is None and self._is_withdrawn(flag) and flag.words != WITHDRAWN:
                values["words"] = WITHDRAWN
            if finding and (finding.words != flag.words or digest != flag.content_digest):
                values |= {
                    "words": finding.words,
                    "evidence": dict(finding.evidence),
                    "content_digest": digest,
                    "protocol": self._named(finding),
                }
                values |= self._asked_again(flag) if _asks_again(flag, digests) else {}
            if values:
                self.decision.changed.append((flag, values))

    def _asked_again(self, flag: Flag) -> dict[str, Any]:
        """Changed answers are a new question to whoever owns the flag, from the first step on."""
        return {
            "state": "open",
            "acknowledged_at": None,
            "acknowledged_by_id": None,
            "asked_at": self.moment.now,
            "next_step_at": first_step_at(
                self.facts.handlings[FlagKind(flag.kind)], self.moment.now
            ),
        }

    def _of_owner(self, flag: Flag) -> dict[str, Any]:
        """The owner that the patient's care gives a flag now, unless a person decided that."""
        owner_id, owner_as = self._owner()
        decided = flag.owner_id is not None and flag.owner_as in ("handed", "taken")
        if decided or owner_id is None or flag.owner_id == owner_id:
            return {}
        if flag.owner_id is not None and owner_as == "intake":
            return {}  # whoever was on call when it opened keeps it; the ladder tells the others
        return {"owner_id": owner_id, "owner_as": owner_as}

    def _is_withdrawn(self, flag: Flag) -> bool:
        """Whether a safety flag asks about answers that no longer count anywhere."""
        counts = {str(a.assessment_id) for a in self.facts.assessments if a.counts}
        return flag.kind == FlagKind.SAFETY.value and flag.subject not in counts

    def _place(self, episode: Episode, known: EpisodeFacts, matters: Sequence[OpenMatter]) -> None:
        today, enrolled_on = self.moment.today, episode.enrolled_on
        latest = max((a.on for a in known.assessments), default=None)
        contact_on = next_contact_due(
            known.status, enrolled_on, known.last_contact_on, known.rhythm
        )
        due_on = episode.next_contact_on or contact_on
        found = place(tuple(matters), due_on, today)
        self.decision.places[episode.episode_id] = {
            "last_contact_on": known.last_contact_on,
            "next_assessment_on": next_assessment_due(known.status, enrolled_on, latest, RHYTHM),
            "next_review_on": next_review_due(
                known.status, enrolled_on, known.last_review_on, RHYTHM
            ),
            "next_evaluation_on": _after(today, next_evaluation_on(known, today)),
            "urgency": found.rank,
            "urgency_reason": found.reason,
            "urgent_since": min((m.opened_on for m in matters), default=due_on),
        }


def _open_referral(referral: Referral) -> OpenReferral:
    return OpenReferral(
        last_event_id=str(referral.last_event_id),
        what=STEPS[referral.step].title.lower() if referral.step else referral.reason,
        to_whom=referral.to_whom,
        state=ReferralState(referral.state),
        since=referral.state_since,
        due_on=referral.due_on,
    )


def _asks_again(flag: Flag, digests: Mapping[str, str]) -> bool:
    """Whether a safety flag's answers were corrected since somebody took it on."""
    digest = digests.get(flag.subject, flag.content_digest)
    return flag.kind == FlagKind.SAFETY.value and digest != flag.content_digest


def _after(today: date, day: date | None) -> date | None:
    """Never the same day again: a sweep must come to an end."""
    return None if day is None else max(day, today + timedelta(days=1))
