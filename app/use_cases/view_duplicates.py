"""See records that may be of one person: the worklist, and two records side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS
from app.domain.duplicate import GRADE_WORDS, Grade
from app.domain.episode import EpisodeStatus, is_open
from app.domain.flag import FLAG_POLICY, FlagKind
from app.domain.words import day_words, number_words
from app.errors import Problem, Unprocessable
from app.store import (
    assessments,
    audit,
    clients,
    duplicates,
    episodes,
    flags,
    patients,
    rosters,
)
from app.store.assessments import Assessment
from app.store.duplicates import Pair
from app.store.episodes import Episode
from app.store.patients import Patient
from app.store.transaction import Store

SHOWN = 200
"""How many pairs the page shows, the likeliest first (ours)."""
LATEST = 5


@dataclass(frozen=True, slots=True)
class RecordSide:
    """One of two records, as far as it helps to tell whose it is."""

    patient_id: UUID
    name: str
    birth_on: date | None
    sex: str
    phone: str | None
    language: str | None
    source: str
    numbers: list[tuple[str, str]]
    questionnaires: list[str]
    """The latest few, in words."""
    questionnaire_count: int
    episodes: list[tuple[UUID, str]]
    open_episode_id: UUID | None
    flags: list[str]
    merged_into_id: UUID | None


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two records on the worklist."""

    one: RecordSide
    other: RecordSide
    grade: str
    level: int
    reasons: tuple[str, ...]
    decided: str
    """Who decided that they are two people, and why; '' where nobody did."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two records side by side, with what joining them would do."""

    one: RecordSide
    other: RecordSide
    grade: str | None
    level: int
    reasons: tuple[str, ...]
    goes_on: UUID
    """The record that seems the better one to go on with; the person chooses."""
    consequences: list[str]
    both_in_care: bool
    decided: str


async def view_duplicates(store: Store, today: date) -> tuple[list[PairRow], list[PairRow], int]:
    """Pairs that nobody decided on yet, the likeliest first; those decided last; how many wait."""
    store.actor.require(Permission.JOIN_RECORDS)
    open_pairs = await duplicates.list_pairs(store, "open", SHOWN)
    settled = await duplicates.list_pairs(store, "two-people", 50)
    waiting = await duplicates.count_open(store)
    pairs = [*open_pairs, *settled]
    both = duplicates.ids_in((pair.one_id, pair.other_id) for pair in pairs)
    await audit.record(store, "duplicates.view", shown=both, detail={"pairs": len(open_pairs)})
    rows = await _rows(store, pairs)
    return rows[: len(open_pairs)], rows[len(open_pairs) :], waiting


async def _rows(store: Store, pairs: Sequence[Pair]) -> list[PairRow]:
    ids = duplicates.ids_in((p.one_id, p.other_id) for p in pairs)
    sides = await _sides(store, ids)
    names = await rosters.staff_names(store, {p.decided_by_id for p in pairs if p.decided_by_id})
    return [
        PairRow(
            sides[p.one_id],
            sides[p.other_id],
            GRADE_WORDS[Grade(p.rank)],
            _level(p.rank),
            p.reasons,
            _decided(p, names),
        )
        for p in pairs
    ]


def _level(rank: int) -> int:
    return {0: 4, 1: 3, 2: 2}[rank]


def _decided(pair: Pair, names: dict[UUID, str]) -> str:
    if pair.verdict == "open" or pair.decided_at is None:
        return ""
    by = names.get(pair.decided_by_id) if pair.decided_by_id else None
    note = f": {pair.note}" if pair.note else ""
    return f"{by or 'Stepwell'}, {day_words(pair.decided_at.date())}{note}"


async def compare_records(store: Store, one: UUID, other: UUID) -> Comparison:
    """Both records side by side; the look at each is audited."""
    store.actor.require(Permission.JOIN_RECORDS)
    if one == other:
        raise Unprocessable(problems=[Problem("other", "is the same record; choose another one")])
    for patient_id in (one, other):
        await patients.get_patient(store, patient_id)
        await audit.record(store, "patient.compare", patient_id=patient_id)
    sides = await _sides(store, [one, other])
    pair = await duplicates.find_pair(store, one, other)
    names = await rosters.staff_names(
        store, {pair.decided_by_id} if pair and pair.decided_by_id else set()
    )
    first, second = sides[one], sides[other]
    return Comparison(
        one=first,
        other=second,
        grade=GRADE_WORDS[Grade(pair.rank)] if pair and pair.reasons else None,
        level=_level(pair.rank) if pair else 1,
        reasons=pair.reasons if pair else (),
        goes_on=_better(first, second).patient_id,
        consequences=_consequences(first, second),
        both_in_care=bool(first.open_episode_id and second.open_episode_id),
        decided=_decided(pair, names) if pair else "",
    )


def _better(one: RecordSide, other: RecordSide) -> RecordSide:
    """In care before not, more known before less, the older before the newer."""

    def known(side: RecordSide) -> tuple[bool, int, int]:
        told = [side.birth_on, side.phone, side.language, *side.numbers]
        return bool(side.open_episode_id), side.questionnaire_count, len([x for x in told if x])

    if known(one) == known(other):
        return min(one, other, key=lambda side: side.patient_id)
    return max(one, other, key=known)


def _consequences(one: RecordSide, other: RecordSide) -> list[str]:
    words = [
        "Questionnaires, episodes, contacts, reviews, referrals, plans and open flags of the other "
        "record move to the one that goes on; its names and numbers still find the person.",
        "The course is judged anew from all there is. The same questionnaire in both counts once.",
        "What is sent for the other record from now on is filed under the one that goes on.",
    ]
    if one.open_episode_id and other.open_episode_id:
        words.insert(
            0,
            "Two open episodes: choose which goes on; the other is closed, with a note.",
        )
    if one.birth_on and other.birth_on and one.birth_on != other.birth_on:
        words.append("The birth dates differ: the one of the record that goes on stays.")
    return [*words, "It can be undone: every row that moves is written down."]


async def _sides(store: Store, patient_ids: Sequence[UUID]) -> dict[UUID, RecordSide]:
    people = await patients.get_patients(store, patient_ids)
    records = await assessments.list_assessments_of(store, patient_ids)
    courses = await episodes.list_episodes_of(store, patient_ids)
    held = await flags.list_flags_of(store, patient_ids)
    clinics = dict(await rosters.list_clinics(store))
    senders = await clients.client_names(store)
    numbers = await patients.list_identifiers_of(store, patient_ids)
    return {
        one.patient_id: _side(
            one,
            [a for a in records.get(one.patient_id, []) if a.counts],
            courses.get(one.patient_id, []),
            [FlagKind(f.kind) for f in held.get(one.patient_id, []) if f.state != "closed"],
            clinics,
            senders.get(one.client_id, "another system") if one.client_id else "entered here",
            [(i.kind or "number", i.value) for i in numbers.get(one.patient_id, [])],
        )
        for one in people
    }


def _side(
    one: Patient,
    records: Sequence[Assessment],
    courses: Sequence[Episode],
    open_flags: Sequence[FlagKind],
    clinics: dict[UUID, str],
    source: str,
    numbers: list[tuple[str, str]],
) -> RecordSide:
    current = [e for e in courses if is_open(EpisodeStatus(e.status))]
    return RecordSide(
        patient_id=one.patient_id,
        name=one.name,
        birth_on=one.birth_on,
        sex=one.sex,
        phone=one.phone,
        language=one.language,
        source=source,
        numbers=numbers,
        questionnaires=[_measured(a) for a in list(records)[-LATEST:][::-1]],
        questionnaire_count=len(records),
        episodes=[(e.episode_id, _course(e, clinics)) for e in courses],
        open_episode_id=current[0].episode_id if current else None,
        flags=[FLAG_POLICY[kind].title for kind in sorted(set(open_flags), key=_rank)],
        merged_into_id=one.merged_into_id,
    )


def _rank(kind: FlagKind) -> int:
    return FLAG_POLICY[kind].rank


def _measured(record: Assessment) -> str:
    total = "no total" if record.total is None else number_words(record.total)
    title = INSTRUMENTS[record.instrument_id].short_title
    return f"{day_words(record.effective_on)}: {title} {total}"


def _course(episode: Episode, clinics: dict[UUID, str]) -> str:
    since = f"since {day_words(episode.enrolled_on)}"
    until = f" to {day_words(episode.ended_on)}" if episode.ended_on else ""
    return f"{episode.status.replace('-', ' ')} {since}{until}, {clinics[episode.clinic_id]}"
