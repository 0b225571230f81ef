"""What a sender is told: of what came alone, and of each entry of a Bundle."""

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


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be said of one entry."""

    outcome: Outcome | None = None
    remarks: tuple[Remark, ...] = ()
    refusal: RegistryError | None = None
    read: Answer | None = None
    """What a read was answered with."""
    without_body: bool = False
    body: bytes | None = None
    """What was written, as it is served now, where that is to be told."""
    unkept: bool = False
    """Its content is of a kind that is not kept."""

    @property
    def status(self) -> int:
        if self.refusal is not None:
            return status_of(self.refusal)
        if self.read is not None:
            return self.read.status
        result = self.outcome.result if self.outcome is not None else None
        return {Result.CREATED: 201, Result.DELETED: 204}.get(result, 200) if result else 200

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


def answer_alone(told: Told, base: str, wanted: str | None) -> Answer:
    """The answer to a create, update, patch or delete of one resource, as it is preferred.

    Where nothing is preferred, the resource as it is served from now on: clients read the answer
    as the resource. What else is to be said of it is then in Warning headers.
    """
    found = told.outcome
    assert found is not None  # refusals are raised instead
    headers = _headers(told, found, base)
    if wanted is not None:
        headers["Preference-Applied"] = f"return={wanted}"
    if wanted == "OperationOutcome":
        status = 200 if told.status == 204 else told.status
        return Answer(status, write_json(outcome(told.issues() or [_kept(found)])), headers)
    headers |= _warnings(told)
    if told.status == 204 or wanted == "minimal":
        return Answer(told.status, b"", headers)
    if told.body is not None:
        headers["Content-Location"] = location(base, found)
        return Answer(told.status, told.body, headers)
    headers.pop("Preference-Applied", None)  # the sender may not read what it wrote
    return Answer(told.status, write_json(outcome(told.issues() or [_kept(found)])), headers)


def _headers(told: Told, found: Outcome, base: str) -> dict[str, str]:
    headers = {}
    if found.version is not None:
        headers["ETag"] = entity_tag(found.version)
    if found.version is not None and found.result is not Result.DELETED:
        headers["Location"] = location(base, found)
    if found.last_updated is not None:
        headers["Last-Modified"] = http_date(found.last_updated)
    return headers


MOST_WARNINGS = 1_500
"""Characters that headers can be trusted to carry; the whole is told by return=OperationOutcome."""


def _warnings(told: Told) -> dict[str, str]:
    """RFC 7234, 5.5: what the sender should know, beside a body that is the resource."""
    said = [issue["diagnostics"] for issue in told.issues() if issue["severity"] == "warning"]
    plain = [one.encode("ascii", "replace").decode().replace('"', "'") for one in said]
    text = ", ".join(f'199 stepwell "{one}"' for one in plain)
    if not text:
        return {}
    whole = len(text) <= MOST_WARNINGS
    short = '199 stepwell "There is more to say of this: send Prefer: return=OperationOutcome."'
    return {"Warning": text if whole else short}


def _kept(found: Outcome) -> dict[str, Any]:
    named = "/".join(filter(None, (found.resource_type, found.resource_id)))
    words = f"{named} is {found.result.value}."
    return {"severity": "information", "code": "informational", "diagnostics": words}


def answer_bundle(told: Sequence[Told], base: str, kind: str, wanted: str | None) -> Answer:
    """The answer to a Bundle: one entry for each entry, in their order."""
    head = write_json({"resourceType": "Bundle", "type": f"{kind}-response"})
    if not told:
        return Answer(200, head)  # FHIR JSON has no empty arrays
    entries = b",".join(
        _entry(one, base, wanted, f"Bundle.entry[{n}]") for n, one in enumerate(told)
    )
    headers = {"Preference-Applied": f"return={wanted}"} if wanted else {}
    return Answer(200, head[:-1] + b',"entry":[' + entries + b"]}", headers)


def _entry(told: Told, base: str, wanted: str | None, where: str) -> bytes:
    """Bodies stay as they are: they are not parsed again."""
    frame: dict[str, Any] = {}
    found = told.outcome
    if found is not None and found.resource_id is not None and told.body is not None:
        frame["fullUrl"] = f"{base}/{found.resource_type}/{found.resource_id}"
    frame["response"] = _entry_response(told, base, wanted, where)
    shown = told.body
    if told.read is not None and not told.without_body:
        shown = told.read.body
    if not shown:
        return write_json(frame)
    return write_json(frame)[:-1] + b',"resource":' + shown + b"}"


def _entry_response(told: Told, base: str, wanted: str | None, where: str) -> dict[str, Any]:
    status = HTTPStatus(told.status)
    response: dict[str, Any] = {"status": f"{status.value} {status.phrase}"}
    found = told.outcome
    if found is not None and found.version is not None:
        if found.result is not Result.DELETED:
            response["location"] = location(base, found)
        response["etag"] = entity_tag(found.version)
        if found.last_updated is not None:
            response["lastModified"] = instant_text(found.last_updated)
    if told.read is not None and "ETag" in told.read.headers:
        response["etag"] = told.read.headers["ETag"]
    issues = told.issues()
    if wanted == "OperationOutcome" and found is not None:
        issues = issues or [_kept(found)]
    if told.refusal is not None:
        issues = [{**issue, "expression": issue.get("expression", [where])} for issue in issues]
    if issues:
        response["outcome"] = outcome(issues)
    return response
