"""Another organization's resources are to a client as ids that never existed, whatever it sends."""

import re
from typing import Any

import pytest
from httpx import Response

from app.store.ids import new_id
from tests.mappings.examples import make_phq9
from tests.web.site import NUMBERS, Site
from tests.web.strangers import UUIDS

KINDS = ("Patient", "QuestionnaireResponse", "Observation", "Encounter")
NUMBER = "700"


def plain(told: Response, *ids: str) -> tuple[int, str, str]:
    """The answer without ids and times."""
    text = told.text
    for one in ids:
        text = text.replace(one, "ID")
    text = UUIDS.sub("UUID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", "TIME", text)
    return told.status_code, told.headers.get("etag", ""), text


async def published(site: Site) -> dict[str, str]:
    """One resource of each kind that an EHR sent, by kind."""
    await site.screened(NUMBER, [2] * 8 + [2], 1)
    found: dict[str, str] = {}
    for kind in KINDS:
        entries = (await site.send(None, f"/fhir/{kind}", "GET")).json().get("entry", [])
        if entries:
            found[kind] = entries[0]["resource"]["id"]
    return found


@pytest.fixture
async def theirs(other_site: Site) -> dict[str, str]:
    found = await published(other_site)
    assert {"Patient", "QuestionnaireResponse", "Observation"} <= set(found)
    return found


async def both(
    site: Site, ask: Any, theirs: str
) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
    """What the same question gets with an id of theirs, and with one that never was."""
    never = str(new_id())
    return plain(await ask(site, theirs), theirs), plain(await ask(site, never), never)


@pytest.mark.parametrize("kind", KINDS[:3])
async def test_reading(site: Site, theirs: dict[str, str], kind: str) -> None:
    for path in ("{}", "{}/_history/1", "{}/_history", "{}/$everything"):

        async def ask(site: Site, one: str, path: str = path) -> Response:
            return await site.send(None, f"/fhir/{kind}/{path.format(one)}", "GET")

        told, control = await both(site, ask, theirs[kind])
        assert told == control, path
        assert told[0] == 404, path


SEARCHES = [
    "Patient?_id={}",
    "Observation?subject=Patient/{}",
    "Observation?patient={}",
    "QuestionnaireResponse?subject=Patient/{}",
    "Encounter?patient={}",
    "Observation?patient={}&_include=Observation:subject",
    "Observation?patient={}&_summary=count",
]


@pytest.mark.parametrize("search", SEARCHES)
async def test_searching(site: Site, theirs: dict[str, str], search: str) -> None:
    async def by_get(site: Site, one: str) -> Response:
        return await site.send(None, f"/fhir/{search.format(one)}", "GET")

    async def by_post(site: Site, one: str) -> Response:
        kind, _, query = search.format(one).partition("?")
        http = await site.open()
        headers = {
            "Authorization": f"Bearer {site.token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        found: Response = await http.post(f"/fhir/{kind}/_search", content=query, headers=headers)
        return found

    for ask in (by_get, by_post):
        told, control = await both(site, ask, theirs["Patient"])
        assert told == control
        assert '"total":1' not in told[2]


@pytest.mark.parametrize(
    "search", ["Patient?_count=0&identifier={}|700", "Patient?_count=0&name=Alvarez"]
)
async def test_searching_by_what_is_said_of_somebody(
    site: Site, theirs: dict[str, str], search: str
) -> None:
    told = await site.send(None, f"/fhir/{search.format(NUMBERS)}", "GET")
    assert told.json()["total"] == 0
    assert theirs["Patient"] not in told.text


async def test_what_refers_to_them_is_refused_alike(site: Site, theirs: dict[str, str]) -> None:
    async def alone(site: Site, one: str) -> Response:
        return await site.send(
            make_phq9(*[1] * 9, subject={"reference": f"Patient/{one}"}),
            "/fhir/QuestionnaireResponse",
        )

    async def in_a_bundle(site: Site, one: str) -> Response:
        form = make_phq9(*[1] * 9, subject={"reference": f"Patient/{one}"})
        request = {"method": "POST", "url": "QuestionnaireResponse"}
        entry = [{"resource": form, "request": request}]
        return await site.send({"resourceType": "Bundle", "type": "transaction", "entry": entry})

    async def in_a_batch(site: Site, one: str) -> Response:
        form = make_phq9(*[1] * 9, subject={"reference": f"Patient/{one}"})
        request = {"method": "POST", "url": "QuestionnaireResponse"}
        entry = [{"resource": form, "request": request}]
        return await site.send({"resourceType": "Bundle", "type": "batch", "entry": entry})

    for ask in (alone, in_a_bundle, in_a_batch):
        told, control = await both(site, ask, theirs["Patient"])
        assert told == control, ask.__name__


async def test_writing_under_an_id_of_theirs_touches_nothing_of_theirs(
    site: Site, other_site: Site, theirs: dict[str, str]
) -> None:
    before = (await other_site.send(None, f"/fhir/Patient/{theirs['Patient']}", "GET")).text

    async def put(site: Site, one: str) -> Response:
        body = {"resourceType": "Patient", "id": one, "name": [{"family": "Other"}]}
        return await site.send(body, f"/fhir/Patient/{one}", "PUT")

    told, control = await both(site, put, theirs["Patient"])
    assert told == control, "each organization has its own ids"
    after = (await other_site.send(None, f"/fhir/Patient/{theirs['Patient']}", "GET")).text
    assert after == before


async def test_a_condition_finds_nobody_of_theirs(site: Site, theirs: dict[str, str]) -> None:
    """A conditional create by a number that they use makes a patient of one's own."""
    number = {"system": NUMBERS, "value": NUMBER}
    body = {"resourceType": "Patient", "identifier": [number], "name": [{"family": "Quince"}]}
    request = {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={NUMBERS}|{NUMBER}"}
    entry = [{"resource": body, "request": request}]
    told = await site.send({"resourceType": "Bundle", "type": "transaction", "entry": entry})
    assert told.status_code == 200, told.text
    assert told.json()["entry"][0]["response"]["status"].startswith("201")
    assert theirs["Patient"] not in told.text
