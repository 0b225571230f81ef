"""Searches and reads, answered with the bodies as they were published."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from app.domain.criteria import AboutPatient, AnyOf, Criterion, HasId, HasToken
from app.use_cases.read_resources import (
    ResourcePage,
    StoredResource,
    search_resources,
)
from app.web.fhir.answers import Answer
from app.web.fhir.bundling import entry, page_links, searchset
from app.web.fhir.negotiation import preferred_handling
from app.web.fhir.origins import with_origins
from app.web.fhir.parameters import Pairs, Read, read_search
from app.web.fhir.shaping import shaped_body
from fhir_mappings.conformance import TYPES
from fhir_mappings.json_text import write_json
from fhir_mappings.operation_outcome import outcome, remark_issues
from fhir_mappings.reading import Remark
from fhir_mappings.shaping import Shape

MAX_ID = 64
"""FHIR R4: an id has 1 to 64 characters."""


async def search_within(
    store: Any, kind: str, pairs: Pairs, headers: Mapping[str, str], base: str, place: str = ""
) -> Answer:
    """A searchset Bundle with its own link and, where there is more, the next page's.

    `place` is the compartment in which is searched, such as ``Patient/85/Observation``.
    """
    read = read_search(
        kind,
        pairs,
        base,
        ZoneInfo(store.actor.time_zone),
        handling=preferred_handling(headers),
        within=compartment_of(kind, place),
        now=store.now,
    )
    already = len(store.disclosed)
    page = await search_resources(store, read.search)
    page = await with_origins(store, read.search, page)
    return paged(page, read, base, place or kind, tuple(store.disclosed[already:]))


def paged(page: ResourcePage, read: Read, base: str, place: str, told: Sequence[str]) -> Answer:
    """The Bundle of one page; `told` are the grounds on which records were shown."""
    links = page_links(f"{base}/{place}", read.used, page.next_cursor)
    return searchset(_entries(page, read, base), links, told, page.total)


def compartment_of(kind: str, place: str) -> tuple[Criterion, ...]:
    """What lies in the compartment of the patient whom the place names, if it names one."""
    _, _, rest = place.partition("/")
    if not rest:
        return ()
    patient = rest.partition("/")[0]
    return (AnyOf(tuple(_links_to(name, patient) for name in TYPES[kind].compartment)),)


def _links_to(name: str, patient: str) -> Criterion:
    if name == "_id":
        return HasId((patient,))
    if name == "patient":
        return AboutPatient((patient,))
    return HasToken(name, (("Patient", patient),))


def _entries(page: ResourcePage, read: Read, base: str) -> Iterator[bytes]:
    for one in page.resources:
        yield _entry(one, base, "match", read.shape)
    for one in page.included:
        yield _entry(one, base, "include", read.shape)
    if read.left_aside:
        yield left_aside(read)
    if not page.is_whole:
        yield _told([Remark("warning", "too-costly", "_include", _MORE_ALONG)])


def _entry(found: StoredResource, base: str, mode: str, shape: Shape) -> bytes:
    body = shaped_body(found.body, shape, searched=mode == "match")
    return entry(found, base, {"mode": mode}, body)


def left_aside(read: Read) -> bytes:
    """What was asked and is not offered: told, since more may be found than was meant."""
    words = "This parameter is not offered and was left aside."
    return _told([Remark("warning", "not-supported", name, words) for name in read.left_aside])


_MORE_ALONG = "More belongs to this page than comes along with it: ask for less, or search for it."


def _told(remarks: Sequence[Remark]) -> bytes:
    told = {"resource": outcome(remark_issues(remarks)), "search": {"mode": "outcome"}}
    return write_json(told)
