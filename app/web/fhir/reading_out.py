"""Reads, searches and histories within an open transaction: alone, or as entries of a Bundle."""

from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from app.errors import NotFound, Problem
from app.use_cases.read_resources import read_resource
from app.web.disclosing import disclosure_headers
from app.web.fhir.answers import Answer, entity_tag, http_date
from app.web.fhir.errors import check_served
from app.web.fhir.histories import history_within
from app.web.fhir.messages import Desk
from app.web.fhir.searching import search_within
from app.web.fhir.shaping import read_shape, shaped_body
from fhir_mappings.asked import Conditions, Target, is_id
from fhir_mappings.bundle import Entry

HISTORY, SEARCH = ("_history",), ("_search",)


async def read_out(store: Any, entry: Entry, desk: Desk) -> Answer:
    """What a GET of this address answers; raises NotFound where nothing is at it."""
    target, where = entry.target, entry.url_where
    if target.kind == "_history" and target.resource_id is None and not target.rest:
        return await history_within(store, (), None, target.pairs, desk)
    check_served(target.kind)
    if target.rest == HISTORY:
        return await history_within(store, (target.kind,), target.resource_id, target.pairs, desk)
    if target.resource_id is None and target.rest in ((), SEARCH):
        return await search_within(store, target.kind, target.pairs, desk.headers, desk.base)
    if target.resource_id is None:
        raise NotFound(problems=[Problem(where, "There is nothing at this address.")])
    version = version_in(target, where)
    answer = await read_within(store, target.kind, target.resource_id, version, target)
    return unless_held(answer, entry.conditions)


def version_in(target: Target, where: str) -> int | None:
    """The version that an address names; raises NotFound where it names something else."""
    if not target.rest:
        return None
    number = target.rest[1] if target.rest[0] == "_history" and len(target.rest) == 2 else ""
    if not (number.isascii() and number.isdecimal()) or len(number) > 9:
        raise NotFound("There is nothing at this address.", [Problem(where, "Name a version.")])
    return int(number)


async def read_within(
    store: Any, kind: str, resource_id: str, version: int | None, target: Target
) -> Answer:
    """A resource, in its newest version where none is named; raises NotFound or Deleted."""
    if not is_id(resource_id):
        raise NotFound(f"There is no such {kind} here.")
    shape = read_shape(target.pairs)
    already = len(store.disclosed)
    found = await read_resource(store, kind, resource_id, version)
    headers = {"ETag": entity_tag(found.version), "Last-Modified": http_date(found.last_updated)}
    told = tuple(store.disclosed[already:])
    body = shaped_body(found.body, shape)
    return Answer(200, body, headers | disclosure_headers(told))


def unless_held(answer: Answer, conditions: Conditions) -> Answer:
    """304 without a body where the asker holds this very version (RFC 9110, 13.2.2)."""
    if answer.status == 200 and _is_held(answer, conditions):
        return replace(answer, status=304, body=b"")
    return answer


def _is_held(answer: Answer, conditions: Conditions) -> bool:
    tag = answer.headers["ETag"]
    if conditions.if_none_match is not None:
        named = {tag, tag.removeprefix("W/"), tag.removeprefix("W/").strip('"'), "*"}
        return any(one.strip() in named for one in conditions.if_none_match.split(","))
    since = _moment(conditions.if_modified_since)
    changed = parsedate_to_datetime(answer.headers["Last-Modified"])
    return since is not None and changed <= since


def _moment(text: str | None) -> datetime | None:
    """An HTTP date, or an instant as FHIR writes it in a Bundle; None where it is neither."""
    if text is None:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return found if found.tzinfo else None
    return None
