"""What a sender is told: of a resource that came alone, and of each entry of a Bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from app.errors import RegistryError
from app.use_cases.arrivals import Outcome, Result
from app.web.fhir.errors import status_of
from fhir_mappings.json_text import write_json
from fhir_mappings.operation_outcome import outcome, refusal_issues, remark_issues
from fhir_mappings.publish import instant_text
from fhir_mappings.reading import Remark


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, before it is a response."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    resource: tuple[str, str] | None = None
    """Type and id of what a message of one resource came to be."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be said of one entry."""

    outcome: Outcome | None = None
    remarks: tuple[Remark, ...] = ()
    refusal: RegistryError | None = None

    @property
    def status(self) -> int:
        if self.refusal is not None:
            return status_of(self.refusal)
        created = self.outcome is not None and self.outcome.result is Result.CREATED
        return 201 if created else 200

    def issues(self) -> list[dict[str, Any]]:
        refused = refusal_issues(self.refusal) if self.refusal is not None else []
        return refused + remark_issues(self.remarks)

    def reasons(self) -> list[dict[str, str]]:
        """The issues as an operator reads them."""
        return [
            {
                "severity": issue["severity"],
                "code": issue["details"]["coding"][0]["code"],
                "where": issue.get("expression", [""])[0],
                "what": issue["diagnostics"],
            }
            for issue in self.issues()
        ]


def entity_tag(version: int | None) -> str:
    return f'W/"{version}"'


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def location(base: str, told: Outcome) -> str:
    return f"{base}/{told.resource_type}/{told.resource_id}/_history/{told.version}"


def answer_alone(told: Told, base: str) -> Answer:
    """The answer to a create or update of one resource."""
    found = told.outcome
    assert found is not None  # refusals are raised instead
    assert found.resource_id is not None
    headers = {"ETag": entity_tag(found.version), "Location": location(base, found)}
    if found.last_updated is not None:
        headers["Last-Modified"] = http_date(found.last_updated)
    issues = told.issues() or [_kept(found)]
    body = write_json(outcome(issues))
    return Answer(told.status, body, headers, (found.resource_type, found.resource_id))


def _kept(found: Outcome) -> dict[str, Any]:
    words = f"{found.resource_type}/{found.resource_id} is {found.result.value}."
    return {"severity": "information", "code": "informational", "diagnostics": words}


def answer_bundle(told: Sequence[Told], base: str, kind: str) -> Answer:
    """The answer to a Bundle: one entry for each entry, in their order."""
    bundle = {
        "resourceType": "Bundle",
        "type": f"{kind}-response",
        "entry": [{"response": _entry_response(one, base)} for one in told],
    }
    if not told:
        del bundle["entry"]  # FHIR JSON has no empty arrays
    return Answer(200, write_json(bundle))


def _entry_response(told: Told, base: str) -> dict[str, Any]:
    status = HTTPStatus(told.status)
    response: dict[str, Any] = {"status": f"{status.value} {status.phrase}"}
    found = told.outcome
    if found is not None and found.resource_id is not None:
        response["location"] = location(base, found)
        response["etag"] = entity_tag(found.version)
        if found.last_updated is not None:
            response["lastModified"] = instant_text(found.last_updated)
    issues = told.issues()
    if issues:
        response["outcome"] = outcome(issues)
    return response
