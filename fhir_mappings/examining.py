"""Whether a resource is FHIR R4, and what would be read in it, whoever it is about."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.errors import Problem, RegistryError
from fhir_mappings.conformance import TAKEN
from fhir_mappings.operation_outcome import refusal_issues, remark_issues
from fhir_mappings.reading import InvalidResource, Remark, Setting, Unkept
from fhir_mappings.references import Names
from fhir_mappings.resources import read_resource
from fhir_mappings.validation import check_shape


def examine(
    resource: Mapping[str, Any], kind: str, now: datetime, base: str
) -> list[dict[str, Any]]:
    """The issues of a resource of this type; none where all is well.

    `now` is told in the clinic's time zone, `base` is the address of this server's FHIR face.
    """
    try:
        return remark_issues(_examined(resource, kind, now, base))
    except RegistryError as refusal:
        return refusal_issues(refusal)


def _examined(
    resource: Mapping[str, Any], kind: str, now: datetime, base: str
) -> tuple[Remark, ...]:
    if resource.get("resourceType") != kind:
        problem = Problem("resourceType", f"Send a {kind} here.")
        raise InvalidResource(f"This is no {kind}.", [problem])
    if kind not in TAKEN:
        check_shape(resource, kind)
        words = f"A {kind} is given out here and never taken."
        return (Remark("information", "not-supported", kind, words),)
    zone = now.tzinfo
    assert zone is not None
    setting = Setting(kind, zone, now.date(), Names(base).resolver(None))
    reading = read_resource(resource, setting)
    if isinstance(reading.content, Unkept):
        told = reading.content
        return (Remark("error", told.code, told.where, told.words), *reading.remarks)
    return tuple(reading.remarks)
