"""Load the demo: an organization, its staff, and a year of stories by the real rules."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from app.auth.bearer import issue_token
from app.auth.passwords import hash_password
from app.demo.clinics import set_up_clinics
from app.demo.duty import set_up_duty, tell_of_flags
from app.demo.endings import Course, tell_endings
from app.demo.identities import set_up_identities
from app.demo.integrations import add_integrations
from app.demo.people import Person, make_person
from app.demo.programs import add_program
from app.demo.referrals import follow
from app.demo.screeners import further_forms
from app.demo.second_records import add_second_records
from app.demo.sign_ins import tell_sign_ins
from app.demo.steps import Decided, decide
from app.demo.stories import Story, make_story, spread
from app.demo.visits import YEAR, Visits, answer, in_care, walk_in
from app.demo.watching import tell_of_looks
from app.domain.access import Role
from app.domain.actor import Actor, ActorKind, system
from app.domain.catalogue import INSTRUMENTS
from app.domain.condition import Condition
from app.domain.encounter import is_visit
from app.domain.identity import content_digest, identity_key
from app.domain.own_protocol import Draft, amend, numbers_of
from app.domain.patient import fold
from app.domain.protocol import BAO_SOWA
from app.domain.safety import judge_item_nine, safety_value
from app.domain.score import Score, score
from app.domain.second_factor import SecondFactorPolicy
from app.domain.severity import severity
from app.domain.step_decision import step_words
from app.store import organizations, protocol_choices, protocols, staff
from app.store.bulk import copy_rows
from app.store.ids import new_id
from app.store.publishing import ChangedAssessment, ChangedPatient
from app.store.transaction import Database, Store
from app.use_cases.find_duplicates import find_duplicates
from app.use_cases.fit_expected_recovery import fit_expected_recovery
from app.use_cases.reevaluate_patient import reevaluate_patients

ZONE = "America/New_York"
ORG = UUID("0190d3a0-0000-7000-8000-00000000d3a0")
NAMES = UUID("0190d3a0-0000-7000-8000-0000000000aa")
RECORD_NUMBERS = "urn:oid:2.16.840.1.113883.19.5"
CLINICS = ("Riverside Family Medicine", "Northgate Community Health", "Harbor Internal Medicine")
PASSWORD = "demo-only-passphrase"
STAFF = (
    ("maya", "Maya Okonkwo, LCSW", ["care-manager"], "care manager"),
    ("ben", "Ben Ruiz, RN", ["care-manager"], "care manager"),
    ("dr.lind", "Dr. Astrid Lind", ["psychiatrist"], "consulting psychiatrist"),
    ("dr.shah", "Dr. Neel Shah", ["clinician"], "primary-care clinician"),
    ("tess", "Tess Nguyen, MA", ["medical-assistant"], "medical assistant"),
    ("dana", "Dana Whitfield, MPH", ["director"], "clinic director"),
    ("ops", "Sam Ortiz", ["operator"], "operator (inbound messages)"),
    ("ada", "Ada Brandt", ["administrator"], "administrator (accounts, integrations)"),
    ("cora", "Cora Bell, CHC", ["compliance"], "compliance officer (the audit)"),
    ("lee", "Lee Ortega, CADC", ["clinician"], "counselor of a Part 2 program"),
)
ACCOUNTS = tuple((login, PASSWORD, title) for login, _, _, title in STAFF)
_KEPT = {number.key: number.value for number in numbers_of(BAO_SOWA)}
SIX_WEEKS = amend(
    BAO_SOWA,
    Draft(
        "Anxiety not improved after the group",
        "Our CBT group for anxiety ends after six weeks: that is when we decide what comes next.",
        {**_KEPT, "stage-1-after_days": 42},
    ),
    1,
)
"""The demo's own protocol: six weeks instead of eight."""
BATCH = 500
ENDED = 400
"""Among how many of the people some come to the end of their course."""
PUBLISHED = 1000
"""How many of the people are served as FHIR too; more would only fill the disk."""
WALK_INS = 1000
"""How many people at most visit the clinics without being in care: twice the caseload, to here."""
WALK_INS_FROM = 900_000
"""Their record numbers begin here, apart from the caseload's."""
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Staffed:
    """Who works in the demo, and where."""

    care_managers: list[UUID]
    consultant: UUID
    clinics: list[UUID]
    names: dict[UUID, str]
    counselor: UUID


async def load(
    database: Database, patients: int, seed: int, today: date, progress: Progress
) -> str | None:
    """Load the demo unless it is there; the token of its EHR client, or None."""
    actor = system(ORG, ZONE)
    async with database.directory() as connection:
        if await staff.find_login(connection, "maya"):
            return None
    async with database.transaction(actor) as store:
        staffed, token = await _begin(store)
    dice = Random(seed)
    courses: list[Course] = []
    for start in range(0, patients, BATCH):
        numbers = range(start, min(start + BATCH, patients))
        async with database.transaction(actor) as store:
            loaded = await _load_batch(store, dice, numbers, staffed, today)
            ids = [course.patient_id for course in loaded]
            await reevaluate_patients(store, ids, today)
            await find_duplicates(store, ids)
            if start == 0:
                await add_second_records(store, ids, today)
        courses += loaded[: max(0, ENDED - len(courses))]
        progress(len(numbers))
    team = (staffed.care_managers[0], staffed.care_managers[1], staffed.consultant)
    async with database.transaction(_acting(actor, staffed)) as store:
        await tell_endings(store, courses, today)
    async with database.transaction(actor) as store:
        await set_up_identities(store, team)
        await set_up_duty(store, team, ZONE, today)
        await tell_of_flags(store, team, ZONE, today)
        people = [course.patient_id for course in courses]
        await tell_of_looks(store, list(staffed.names.items()), team, people)
        await set_up_clinics(store)
    await add_program(database, actor, staffed.counselor, staffed.consultant, people, today)
    async with database.transaction(actor) as store:
        await fit_expected_recovery(store, today)
    await _load_walk_ins(database, min(patients * 2, WALK_INS), seed, staffed, today)
    return token


def _acting(registry: Actor, staffed: Staffed) -> Actor:
    """The first care manager, at work."""
    maya = staffed.care_managers[0]
    return replace(
        registry,
        kind=ActorKind.STAFF,
        id=maya,
        name=staffed.names[maya],
        roles=frozenset({Role.CARE_MANAGER}),
    )


async def _load_walk_ins(
    database: Database, count: int, seed: int, staffed: Staffed, today: date
) -> None:
    """The clinics' other patients, with dice of their own: no story changes for them."""
    dice = Random(seed + 1)
    async with database.transaction(system(ORG, ZONE)) as store:
        people = await _copy(
            store, (WalkIn(store, dice, staffed, today, number) for number in range(count))
        )
        for start in range(0, count, BATCH):
            ids = [person.patient_id for person in people[start : start + BATCH]]
            await reevaluate_patients(store, ids, today)
            await find_duplicates(store, ids)
        store.saved += [one for person in people for one in person.published()]


async def _begin(store: Store) -> tuple[Staffed, str]:
    await organizations.add_organization(
        store, "Stepwell demo", ZONE, "create", SecondFactorPolicy.NOBODY
    )
    clinics = [await organizations.add_clinic(store, name, ZONE) for name in CLINICS]
    await protocols.add_own(store, SIX_WEEKS)
    await protocol_choices.add_choice(store, Condition.ANXIETY, 1, SIX_WEEKS.id, SIX_WEEKS.version)
    hashed = hash_password(PASSWORD)
    ids = [
        await staff.add_staff(store, login, name, roles, hashed, f"{login}@demo.invalid")
        for login, name, roles, _ in STAFF
    ]
    await tell_sign_ins(store, Random(len(ids)), ids)
    token = await issue_token(store, "Demo EHR", 30)
    await add_integrations(store, CLINICS[0])
    names = {key: name for key, (_, name, _, _) in zip(ids, STAFF, strict=True)}
    lee = next(key for key, name in names.items() if name.startswith("Lee "))
    return Staffed(ids[:2], ids[2], clinics, names, lee), token


async def _load_batch(
    store: Store, dice: Random, numbers: range, staffed: Staffed, today: date
) -> list[Course]:
    people = ((make_person(dice, number, today), make_story(dice), number) for number in numbers)
    writers = await _copy(
        store, (Writer(store, dice, p, s, staffed, today, n) for p, s, n in people)
    )
    store.saved += [one for w in writers if w.number < PUBLISHED for one in w.published()]
    return [writer.course() for writer in writers]


async def _copy(store: Store, writers: Iterable["Writer"]) -> list["Writer"]:
    """Write everybody's rows by COPY; the writers, each having told its story."""
    rows: dict[str, list[dict[str, Any]]] = {}
    told = []
    for writer in writers:
        told.append(writer)
        for table, row in writer.rows():
            rows.setdefault(table, []).append({"org_id": ORG} | row)
    for table, content in rows.items():
        await copy_rows(store, table, content)
    return told


class Writer:
    """Turns one story into rows."""

    def __init__(
        self,
        store: Store,
        dice: Random,
        person: Person,
        story: Story,
        staffed: Staffed,
        today: date,
        number: int,
    ) -> None:
        self.store, self.dice, self.person, self.story = store, dice, person, story
        self.staffed, self.number, self.today = staffed, number, today
        self.patient_id = uuid5(NAMES, f"patient {number}")
        self.episode_id: UUID | None = uuid5(NAMES, f"episode {number}")
        self.enrolled_on = today - timedelta(days=story.days)
        self.condition = Condition.ANXIETY if story.kind == "anxiety" else Condition.DEPRESSION
        self.protocol = BAO_SOWA if self.condition is Condition.DEPRESSION else SIX_WEEKS
        self.scored: list[dict[str, Any]] = []
        self.clinic_id = staffed.clinics[number % len(staffed.clinics)]
        self.care_manager = staffed.care_managers[number % len(staffed.care_managers)]

    def course(self) -> Course:
        """What an ending of this story needs to know."""
        assert self.episode_id is not None  # a walk-in has no course
        return Course(
            self.patient_id,
            self.episode_id,
            self.clinic_id,
            self.care_manager,
            self.story,
            self.enrolled_on,
        )

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(table, row), in an order that foreign keys allow."""
        yield from self._patient()
        yield "episodes", self._episode()
        for day, total, item_nine in self.story.phq9:
            yield from self._assessment("phq-9", day, total, 9, item_nine)
        for day, total in self.story.gad7:
            yield from self._assessment("gad-7", day, total, 7, None)
        for instrument_id, day, answers in further_forms(self.number, self.story):
            yield from self._form(instrument_id, day, answers)
        yield from self._care()
        for decided in decide(self.dice, self.story, self.enrolled_on):
            yield from self._step(decided)
        yield from self._encounters(in_care(Random(self.number), self.story.days), self.story.days)

    def published(self) -> Iterator[ChangedPatient | ChangedAssessment]:
        """What of it is served as FHIR; after `rows`."""
        person = self.person
        yield ChangedPatient(
            patient_id=self.patient_id,
            fhir_id=str(self.patient_id),
            family_name=person.family,
            given_names=person.given,
            display_name=person.name,
            birth_on=person.birth_on.isoformat(),
            sex=person.sex,
            identifiers=((RECORD_NUMBERS, person.record_number),),
        )
        for row in self.scored:
            yield ChangedAssessment(
                assessment_id=row["assessment_id"],
                patient_id=self.patient_id,
                patient_fhir_id=str(self.patient_id),
                instrument_id=row["instrument_id"],
                status=row["status"],
                answers=json.loads(row["answers"]),
                total=row["total"],
                prorated=False,
                severity=row["severity"],
                effective_at=row["effective_at"],
                derived_from=(),
                recorded_by=self.staffed.names[self.care_manager],
                publish_form=True,
                publish_score=True,
            )

    def _patient(self) -> Iterator[tuple[str, dict[str, Any]]]:
        person, now = self.person, self.store.now
        yield (
            "patients",
            {
                "patient_id": self.patient_id,
                "fhir_id": str(self.patient_id),
                "family_name": person.family,
                "given_names": person.given,
                "display_name": person.name,
                "birth_on": person.birth_on,
                "sex": person.sex,
                "language": person.language,
                "phone": person.phone,
                "active": True,
                "clinic_id": self.clinic_id,
                "created_at": now,
                "updated_at": now,
            },
        )
        record = {"system": RECORD_NUMBERS, "value": person.record_number, "kind": "MR"}
        yield "patient_identifiers", {"patient_id": self.patient_id} | record
        for token in fold(person.name):
            yield "patient_name_tokens", {"patient_id": self.patient_id, "token": token}

    def _episode(self) -> dict[str, Any]:
        now = self.store.now
        reviewed = max((day for day, *_ in self.story.reviews), default=None)
        return {
            "episode_id": self.episode_id,
            "patient_id": self.patient_id,
            "clinic_id": self.clinic_id,
            "status": self.story.status,
            "enrolled_on": self.enrolled_on,
            "care_manager_id": self.care_manager,
            "consultant_id": self.staffed.consultant if reviewed else None,
            "primary_care_clinician": "Dr. Neel Shah",
            "condition": self.condition.value,
            "protocol_id": self.protocol.id,
            "protocol_version": self.protocol.version,
            "last_review_on": None if reviewed is None else self._day(reviewed),
            "urgency": 99,
            "urgency_reason": "",
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }

    def _day(self, day: int) -> date:
        return self.enrolled_on + timedelta(days=day)

    def _at(self, day: int) -> datetime:
        hour = time(9 + day % 8, (day * 7) % 60)
        at = datetime.combine(self._day(day), hour, ZoneInfo(ZONE)).astimezone(UTC)
        return min(at, self.store.now)

    def _assessment(
        self, instrument_id: str, day: int, total: int, items: int, item_nine: int | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        values = spread(self.dice, total, items, 3, item_nine)
        yield from self._form(instrument_id, day, {f"q{i + 1}": v for i, v in enumerate(values)})

    def _form(
        self, instrument_id: str, day: int, answers: dict[str, int]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        instrument, at = INSTRUMENTS[instrument_id], self._at(day)
        scored = score(instrument, answers)
        assert isinstance(scored, Score)  # the stories leave nothing out
        whole = scored.total
        level = severity(instrument, whole)
        own_id = uuid5(self.patient_id, f"{instrument_id} {day}")
        judged = judge_item_nine(instrument, answers).value
        row = {
            "assessment_id": own_id,
            "patient_id": self.patient_id,
            "episode_id": self.episode_id,
            "instrument_id": instrument_id,
            "instrument_version": instrument.version,
            "status": "final",
            "version": 1,
            "answers": json.dumps(answers),
            "total": scored.total,
            "prorated": False,
            "severity": level.label,
            "severity_level": level.level,
            "item_nine": judged,
            "item_nine_value": safety_value(instrument, answers),
            "total_check": "not-claimed",
            "conflicts": "[]",
            "effective_at": at,
            "effective_on": at.astimezone(ZoneInfo(ZONE)).date(),
            "identity_key": identity_key(
                "", None, str(self.patient_id), instrument_id, at, answers, None
            ),
            "content_digest": content_digest(instrument_id, answers, None, at),
            "recorded_by_id": self.care_manager,
            "received_at": at,
            "updated_at": at,
        }
        self.scored.append(row)
        yield "assessments", row
        yield "assessment_versions", self._version(row)

    def _version(self, row: dict[str, Any]) -> dict[str, Any]:
        content = {
            "status": row["status"],
            "answers": json.loads(row["answers"]),
            "total": str(row["total"]),
            "claimed_total": None,
            "item_nine": row["item_nine"],
            "effective_at": row["effective_at"].isoformat(),
        }
        return {
            "assessment_id": row["assessment_id"],
            "version": 1,
            "content": json.dumps(content),
            "reason": "recorded",
            "recorded_at": row["received_at"],
            "recorded_by": self.staffed.names[self.care_manager],
        }

    def _step(self, decided: Decided) -> Iterator[tuple[str, dict[str, Any]]]:
        who = {"patient_id": self.patient_id, "episode_id": self.episode_id}
        settled = decided.settled
        decision = {
            "decision_id": new_id(),
            "number": decided.number,
            "decided_at": self._at(decided.day),
            "started_on": self._day(decided.day),
            "staff_id": self.care_manager,
            "choice": decided.choice.choice.value,
            "from_step": decided.before,
            "wanted_step": settled.wanted,
            "step": settled.in_force,
            "reason": decided.choice.reason,
            "interim_care": decided.choice.interim_care,
            "suggestion": json.dumps(decided.suggestion.as_shown()),
            "request_key": f"demo {self.number} step {decided.number}",
        }
        yield "step_decisions", who | decision
        if settled.refer:
            yield from self._referral(who, decided)
        if settled.wanted != decided.before:
            event = {
                "event_id": new_id(),
                "happened_on": self._day(decided.day),
                "kind": "step",
                "words": step_words(decided.before, settled),
                "staff_id": self.care_manager,
                "recorded_at": self._at(decided.day),
            }
            yield "treatment_events", who | event

    def _referral(
        self, who: dict[str, UUID | None], decided: Decided
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        referral_id = new_id()
        told = list(follow(self.dice, self._day(decided.day), self.today))
        events = [
            {
                "event_id": new_id(),
                "referral_id": referral_id,
                "from_state": one.before.value if one.before else None,
                "state": one.move.state.value,
                "happened_on": one.move.on,
                "appointment_on": one.move.appointment_on,
                "due_on": one.due_on,
                "words": one.move.words,
                "staff_id": self.care_manager,
                "recorded_at": self._at((one.move.on - self.enrolled_on).days),
                "request_key": f"{referral_id} {place}",
            }
            for place, one in enumerate(told)
        ]
        last = told[-1]
        referral = {
            "referral_id": referral_id,
            "step": decided.settled.wanted,
            "reason": decided.suggestion.words,
            "to_whom": last.move.to_whom,
            "interim_care": decided.choice.interim_care,
            "state": last.move.state.value,
            "state_since": next(t.move.on for t in reversed(told) if t.before != t.move.state),
            "due_on": last.due_on,
            "appointment_on": max(
                (t.move.appointment_on for t in told if t.move.appointment_on), default=None
            ),
            "last_event_id": events[-1]["event_id"],
            "owner_id": self.care_manager,
            "staff_id": self.care_manager,
            "version": len(told),
            "opened_at": self._at(decided.day),
            "request_key": str(referral_id),
        }
        yield "referrals", who | referral
        for event in events:
            yield "referral_events", event

    def _encounters(self, visits: Visits, until: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Days from the story's beginning; those after `until` are planned."""
        clinic = CLINICS[self.staffed.clinics.index(self.clinic_id)]
        for day in visits.days:
            hour = time(8 + day % 9, (day * 11) % 60)
            status = "finished" if day < until else "planned"
            own_id = f"Encounter/{uuid5(self.patient_id, f'visit {day}')}"
            yield (
                "encounters",
                {
                    "encounter_key": own_id,
                    "patient_id": self.patient_id,
                    "clinic_id": self.clinic_id if visits.told else None,
                    "place": clinic if visits.told else "Telehealth",
                    "started_at": datetime.combine(self._day(day), hour, ZoneInfo(ZONE)),
                    "started_on": self._day(day),
                    "status": status,
                    "class_code": "AMB",
                    "is_visit": is_visit(status, "AMB"),
                    "arrival_key": own_id,
                    "received_at": self.store.now,
                },
            )

    def _care(self) -> Iterator[tuple[str, dict[str, Any]]]:
        who = {"patient_id": self.patient_id, "episode_id": self.episode_id}
        for day, reached, minutes in self.story.contacts:
            yield (
                "contacts",
                who
                | {
                    "contact_id": new_id(),
                    "at": self._at(day),
                    "contact_on": self._day(day),
                    "way": "phone",
                    "reached": reached,
                    "minutes": minutes,
                    "note": "" if reached else "No answer; left a message to call back.",
                    "staff_id": self.care_manager,
                    "recorded_at": self._at(day),
                },
            )
        for day, advice, weeks, status in self.story.reviews:
            yield (
                "case_reviews",
                who
                | {
                    "review_id": new_id(),
                    "reviewed_at": self._at(day),
                    "reviewed_on": self._day(day),
                    "consultant_id": self.staffed.consultant,
                    "kind": "recommendation",
                    "recommendation": advice,
                    "follow_up_weeks": weeks,
                    "status": status,
                },
            )
        for day, kind, words in self.story.treatments:
            if day <= self.story.days:
                yield (
                    "treatment_events",
                    who
                    | {
                        "event_id": new_id(),
                        "happened_on": self._day(day),
                        "kind": kind,
                        "words": words,
                        "recorded_at": self._at(day),
                    },
                )


class WalkIn(Writer):
    """Somebody who visits a clinic and is in nobody's care."""

    def __init__(
        self, store: Store, dice: Random, staffed: Staffed, today: date, number: int
    ) -> None:
        person = make_person(dice, WALK_INS_FROM + number, today)
        super().__init__(store, dice, person, Story("walk-in", YEAR), staffed, today, number)
        self.patient_id = uuid5(NAMES, f"walk-in {number}")
        self.episode_id = None
        self.visits = walk_in(dice)

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(table, row), in an order that foreign keys allow."""
        yield from self._patient()
        yield from self._encounters(self.visits, YEAR)
        for day, name, about in self.visits.forms:
            instrument = INSTRUMENTS[name]
            yield from self._form(name, day, answer(self.dice, instrument, about))
