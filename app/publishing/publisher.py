"""The publisher chosen in wiring: what was saved, rendered once as FHIR R4 and kept as served."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.catalogue import INSTRUMENTS
from app.domain.criteria import Index
from app.publishing.nouns import NOUNS
from app.store import merges, resource_index, resources
from app.store.disclosure import general_records, whole_record
from app.store.merges import Links
from app.store.publishing import (
    Changed,
    ChangedAssessment,
    ChangedPatient,
    ReceivedBody,
    RelinkedPatient,
)
from app.store.resource_index import Indexed
from app.store.resources import ResourceFacts
from app.store.transaction import Publication, Store
from fhir_mappings.indexing import index_of
from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.links import with_links
from fhir_mappings.publish import (
    PublishedAssessment,
    render_completed_form,
    render_known_patient,
    render_received,
    render_score,
)
from fhir_mappings.security import without_labels


@dataclass(frozen=True, slots=True)
class FhirPublisher:
    """Renders each changed record by `fhir_mappings` and appends the version that is served."""

    base: str = ""
    """Where the FHIR face is reached: a reference there is one of ours."""

    async def publish(self, store: Store, saved: Sequence[Any]) -> None:
        """Called at the end of a transaction with everything it saved, in order."""
        async with whole_record(store):
            await self._publish(store, saved)

    async def _publish(self, store: Store, saved: Sequence[Any]) -> None:
        async with general_records(store):  # whom only a program knows is named to nobody
            links = await merges.list_links(store, _patients_of(saved))
        publications = [_received(store, c, links) for c in saved if isinstance(c, ReceivedBody)]
        own = await _own(store, saved)
        states = await resources.save_resources(store, [facts for facts, _ in own.values()])
        for (facts, body), state in zip(own.values(), states, strict=True):
            if state.changed:
                publications.append(_version(store, facts, body, state.version, links))
        publications += await _relinked(store, saved, publications, links)
        await resources.append_versions(store, publications)
        await resource_index.save_index(store, self._indexed(store, publications))

    def _indexed(
        self, store: Store, publications: Sequence[tuple[Publication, UUID | None]]
    ) -> list[Indexed]:
        """What each is found by, in the newest of its versions."""
        newest = {(one.resource_type, one.resource_id): one for one, _ in publications}
        zone = ZoneInfo(store.time_zone)
        return [
            Indexed(kind, name, self._index(one, zone), one.version == 1)
            for (kind, name), one in newest.items()
        ]

    def _index(self, one: Publication, zone: ZoneInfo) -> Index:
        """What was taken away is found by nothing."""
        return Index() if one.deleted else index_of(read_json(one.body), self.base, zone)


def _patients_of(saved: Sequence[Any]) -> list[str]:
    """The Patients that are published anew."""
    return [
        change.resource_id if isinstance(change, ReceivedBody) else change.fhir_id
        for change in saved
        if isinstance(change, (ChangedPatient, RelinkedPatient))
        or (isinstance(change, ReceivedBody) and change.resource_type == "Patient")
    ]


def _linked(body: bytes, resource_type: str, resource_id: str, links: Mapping[str, Links]) -> bytes:
    """A Patient that was joined with others tells so, whoever's it is."""
    if resource_type != "Patient" or resource_id not in links:
        return body
    found = links[resource_id]
    return write_json(with_links(read_json(body), found.replaced_by, found.replaces))


async def _relinked(
    store: Store,
    saved: Sequence[Any],
    publications: Sequence[tuple[Publication, UUID | None]],
    links: Mapping[str, Links],
) -> list[tuple[Publication, UUID | None]]:
    """Patients of which only the links changed, unless a new version tells of them anyway."""
    told = {one.resource_id for one, _ in publications if one.resource_type == "Patient"}
    changed = [c for c in saved if isinstance(c, RelinkedPatient)]
    wanted = {c.fhir_id for c in changed} - told
    bare = {c.fhir_id for c in changed if c.unlabelled}
    found = []
    for fhir_id in sorted(wanted):
        held = await resources.take_next_version(store, "Patient", fhir_id)
        if held is None:
            continue
        stands = links.get(fhir_id, Links(None, ()))
        linked = with_links(read_json(held.body), stands.replaced_by, stands.replaces)
        plain = write_json(without_labels(linked) if fhir_id in bare else linked)
        found.append(_publication(store, Named("Patient", fhir_id, held.version), held, plain))
    return found


def _received(
    store: Store, change: ReceivedBody, links: Mapping[str, Links]
) -> tuple[Publication, UUID | None]:
    named = Named(change.resource_type, change.resource_id, change.version)
    if change.deleted:
        return Publication(*named, b"", change.program_id, deleted=True), change.patient_id
    body = _linked(change.body, change.resource_type, change.resource_id, links)
    return _publication(store, named, change, body)


class Named(NamedTuple):
    """Which version of which resource."""

    resource_type: str
    resource_id: str
    version: int


class About(Protocol):
    """Whom something published is about, and whose record it is."""

    @property
    def patient_id(self) -> UUID | None: ...
    @property
    def program_id(self) -> UUID | None: ...


def _publication(
    store: Store, named: Named, about: About, body: bytes
) -> tuple[Publication, UUID | None]:
    """The version as it is served: labelled where it is a Part 2 program's record."""
    program = about.program_id
    served = render_received(body, *named, store.now, part_two=program is not None)
    return Publication(*named, served, program), about.patient_id


def _version(
    store: Store, facts: ResourceFacts, body: bytes, version: int, links: Mapping[str, Links]
) -> tuple[Publication, UUID | None]:
    linked = _linked(body, facts.resource_type, facts.resource_id, links)
    named = Named(facts.resource_type, facts.resource_id, version)
    return _publication(store, named, facts, linked)


async def _own(
    store: Store, saved: Sequence[Any]
) -> dict[tuple[str, str], tuple[ResourceFacts, bytes]]:
    """The resources of ours that a transaction changed, each as it finally stands."""
    found: dict[tuple[str, str], tuple[ResourceFacts, bytes]] = {}
    changed = {c.assessment_id: c for c in saved if isinstance(c, ChangedAssessment)}
    quiet = [str(key) for key, change in changed.items() if not change.publish_score]
    told_before = await resources.existing_ids(store, "Observation", quiet)
    for resource, change in _rendered(changed.values(), told_before):
        facts, body = _of_assessment(resource, change)
        found[facts.resource_type, facts.resource_id] = facts, body
    for change in saved:
        if isinstance(change, ChangedPatient):
            found["Patient", change.fhir_id] = _of_patient(change)
    for facts, body in await _of_nouns(store, saved):
        found[facts.resource_type, facts.resource_id] = facts, body
    return found


async def _of_nouns(store: Store, saved: Sequence[Any]) -> list[tuple[ResourceFacts, bytes]]:
    """What changed of the nouns that are published by themselves, each as it finally stands."""
    by_noun: dict[str, dict[UUID, None]] = {}
    for change in saved:
        if isinstance(change, Changed):
            by_noun.setdefault(change.noun, {})[change.record_id] = None
    found = []
    for noun, ids in by_noun.items():
        for own in await NOUNS[noun].render(store, list(ids)):
            found.append(own.facts_and_body())
    return found


def _rendered(
    changed: Iterable[ChangedAssessment], told_before: set[str]
) -> Iterator[tuple[dict[str, Any], ChangedAssessment]]:
    for change in changed:
        own_id = str(change.assessment_id)
        told = PublishedAssessment(
            assessment_id=own_id,
            instrument=INSTRUMENTS[change.instrument_id],
            patient_fhir_id=change.patient_fhir_id,
            answers=change.answers,
            total=change.total,
            prorated=change.prorated,
            severity=change.severity,
            status=change.status,
            effective_at=change.effective_at,
            derived_from=change.derived_from,
            by=change.recorded_by,
        )
        if change.publish_form:
            yield render_completed_form(told), change
            told = replace(told, derived_from=(f"QuestionnaireResponse/{own_id}",))
        if change.publish_score or own_id in told_before:
            yield render_score(told), change


def _of_assessment(
    resource: dict[str, Any], change: ChangedAssessment
) -> tuple[ResourceFacts, bytes]:
    body = write_json(resource)
    facts = ResourceFacts(
        resource_type=str(resource["resourceType"]),
        resource_id=str(change.assessment_id),
        content_digest=hashlib.sha256(body).hexdigest(),
        patient_id=change.patient_id,
        effective_at=change.effective_at,
        ours=True,
        program_id=change.program_id,
    )
    return facts, body


def _of_patient(change: ChangedPatient) -> tuple[ResourceFacts, bytes]:
    resource = render_known_patient(
        family=change.family_name,
        given=change.given_names,
        name=change.display_name,
        birth_on=change.birth_on,
        sex=change.sex,
        identifiers=change.identifiers,
    )
    body = write_json(resource)
    facts = ResourceFacts(
        resource_type="Patient",
        resource_id=change.fhir_id,
        content_digest=hashlib.sha256(body).hexdigest(),
        patient_id=change.patient_id,
        ours=True,
        program_id=change.program_id,
    )
    return facts, body
