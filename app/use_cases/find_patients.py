"""Find a patient by name in any order, birth date or record number."""

import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.domain.episode import EpisodeStatus, is_open
from app.domain.patient import fold
from app.store import audit, episodes, patients
from app.store.patients import Patient
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class FoundPatient:
    """A patient in a list of search results."""

    patient_id: UUID
    name: str
    birth_on: date | None
    sex: str
    identifiers: list[tuple[str, str]]
    in_care: bool


async def find_patients(store: Store, query: str, limit: int = 25) -> list[FoundPatient]:
    """Patients who fit every word; words with digits are tried as a date or a record number."""
    store.actor.require(Permission.VIEW_PATIENT)
    found = await search_by_words(store, query, limit)
    if found is None:
        return []
    await audit.record(store, "patient.search", shown=[one.patient_id for one in found])
    return [
        FoundPatient(
            p.patient_id,
            p.name,
            p.birth_on,
            p.sex,
            [
                (i.kind or i.system, i.value)
                for i in await patients.list_identifiers(store, p.patient_id)
            ],
            any(
                is_open(EpisodeStatus(e.status))
                for e in await episodes.list_episodes(store, p.patient_id)
            ),
        )
        for p in found
    ]


async def search_by_words(store: Store, query: str, limit: int) -> list[Patient] | None:
    """Those whom the words find; None where nothing was asked. For use within other views."""
    words = query.split()
    days = [day for word in words if (day := _day(word))]
    numbers = [word for word in words if re.search(r"\d", word) and not _day(word)]
    tokens = fold(" ".join(word for word in words if not re.search(r"\d", word)))
    if not (days or numbers or tokens):
        return None
    return await patients.search_patients(
        store, tokens, days[0] if days else None, numbers[0] if numbers else None, limit
    )


def _day(word: str) -> date | None:
    """A birth date as typed: 1987-02-20 or 2/20/1987."""
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", word)
    american = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", word)
    try:
        if iso:
            return date(*map(int, iso.groups()))
        if american:
            month, day, year = map(int, american.groups())
            return date(year, month, day)
    except ValueError:
        return None
    return None
