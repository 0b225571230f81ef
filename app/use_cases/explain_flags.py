"""Explain a patient's flags, and why the others are not there: rules, numbers, sources."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.domain.access import Permission
from app.domain.evaluate import judging_instrument
from app.domain.explain import READINGS, numbers, rules_for
from app.domain.flag import FLAG_POLICY, FlagKind
from app.domain.protocol import Protocol
from app.domain.rule import Rule
from app.domain.why_not import why_not
from app.store import audit, flags, patients, protocols, rosters
from app.store.flags import Flag
from app.store.transaction import Store
from app.use_cases.judging import facts_in_care
from app.use_cases.patient_story import FlagRow
from app.use_cases.reevaluate_patient import load_facts
from app.use_cases.view_patient import Names, flag_row

RECENT = timedelta(days=90)
"""How long a closed flag is still explained (ours)."""


@dataclass(frozen=True, slots=True)
class FlagExplanation:
    """One flag: which rule, which numbers, which source, whose it is and what would close it."""

    flag: FlagRow
    rules: tuple[Rule, ...]
    protocol: Protocol | None
    """The version that last found it, where a protocol did."""
    numbers: tuple[tuple[str, str], ...]
    sum: str
    """The arithmetic on paper; empty where nothing was reckoned."""
    then: str
    closes: str


@dataclass(frozen=True, slots=True)
class AbsentFlag:
    """A kind of flag that is not there, and why."""

    kind: str
    title: str
    words: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class PatientExplanation:
    """Everything there is to say to the person who asks "why?"."""

    patient_id: UUID
    name: str
    protocol: Protocol | None
    """What the open episode is judged by."""
    instrument: str
    judged_by_words: str
    """Why another instrument judges than the target's own; empty where it does."""
    flags: list[FlagExplanation]
    closed: list[FlagExplanation]
    """Those closed within the last three months."""
    absent: list[AbsentFlag]
    today: date


async def explain_flags(store: Store, patient_id: UUID, today: date) -> PatientExplanation:
    """Why each flag of a patient is there, and the others are not; the look is audited."""
    store.actor.require(Permission.VIEW_PATIENT)
    patient = await patients.get_patient(store, patient_id)
    await audit.record(store, "patient.explain", patient_id=patient_id)
    held = await flags.list_flags(store, patient_id)
    recent = [f for f in held if f.closed_at is None or f.closed_at >= store.now - RECENT]
    told = await _explained(store, recent)
    known = facts_in_care((await load_facts(store, [patient_id]))[0])
    instrument, instead = ("", "")
    absent: list[AbsentFlag] = []
    if known is not None:
        judging, instead = judging_instrument(known)
        instrument = judging.short_title
        there = {FlagKind(flag.kind) for flag in held if flag.state != "closed"}
        absent = [_absent(one.kind, one.words) for one in why_not(known, there, today)]
    return PatientExplanation(
        patient_id=patient_id,
        name=patient.name,
        protocol=known.protocol if known else None,
        instrument=instrument,
        judged_by_words=instead,
        flags=sorted((t for t in told if t.flag.closed_at is None), key=_order),
        closed=[t for t in told if t.flag.closed_at is not None],
        absent=absent,
        today=today,
    )


def _order(told: FlagExplanation) -> tuple[int, str]:
    return FLAG_POLICY[FlagKind(told.flag.kind)].rank, told.flag.opened_at.isoformat()


def _absent(kind: FlagKind, words: str) -> AbsentFlag:
    return AbsentFlag(kind.value, FLAG_POLICY[kind].title, words, rules_for(kind))


async def _explained(store: Store, held: Sequence[Flag]) -> list[FlagExplanation]:
    people = {i for f in held for i in (f.owner_id, f.acknowledged_by_id, f.closed_by_id) if i}
    names = Names(await rosters.staff_names(store, people), {}, {})
    by_name = await protocols.find_named(store, {f.protocol for f in held if f.protocol})
    return [_explanation(flag_row(f, names), by_name.get(f.protocol or "")) for f in held]


def _explanation(flag: FlagRow, protocol: Protocol | None) -> FlagExplanation:
    kind = FlagKind(flag.kind)
    return FlagExplanation(
        flag=flag,
        rules=rules_for(kind, flag.evidence),
        protocol=protocol,
        numbers=numbers(flag.evidence),
        sum=str(flag.evidence.get("sum", "")),
        then=str(flag.evidence.get("then", "")),
        closes=READINGS[kind].closes,
    )
