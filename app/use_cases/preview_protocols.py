"""Preview protocols: whom each would flag today, before anybody chooses or saves one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.domain.condition import JUDGED_BY, Condition
from app.domain.protocol import PROTOCOLS, Protocol
from app.domain.standing import is_not_responding
from app.store import (
    audit,
    patients,
    protocol_choices,
    protocols,
    rosters,
    standings,
    visibility,
)
from app.store.protocol_choices import Choice
from app.store.standings import OpenEpisode
from app.store.transaction import Store

NAMED = 30
"""How many patients are named on either side; the counts are of all of them."""


@dataclass(slots=True)
class Shift:
    """Those whom a protocol would flag newly, or no longer."""

    count: int = 0
    ids: list[UUID] = field(default_factory=list)
    """The first of them."""
    names: list[tuple[UUID, str]] = field(default_factory=list)
    """Empty where the reader does not see charts."""

    def add(self, patient_id: UUID) -> None:
        self.count += 1
        if len(self.ids) < NAMED:
            self.ids.append(patient_id)


@dataclass(slots=True)
class Candidate:
    """A protocol, and what it would do today to the patients of one condition."""

    protocol: Protocol
    chosen: bool
    flagged: int = 0
    newly: Shift = field(default_factory=Shift)
    no_longer: Shift = field(default_factory=Shift)

    def count(self, patient_id: UUID, now: bool, would: bool) -> None:
        self.flagged += would
        if would and not now:
            self.newly.add(patient_id)
        if now and not would:
            self.no_longer.add(patient_id)


@dataclass(frozen=True, slots=True)
class PastChoice:
    """Who chose what for a condition, and when."""

    choice: Choice
    by: str


@dataclass(slots=True)
class ConditionPreview:
    """All candidates over the same patients."""

    condition: Condition
    instrument_id: str
    history: list[PastChoice]
    """The newest first; the first one holds."""
    candidates: list[Candidate]
    in_care: int = 0
    flagged_now: int = 0

    @property
    def number(self) -> int:
        """The number of the choice that holds."""
        return self.history[0].choice.number


async def preview_protocols(store: Store, today: date) -> list[ConditionPreview]:
    """What each protocol would flag today, per condition; changes nothing."""
    own = [one.protocol for one in await protocols.list_newest_own(store)]
    return await preview(store, [*PROTOCOLS.values(), *own], today)


async def preview(
    store: Store, candidates: Sequence[Protocol], today: date
) -> list[ConditionPreview]:
    """The same for these protocols: a draft that nobody saved among them, for instance.

    One pass over the summaries of the open episodes, a thousand in memory at a time.
    """
    store.actor.require(Permission.CHOOSE_PROTOCOL)
    told = [await _empty(store, condition, candidates) for condition in Condition]
    by_condition = {one.condition: one for one in told}
    known: dict[tuple[str, int], Protocol] = {}
    async for found in standings.stream_open_episodes(store):
        wanted = {(e.protocol_id, e.protocol_version) for e in found} - set(known)
        known |= await protocols.get_protocols(store, wanted)
        for episode in found:
            _count(by_condition[episode.standing.condition], episode, known, today)
    await _name(store, told)
    return told


def _count(
    told: ConditionPreview,
    episode: OpenEpisode,
    known: Mapping[tuple[str, int], Protocol],
    today: date,
) -> None:
    current = known[episode.protocol_id, episode.protocol_version]
    now = is_not_responding(current, episode.standing, today)
    told.in_care += 1
    told.flagged_now += now
    for one in told.candidates:
        would = now if one.protocol is current else None
        if would is None:
            would = is_not_responding(one.protocol, episode.standing, today)
        one.count(episode.patient_id, now, would)


async def _empty(
    store: Store, condition: Condition, candidates: Sequence[Protocol]
) -> ConditionPreview:
    choices = await protocol_choices.list_choices(store, condition)
    names = await rosters.staff_names(store, {c.chosen_by_id for c in choices if c.chosen_by_id})
    holds = (choices[0].protocol_id, choices[0].protocol_version)
    shown = list(candidates)
    if holds not in {(p.id, p.version) for p in shown}:
        shown.append(await protocols.get_protocol(store, *holds))
    return ConditionPreview(
        condition,
        JUDGED_BY[condition],
        [PastChoice(c, names.get(c.chosen_by_id, "") if c.chosen_by_id else "") for c in choices],
        [Candidate(p, (p.id, p.version) == holds) for p in shown],
    )


async def _name(store: Store, told: Sequence[ConditionPreview]) -> None:
    """Name the patients to those who see charts; the look is audited by its counts."""
    shifts = [s for one in told for c in one.candidates for s in (c.newly, c.no_longer)]
    ids = sorted({patient_id for shift in shifts for patient_id in shift.ids})
    named = bool(ids) and store.actor.may(Permission.VIEW_PATIENT)
    if named:
        there = await visibility.those_seen(store, ids)
        names = {p.patient_id: p.name for p in await patients.get_patients(store, there)}
        for shift in shifts:
            shift.names = [(one, names[one]) for one in shift.ids if one in names]
    await audit.record(
        store,
        "protocol.preview",
        shown=ids if named else None,
        detail={"in_care": sum(one.in_care for one in told)},
    )
