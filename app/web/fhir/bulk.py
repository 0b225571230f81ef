"""Bulk Data Access 2.0: $export for the whole registry, for all patients, for a group of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from app.domain.actor import Actor
from app.domain.criteria import Criterion, types_named_in
from app.domain.scopes import Interaction, covers
from app.errors import Failed, Malformed, NotFound, NotSupported, Problem
from app.use_cases.export_resources import (
    Export,
    Wanted,
    begin_export,
    cancel_export,
    look_at_export,
    remove,
    take_file,
)
from app.use_cases.read_groups import list_group_members
from app.web.dependencies import IntegrationClient
from app.web.fhir.asking import asked_of
from app.web.fhir.caseloads import group_id_of
from app.web.fhir.errors import FHIR_JSON, body_of
from app.web.fhir.negotiation import preferred_handling, prefers_async
from app.web.fhir.parameters import read_search
from app.web.fhir.routing import FhirRoute
from app.web.fhir.services import Services, base_of, services_of
from fhir_mappings.conformance import PUBLISHED, TYPES
from fhir_mappings.instants import TimeNotUsable, read_instant
from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.operation_inputs import Inputs
from fhir_mappings.operation_outcome import outcome, remark_issues
from fhir_mappings.reading import Remark
from fhir_mappings.shaping import Shape, Summary, shaped

NDJSON = "application/fhir+ndjson"
FORMATS = (NDJSON, "application/ndjson", "ndjson")
LASTS = timedelta(hours=24)
"""For so long the files of an export may be taken."""
AGAIN_SECONDS = 5
"""When a client is asked to look again."""
PEOPLE_AND_PLACES = ("Practitioner", "PractitionerRole", "Organization", "Location")
MOST_FILTERS = 50
_KNOWN = ("_outputFormat", "_since", "_type", "_typeFilter", "_elements", "patient")
_ONCE = ("_outputFormat", "_since")

router = APIRouter(route_class=FhirRoute, include_in_schema=False)
AppServices = Annotated[Services, Depends(services_of)]


@router.get("/$export")
@router.post("/$export", name="post_export_system")
async def export_system(
    request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Everything that the token's scopes reach."""
    return await _begin(request, actor, services)


@router.get("/Patient/$export")
@router.post("/Patient/$export", name="post_export_patients")
async def export_patients(
    request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """What is about patients, and the people and places around them."""
    return await _begin(request, actor, services, of_patients=True)


@router.get("/Group/{resource_id}/$export")
@router.post("/Group/{resource_id}/$export", name="post_export_group")
async def export_group(
    resource_id: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """The same for those who are in a caseload when it is asked for."""
    place, request_id = "/fhir/Group/$export", getattr(request.state, "request_id", None)
    async with services.database.transaction(actor, request_id=request_id, place=place) as store:
        members = await list_group_members(store, group_id_of(resource_id))
    return await _begin(request, actor, services, of_patients=True, members=tuple(members))


async def _begin(
    request: Request,
    actor: Actor,
    services: Services,
    *,
    of_patients: bool = False,
    members: tuple[str, ...] | None = None,
) -> Response:
    if not prefers_async(request.headers):
        problem = Problem("Prefer", "Send Prefer: respond-async.")
        raise Malformed("An export is answered later.", [problem])
    inputs = await asked_of(request)
    handling = preferred_handling(request.headers)
    wanted = read_wanted(inputs, actor, base_of(request), handling, of_patients=of_patients)
    if members is not None:
        wanted = _within(wanted, members)
    address = str(request.url.replace(scheme="", netloc="")).lstrip("/")
    asked = f"{base_of(request).removesuffix('/fhir')}/{address}"
    place = f"/{address.partition('?')[0]}"
    request_id = getattr(request.state, "request_id", None)
    async with services.database.transaction(actor, request_id=request_id, place=place) as store:
        export_id = await begin_export(store, wanted, asked, LASTS)
    location = f"{base_of(request)}/$export-status/{export_id}"
    words = "Taken; its address tells how far it is."
    body = write_json(outcome([_issue(words)]))
    return Response(body, 202, {"Content-Location": location}, FHIR_JSON)


def _within(wanted: Wanted, members: tuple[str, ...]) -> Wanted:
    """Of a group's members, and of these the patients who were named, if any were."""
    named = wanted.patients
    chosen = members if named is None else tuple(one for one in members if one in set(named))
    return replace(wanted, patients=chosen)


def _issue(words: str) -> dict[str, Any]:
    return {"severity": "information", "code": "informational", "diagnostics": words}


def read_wanted(
    inputs: Inputs, actor: Actor, base: str, handling: str | None, *, of_patients: bool
) -> Wanted:
    """What is asked for; raises Malformed naming each fault, InsufficientScope for a type."""
    names = [name for name, _ in inputs.pairs]
    if "includeAssociatedData" in names:
        problem = Problem("includeAssociatedData", "Leave it out; ask for the types by _type.")
        raise NotSupported("Associated data are not offered.", [problem])
    strange = tuple(dict.fromkeys(name for name in names if name not in _KNOWN))
    problems = [Problem(name, "This parameter is not offered here.") for name in strange]
    if handling == "lenient":
        problems = []
    problems += [Problem(name, "Give it once.") for name in _ONCE if names.count(name) > 1]
    problems += [Problem(n, "A NUL is never meant.") for n, text in inputs.pairs if "\x00" in text]
    chosen = inputs.first("_outputFormat")
    if chosen is not None and chosen.replace(" ", "+") not in FORMATS:
        problems.append(Problem("_outputFormat", f"Offered are {', '.join(FORMATS)}."))
    if problems:
        raise Malformed("The export cannot be read.", problems)
    types = _types(inputs, actor, of_patients=of_patients)
    return Wanted(
        types=types,
        since=_since(inputs, actor),
        filters=_filters(inputs, types, base, actor),
        elements=tuple(inputs.every("_elements")),
        patients=_patients(inputs, base, of_patients=of_patients),
        of_patients=of_patients,
        scopes=tuple(sorted(actor.scopes)),
        left_aside=strange,
    )


def _types(inputs: Inputs, actor: Actor, *, of_patients: bool) -> tuple[str, ...]:
    """Those that are named, else those that the scopes reach; in the table's order."""
    offered = [
        one
        for one in PUBLISHED
        if not of_patients or TYPES[one].compartment or one in PEOPLE_AND_PLACES
    ]
    named = inputs.every("_type")
    strange = [one for one in named if one not in offered]
    if strange:
        problem = Problem("_type", f"Offered are {', '.join(offered)}.")
        raise Malformed("The export cannot be read.", [problem])
    if named:
        return tuple(one for one in offered if one in named)
    found = tuple(one for one in offered if covers(actor.scopes, one, Interaction.READ))
    return found or ("Patient",)  # nothing is reached: refused by the use case, by its name


def _since(inputs: Inputs, actor: Actor) -> Any:
    text = inputs.first("_since")
    try:
        zone = ZoneInfo(actor.time_zone)
        return None if text is None else read_instant(text.replace(" ", "+"), zone)
    except TimeNotUsable as error:
        raise Malformed("The export cannot be read.", [Problem("_since", str(error))]) from None


def _filters(
    inputs: Inputs, types: Sequence[str], base: str, actor: Actor
) -> Mapping[str, tuple[str, ...]]:
    """``Observation?code=…`` by its type; each is read once here, so that its faults are told."""
    found: dict[str, list[str]] = {}
    texts = [text for name, text in inputs.pairs if name == "_typeFilter"]
    whole = [one for text in texts for one in _parted(text)]
    if len(whole) > MOST_FILTERS:
        problem = Problem("_typeFilter", f"Give at most {MOST_FILTERS}.")
        raise Malformed("The export cannot be read.", [problem])
    for one in whole:
        kind, mark, query = one.partition("?")
        if kind not in types or not mark:
            words = "Write Type?parameter=value, of a type that is exported."
            raise Malformed("The export cannot be read.", [Problem("_typeFilter", words)])
        for through in sorted(types_named_in(read_filter(kind, query, actor.time_zone, base))):
            actor.require_scope(through, Interaction.READ)
        found.setdefault(kind, []).append(query)
    return {kind: tuple(queries) for kind, queries in found.items()}


def _parted(text: str) -> list[str]:
    """Several in one text are parted by a comma before the next type."""
    found: list[str] = []
    for one in text.split(","):
        kind, mark, _ = one.partition("?")
        if not found or (mark and kind in TYPES):
            found.append(one)
        else:
            found[-1] += f",{one}"
    return [one for one in found if one]


def read_filter(kind: str, query: str, time_zone: str, base: str = "") -> tuple[Criterion, ...]:
    """The criteria of a search; raises Malformed where it is none, or asks for an order."""
    pairs = parse_qsl(query, keep_blank_values=True)
    read = read_search(kind, pairs, base, ZoneInfo(time_zone), handling="strict")
    return read.search.criteria


def _patients(inputs: Inputs, base: str, *, of_patients: bool) -> tuple[str, ...] | None:
    named = inputs.every("patient")
    if not named:
        return None
    if not of_patients:
        problem = Problem("patient", "It is offered for Patient and Group.")
        raise Malformed("The export cannot be read.", [problem])
    local = [one.removeprefix(f"{base}/") for one in named]
    if not all(one.startswith("Patient/") for one in local):
        problem = Problem("patient", "Name Patients: Patient/85.")
        raise Malformed("The export cannot be read.", [problem])
    return tuple(dict.fromkeys(one.removeprefix("Patient/") for one in local))


@router.get("/$export-status/{export_id}")
async def status(
    export_id: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """How far it is; the manifest once it is done."""
    place = "/fhir/$export-status"
    async with services.database.transaction(actor, place=place) as store:
        found = await look_at_export(store, _uuid(export_id))
    if found.state == "failed":
        error = Failed(found.failure or "")
        return Response(body_of(error), 500, {"Cache-Control": "no-store"}, FHIR_JSON)
    if found.state != "complete":
        headers = {"X-Progress": _progress(found), "Retry-After": str(AGAIN_SECONDS)}
        return Response(b"", 202, headers)
    headers = {"Expires": format_datetime(found.expires_at.astimezone(UTC), usegmt=True)}
    return Response(_manifest(found, base_of(request)), 200, headers, "application/json")


def _progress(found: Export) -> str:
    if found.state == "accepted":
        return "waiting"
    types = len(found.wanted["types"])
    done = len({one["of"] for one in found.files})
    return f"{done} of {types} types" + (f", at {found.at_work_on}" if found.at_work_on else "")


def _manifest(found: Export, base: str) -> bytes:
    assert found.transaction_time is not None
    sections: dict[str, list[dict[str, Any]]] = {"output": [], "deleted": [], "error": []}
    for one in found.files:
        if one["section"] in sections:
            kind = one["of"] if one["section"] == "output" else "Bundle"
            url = f"{base}/$export-file/{found.export_id}/{one['name']}"
            sections[one["section"]].append({"type": kind, "url": url, "count": one["count"]})
    if found.wanted["left_aside"]:
        url = f"{base}/$export-file/{found.export_id}/left-aside.ndjson"
        sections["error"].append({"type": "OperationOutcome", "url": url, "count": 1})
    manifest = {
        "transactionTime": found.transaction_time.isoformat().replace("+00:00", "Z"),
        "request": found.request,
        "requiresAccessToken": True,
        **sections,
    }
    return write_json(manifest)


@router.get("/$export-file/{export_id}/{file_name}")
async def file(
    export_id: str,
    file_name: str,
    actor: IntegrationClient,
    services: AppServices,
) -> Response:
    """One file; ranges of it too, so that a download that broke off goes on."""
    place = "/fhir/$export-file"
    async with services.database.transaction(actor, place=place) as store:
        found = await take_file(store, _uuid(export_id), file_name)
    if found.state != "complete":
        raise NotFound("There is no such file.")
    if file_name == "left-aside.ndjson" and found.wanted["left_aside"]:
        return Response(_left_aside(found.wanted["left_aside"]), 200, media_type=NDJSON)
    known = {one.get("name") for one in found.files}
    path = services.settings.exports_folder / str(found.export_id) / file_name
    if file_name not in known or not path.is_file():
        raise NotFound("There is no such file.")
    return FileResponse(path, media_type=NDJSON, headers={"Cache-Control": "no-store"})


def _left_aside(names: Sequence[str]) -> bytes:
    words = "This parameter is not offered and was left aside."
    remarks = [Remark("warning", "not-supported", name, words) for name in names]
    return write_json(outcome(remark_issues(remarks))) + b"\n"


@router.delete("/$export-status/{export_id}")
async def cancel(export_id: str, actor: IntegrationClient, services: AppServices) -> Response:
    """Take it back: nothing of it is to be had any more."""
    number = _uuid(export_id)
    async with services.database.transaction(actor, place="/fhir/$export-status") as store:
        await cancel_export(store, number)
    remove(services.settings.exports_folder, number)
    return Response(write_json(outcome([_issue("It is taken back.")])), 202, None, FHIR_JSON)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such export.") from None


def shape_lines(lines: bytes, elements: Sequence[str]) -> bytes:
    """Bodies, one to a line, with these elements alone (``Type.element`` for one type)."""
    shape = Shape(Summary.FALSE, tuple(elements))
    return b"\n".join(
        write_json(shaped(read_json(line), shape, searched=False)) for line in lines.split(b"\n")
    )


def deletions(kind: str, ids: Sequence[str]) -> bytes:
    """A transaction Bundle that says what was deleted."""
    entries = [{"request": {"method": "DELETE", "url": f"{kind}/{one}"}} for one in ids]
    return write_json({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def is_about_patients(kind: str) -> bool:
    """Whether resources of the type lie in a patient's compartment."""
    return bool(TYPES[kind].compartment)
