"""Histories: every version of a resource, of a type, or of all of them, as a Bundle."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from app.domain.part2 import NOTICE
from app.domain.scopes import Interaction
from app.errors import Malformed, NotFound, Problem
from app.use_cases.read_history import HistoryPage, HistorySearch, read_history
from app.use_cases.read_resources import StoredResource
from app.web.disclosing import disclosure_headers
from app.web.fhir.answers import Answer, entity_tag
from app.web.fhir.messages import Desk
from app.web.fhir.negotiation import preferred_handling
from fhir_mappings.asked import Pairs, is_id
from fhir_mappings.conformance import PUBLISHED
from fhir_mappings.instants import TimeNotUsable, read_span
from fhir_mappings.json_text import write_json
from fhir_mappings.publish import instant_text
from fhir_mappings.security import disclosure_notice

MAX_COUNT, DEFAULT_COUNT = 200, 50
PARAMETERS = ("_since", "_at", "_count", "_cursor")
_WRITING = ("_format", "_pretty")


async def history_within(
    store: Any, kinds: tuple[str, ...], resource_id: str | None, pairs: Pairs, desk: Desk
) -> Answer:
    """One page of the history; no type named stands for every type that the client may read."""
    if resource_id is not None and not is_id(resource_id):
        raise NotFound(f"There is no such {kinds[0]} here.")
    types = kinds or _readable(store)
    wanted, used = read_history_search(types, resource_id, pairs, desk)
    already = len(store.disclosed)
    page = await read_history(store, wanted)
    told = tuple(store.disclosed[already:])
    place = "/".join((*kinds, *([resource_id] if resource_id else []), "_history"))
    return Answer(200, _bundle(page, place, used, desk, told), disclosure_headers(told))


def _readable(store: Any) -> tuple[str, ...]:
    readable = [one for one in PUBLISHED if store.actor.reaches(one, Interaction.READ)]
    if not readable:
        store.actor.require_scope("*", Interaction.READ)
    return tuple(readable)


def read_history_search(
    types: tuple[str, ...], resource_id: str | None, pairs: Pairs, desk: Desk
) -> tuple[HistorySearch, Pairs]:
    """What is asked, and what of it was used; raises Malformed naming the parameter."""
    strict = preferred_handling(desk.headers) == "strict"
    unknown = [name for name, _ in pairs if name not in (*PARAMETERS, *_WRITING)]
    if unknown and strict:
        raise _malformed(unknown[0], "This parameter is not offered here.")
    used = tuple(pair for pair in pairs if pair[0] in PARAMETERS)
    said = dict(used)
    since = _span(said, "_since", desk)
    return HistorySearch(
        types,
        resource_id,
        since=since[0] if since else None,
        at=_span(said, "_at", desk),
        count=_count(said.get("_count")),
        cursor=said.get("_cursor"),
    ), used


def _malformed(name: str, words: str) -> Malformed:
    return Malformed("The history that is asked for cannot be read.", [Problem(name, words)])


def _span(said: dict[str, str], name: str, desk: Desk) -> Any:
    if name not in said:
        return None
    try:
        return read_span(said[name].replace(" ", "+"), desk.zone)  # a plus that became a space
    except TimeNotUsable as error:
        raise _malformed(name, str(error)) from None


def _count(text: str | None) -> int:
    if text is None:
        return DEFAULT_COUNT
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise _malformed("_count", "Give a number.")
    return min(int(text), MAX_COUNT)


def _bundle(page: HistoryPage, place: str, used: Pairs, desk: Desk, told: Sequence[str]) -> bytes:
    frame: dict[str, Any] = {"resourceType": "Bundle", "type": "history"}
    if page.total is not None:
        frame["total"] = page.total
    frame["link"] = _links(page, place, used, desk.base)
    entries = [_entry(one, desk.base) for one in page.versions]
    if told:
        entries.append(write_json(_notice(told, desk)))
    head = write_json(frame)[:-1]
    return head + b',"entry":[' + b",".join(entries) + b"]}" if entries else head + b"}"


def _notice(told: Sequence[str], desk: Desk) -> dict[str, Any]:
    """42 CFR § 2.32: the notice goes with the records; every entry of a history has a request."""
    return {
        "resource": disclosure_notice([NOTICE, *told]),
        "request": {"method": "GET", "url": "OperationOutcome"},
        "response": {"status": "200", "lastModified": instant_text(desk.now)},
    }


def _links(page: HistoryPage, place: str, used: Pairs, base: str) -> list[dict[str, str]]:
    links = [{"relation": "self", "url": _url(place, used, base)}]
    if page.next_cursor:
        rest = [pair for pair in used if pair[0] != "_cursor"]
        following = (*rest, ("_cursor", page.next_cursor))
        links.append({"relation": "next", "url": _url(place, following, base)})
    return links


def _url(place: str, pairs: Sequence[tuple[str, str]], base: str) -> str:
    query = urlencode(list(pairs))
    return f"{base}/{place}?{query}" if query else f"{base}/{place}"


def _entry(one: StoredResource, base: str) -> bytes:
    """A version with the request that made it, as far as a version tells; none is parsed."""
    named = f"{one.resource_type}/{one.resource_id}"
    method = "DELETE" if one.deleted else "PUT" if one.version > 1 else "POST"
    frame = {
        "fullUrl": f"{base}/{named}",
        "request": {"method": method, "url": one.resource_type if method == "POST" else named},
        "response": {
            "status": {"DELETE": "204", "PUT": "200", "POST": "201"}[method],
            "etag": entity_tag(one.version),
            "lastModified": instant_text(one.last_updated),
        },
    }
    if one.deleted:
        return write_json(frame)
    return write_json(frame)[:-1] + b',"resource":' + one.body + b"}"
