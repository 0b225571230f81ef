"""Resources of ours: how a noun of the registry hands over what it looks like as FHIR."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from app.store.resources import ResourceFacts
from app.store.transaction import Store
from fhir_mappings.json_text import write_json


@dataclass(frozen=True, slots=True)
class OwnResource:
    """A resource of ours as it now stands, without meta.versionId and meta.lastUpdated."""

    resource: Mapping[str, Any]
    """With its resourceType and its id, which stays the same for as long as the record is kept."""
    patient_id: UUID | None = None
    """Whom it is about; None for people, places and definitions."""
    effective_at: datetime | None = None
    program_id: UUID | None = None
    """The Part 2 program whose record it is, if it is one's."""

    def facts_and_body(self) -> tuple[ResourceFacts, bytes]:
        """What the store keeps beside it, and the body."""
        body = write_json(self.resource)
        facts = ResourceFacts(
            resource_type=str(self.resource["resourceType"]),
            resource_id=str(self.resource["id"]),
            content_digest=hashlib.sha256(body).hexdigest(),
            patient_id=self.patient_id,
            effective_at=self.effective_at,
            ours=True,
            program_id=self.program_id,
        )
        return facts, body


class Rendering(Protocol):
    """A noun that is published: loads what the records with these ids say now, and renders it.

    It is called once at the end of a transaction with every id of the noun that changed in it, in
    the order of their changes, each once; one query for all of them, not one for each.
    """

    async def __call__(self, store: Store, ids: Sequence[UUID]) -> Sequence[OwnResource]: ...


class Listing(Protocol):
    """Every id of a noun in the organization, a page at a time, for `republish`.

    Returns at most ``count`` ids greater than ``after``, in their order.
    """

    async def __call__(self, store: Store, after: UUID | None, count: int) -> Sequence[UUID]: ...


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun of the registry that goes out as FHIR."""

    render: Rendering
    list_ids: Listing
    types: tuple[str, ...] = ()
    """The types of FHIR R4 that it becomes."""
