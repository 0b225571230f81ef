"""Bulk Data Access 2.0: $export for the whole registry, for all patients, for a group of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from app.domain.actor import Actor
from app.errors import Failed, Malformed, NotFound, Problem
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
from app.web.fhir.bulk_order import NDJSON, read_wanted
from app.web.fhir.caseloads import group_id_of
from app.web.fhir.errors import FHIR_JSON, body_of
from app.web.fhir.negotiation import preferred_handling, prefers_async
from app.web.fhir.routing import FhirRoute
from app.web.fhir.services import Services, base_of, services_of
from fhir_mappings.json_text import write_json
from fhir_mappings.operation_outcome import outcome, remark_issues
from fhir_mappings.reading import Remark

LASTS = timedelta(hours=24)
"""For so long the files of an export may be taken."""
AGAIN_SECONDS = 5
"""When a client is asked to look again."""

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
