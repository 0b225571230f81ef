"""A caseload as a Group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from fhir_mappings.published import (
    coding,
    concept,
    days,
    instant_text,
    ours,
    record_identifier,
    reference,
)
from fhir_mappings.security import security_meta

GROUP_CODES = "https://stepwell.example/fhir/CodeSystem/caseload"
_KINDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "everyone": ("Everyone in care", "Everyone in care at {}", "Organization"),
        "clinic": ("Caseload of a clinic", "In care at {}", "Organization"),
        "care-manager": ("Caseload of a care manager", "Caseload of {}", "Practitioner"),
    }
)
"""Kind → (what it is, what one of it is called, what answers for it)."""


@dataclass(frozen=True, slots=True)
class PublishedMember:
    """Somebody in a group: since when, and until when if they left."""

    fhir_id: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PublishedGroup:
    """A caseload as others are told of it."""

    group_id: str
    kind: str
    name: str
    active: bool
    quantity: int
    members: Sequence[PublishedMember] | None
    """None where they are too many to be named."""
    as_of: datetime
    part_two: bool = False
    """Somebody is named for being treated by a Part 2 program."""


def render_group(group: PublishedGroup) -> dict[str, Any]:
    """The Group as it is at this moment: it has no versions."""
    what, called, answers = _KINDS[group.kind]
    meta = {"lastUpdated": instant_text(group.as_of), **ours()}
    resource: dict[str, Any] = {
        "resourceType": "Group",
        "id": group.group_id,
        "meta": meta | security_meta(meta, part_two=group.part_two),
        "identifier": [record_identifier("caseload", group.group_id)],
        "active": group.active,
        "type": "person",
        "actual": True,
        "code": concept(coding(GROUP_CODES, group.kind, what), text=what),
        "name": called.format(group.name),
        "quantity": group.quantity,
        "managingEntity": reference(answers, group.group_id),
    }
    if group.members:
        resource["member"] = [_member(one) for one in group.members]
    return resource


def _member(member: PublishedMember) -> dict[str, Any]:
    left = {"inactive": True} if member.until else {}
    return {
        "entity": reference("Patient", member.fhir_id),
        "period": days(member.since, member.until),
        **left,
    }
