"""The audit as AuditEvent: read and search, for clients with a scope of their own for it."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Request, Response

from app.domain.scopes import AUDIT
from app.errors import Malformed, Problem, WrongMediaType
from app.use_cases.read_audit_events import (
    AuditEntry,
    AuditSearch,
    read_audit_event,
    search_audit_events,
)
from app.web.dependencies import IntegrationClient
from app.web.fhir.answers import entity_tag, http_date
from app.web.fhir.errors import FHIR_JSON
from app.web.fhir.parameters import DEFAULT_COUNT, MAX_COUNT, Pairs
from app.web.fhir.routing import FhirRoute
from app.web.fhir.services import Services, base_of, services_of
from fhir_mappings.audit_event import AuditFacts, make_audit_event
from fhir_mappings.instants import TimeNotUsable, read_span
from fhir_mappings.json_text import write_json

PARAMETERS = {
    "date": "date",
    "_lastUpdated": "date",
    "patient": "reference",
    "agent-name": "string",
    "outcome": "token",
    "subtype": "token",
}
_OTHERS = ("_count", "_cursor", "_format", "_pretty")
_OUTCOMES = {"0": "done", "4": "refused"}
MOST_BYTES = 16 * 1024

router = APIRouter(route_class=FhirRoute, include_in_schema=False)
AppServices = Annotated[Services, Depends(services_of)]


@router.get(f"/{AUDIT}")
async def search_by_address(
    request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Search with the parameters in the address."""
    return await _search(request, actor, services, list(request.query_params.multi_items()))


@router.post(f"/{AUDIT}/_search")
async def search_by_form(
    request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Search with the parameters in the body."""
    if request.headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
        raise WrongMediaType("Send the parameters as application/x-www-form-urlencoded.")
    body = await request.body()
    form = parse_qsl(body[:MOST_BYTES].decode("utf-8", "replace"), keep_blank_values=True)
    pairs = [*request.query_params.multi_items(), *form]
    return await _search(request, actor, services, pairs)


@router.get(f"/{AUDIT}/{{key}}")
async def read(
    key: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """Read one row; it has one version and never another."""
    place = f"/fhir/{AUDIT}"
    begun = services.database.transaction(actor, request_id=_id_of(request), place=place)
    async with begun as store:
        entry = await read_audit_event(store, key)
    headers = {"ETag": entity_tag(1), "Last-Modified": http_date(entry.row.at)}
    return _json(write_json(make_audit_event(_facts(entry))), headers)


async def _search(
    request: Request, actor: IntegrationClient, services: AppServices, pairs: Pairs
) -> Response:
    base = base_of(request)
    wanted, patient = read_audit_search(pairs, base)
    place = f"/fhir/{AUDIT}"
    begun = services.database.transaction(actor, request_id=_id_of(request), place=place)
    async with begun as store:
        entries, following = await search_audit_events(store, wanted, patient)
    links = [{"relation": "self", "url": _url(base, pairs)}]
    if following:
        rest = [pair for pair in pairs if pair[0] != "_cursor"]
        links.append({"relation": "next", "url": _url(base, [*rest, ("_cursor", following)])})
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": links}
    if entries:
        bundle["entry"] = [_entry(base, one) for one in entries]
    return _json(write_json(bundle), {})


def _entry(base: str, one: AuditEntry) -> dict[str, object]:
    return {
        "fullUrl": f"{base}/{AUDIT}/{one.key}",
        "resource": make_audit_event(_facts(one)),
        "search": {"mode": "match"},
    }


def _facts(entry: AuditEntry) -> AuditFacts:
    row = entry.row
    refused = row.outcome == "refused"
    return AuditFacts(
        id=entry.key,
        audit_id=str(row.audit_id),
        at=row.at,
        actor_kind=row.actor_kind,
        actor_id=str(row.actor_id or ""),
        actor_name=row.actor_name,
        action=row.action,
        words=entry.words,
        sort=entry.sort,
        refused=refused,
        reason=str(row.detail.get("code", "")) if refused else "",
        patients=entry.patients,
        subject=row.subject or "",
        request_id=row.request_id or "",
    )


def read_audit_search(pairs: Pairs, base: str) -> tuple[AuditSearch, str | None]:
    """The search and the patient's id; raises Malformed naming each fault."""
    problems = [
        Problem(name, "This parameter is not offered here.")
        for name, _ in pairs
        if name not in PARAMETERS and name not in _OTHERS
    ]
    names = [name for name, _ in pairs if name not in ("date", "_lastUpdated")]
    problems += [Problem(n, "Give it once.") for n in sorted(set(names)) if names.count(n) > 1]
    problems += [Problem(name, "A NUL cannot be found.") for name, text in pairs if "\x00" in text]
    if problems:
        raise Malformed("The search cannot be read.", problems)
    asked = dict(pairs)
    since, until = _period([p for p in pairs if p[0] in ("date", "_lastUpdated")])
    act = asked.get("subtype", "").rpartition("|")[2]
    search = AuditSearch(
        actor_name=asked.get("agent-name", ""),
        actions=(act,) if act else (),
        outcome=_outcome(asked.get("outcome", "")),
        since=since,
        until=until,
        before=asked.get("_cursor", ""),
        limit=_count(asked.get("_count", "")),
    )
    return search, _patient(asked.get("patient"), base)


def _count(text: str) -> int:
    if text and (not text.isdecimal() or len(text) > 9 or int(text) == 0):
        raise Malformed("The search cannot be read.", [Problem("_count", "Give a number from 1.")])
    return min(int(text), MAX_COUNT) if text else DEFAULT_COUNT


def _outcome(text: str) -> str:
    code = text.rpartition("|")[2]
    if code and code not in _OUTCOMES:
        problem = Problem("outcome", "Offered are 0 (done) and 4 (refused).")
        raise Malformed("The search cannot be read.", [problem])
    return _OUTCOMES.get(code, "")


def _patient(text: str | None, base: str) -> str | None:
    return None if text is None else text.removeprefix(f"{base}/").removeprefix("Patient/")


def _period(pairs: Pairs) -> tuple[datetime | None, datetime | None]:
    """The narrowest of what was given: ge, gt, le, lt, or the whole of a day."""
    since: datetime | None = None
    until: datetime | None = None
    for name, text in pairs:
        prefix, value = (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)
        try:
            start, end = read_span(value, UTC)
        except TimeNotUsable as error:
            raise Malformed("The search cannot be read.", [Problem(name, str(error))]) from None
        bounds: dict[str, tuple[datetime | None, datetime | None]]
        bounds = {"eq": (start, end), "ge": (start, None), "gt": (end, None)}
        bounds |= {"le": (None, end), "lt": (None, start)}
        if prefix not in bounds:
            raise Malformed(
                "The search cannot be read.", [Problem(name, "Offered: eq, ge, gt, le, lt.")]
            )
        low, high = bounds[prefix]
        since = max(since, low) if since and low else since or low
        until = min(until, high) if until and high else until or high
    return since, until


def _url(base: str, pairs: Pairs) -> str:
    query = urlencode(list(pairs))
    return f"{base}/{AUDIT}?{query}" if query else f"{base}/{AUDIT}"


def _json(body: bytes, headers: dict[str, str]) -> Response:
    return Response(body, 200, {**headers, "Cache-Control": "no-store"}, FHIR_JSON)


def _id_of(request: Request) -> str | None:
    return getattr(request.state, "request_id", None)
