"""A searchset around bodies that stay as they are: they are not parsed again."""

from collections.abc import Iterable, Mapping, Sequence

from app.domain.part2 import NOTICE
from app.use_cases.read_resources import StoredResource
from app.web.disclosing import disclosure_headers
from app.web.fhir.answers import Answer
from fhir_mappings.json_text import write_json
from fhir_mappings.security import disclosure_notice


def entry(found: StoredResource, base: str, search: Mapping[str, object]) -> bytes:
    """One resource as it is served, with how it came to be there."""
    address = write_json(f"{base}/{found.resource_type}/{found.resource_id}")
    ending = b',"search":' + write_json(dict(search)) + b"}"
    return b'{"fullUrl":' + address + b',"resource":' + found.body + ending


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
