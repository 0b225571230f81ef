"""A searchset around bodies that stay as they are: they are not parsed again."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

from app.domain.part2 import NOTICE
from app.use_cases.read_resources import StoredResource
from app.web.disclosing import disclosure_headers
from app.web.fhir.answers import Answer
from fhir_mappings.json_text import write_json
from fhir_mappings.security import disclosure_notice

CURSOR = "_cursor"
"""Where a page begins: told in the link to it, never made by clients."""


def entry(
    found: StoredResource, base: str, search: Mapping[str, object], body: bytes | None = None
) -> bytes:
    """One resource as it is served, or the part of it in `body`, with how it came to be there."""
    address = write_json(f"{base}/{found.resource_type}/{found.resource_id}")
    ending = b',"search":' + write_json(dict(search)) + b"}"
    return b'{"fullUrl":' + address + b',"resource":' + (body or found.body) + ending


def page_links(
    address: str, used: Sequence[tuple[str, str]], next_cursor: str | None
) -> list[tuple[str, str]]:
    """(relation, url): this page as it was understood, the first, and the next if there is one."""
    search = [pair for pair in used if pair[0] != CURSOR]
    links = [("self", _url(address, used)), ("first", _url(address, search))]
    if next_cursor is not None:
        links.append(("next", _url(address, [*search, (CURSOR, next_cursor)])))
    return links


def _url(address: str, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{address}?{urlencode(pairs)}" if pairs else address


def searchset(
    entries: Iterable[bytes],
    links: Sequence[tuple[str, str]],
    told: Sequence[str],
    total: int | None = None,
) -> Answer:
    """The Bundle; `links` are (relation, url), `told` the grounds on which records were shown."""
    frame: dict[str, object] = {"resourceType": "Bundle", "type": "searchset"}
    if total is not None:
        frame["total"] = total
    frame["link"] = [{"relation": relation, "url": url} for relation, url in links]
    held = b",".join([*entries, *_notice(told)])
    head = write_json(frame)[:-1]
    body = head + b',"entry":[' + held + b"]}" if held else head + b"}"
    return Answer(200, body, disclosure_headers(told))


def _notice(told: Sequence[str]) -> list[bytes]:
    """42 CFR § 2.32: the notice goes with the records, within the Bundle."""
    if not told:
        return []
    outcome = disclosure_notice([NOTICE, *told])
    return [write_json({"resource": outcome, "search": {"mode": "outcome"}})]
