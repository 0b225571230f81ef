"""Histories: of one resource, of a type, of all that a client may read."""

import pytest

from app.domain.scopes import read_scopes
from tests.mappings.examples import make_patient
from tests.web.fhir_face import make_client

pytest_plugins = ["tests.web.fhir_face"]


@pytest.fixture
async def known(fhir):
    patient = make_patient(id="p1")
    for gender in ("female", "other", "male"):
        await fhir.put("Patient/p1", patient | {"gender": gender})
    await fhir.put("Practitioner/x", {"resourceType": "Practitioner", "id": "x"})
    await fhir.request("DELETE", "Practitioner/x")
    return fhir


async def test_every_version_is_told_with_the_request_that_made_it(known):
    found = (await known.get("Patient/p1/_history")).json()
    assert (found["type"], found["total"]) == ("history", 3)
    assert [one["resource"]["gender"] for one in found["entry"]] == ["male", "other", "female"]
    newest = found["entry"][0]
    assert newest["request"] == {"method": "PUT", "url": "Patient/p1"}
    assert newest["response"]["etag"] == 'W/"3"'
    assert newest["response"]["lastModified"] == newest["resource"]["meta"]["lastUpdated"]
    assert newest["fullUrl"].endswith("/fhir/Patient/p1")


async def test_pages_follow_each_other_to_the_end(known):
    seen, path = [], "Patient/p1/_history?_count=2"
    while path:
        page = (await known.get(path)).json()
        seen += [one["resource"]["meta"]["versionId"] for one in page["entry"]]
        following = [one["url"] for one in page["link"] if one["relation"] == "next"]
        path = following[0].partition("/fhir/")[2] if following else ""
    assert seen == ["3", "2", "1"]


async def test_what_was_made_since_and_what_stood_at_a_time(known):
    entries = (await known.get("Patient/p1/_history")).json()["entry"]
    second = entries[1]["response"]["lastModified"]
    since = (await known.get("Patient/p1/_history")).json()
    assert since["total"] == 3
    later = (await known.get(f"Patient/p1/_history?_since={second}")).json()
    assert [one["resource"]["gender"] for one in later["entry"]] == ["male", "other"]
    stood = (await known.get(f"Patient/p1/_history?_at={second}")).json()
    assert "other" in [one["resource"]["gender"] for one in stood["entry"]]
    assert "entry" not in (await known.get("Patient/p1/_history?_since=2099")).json()


async def test_of_a_type_and_of_everything(known):
    of_type = (await known.get("Practitioner/_history")).json()
    assert [one["request"]["method"] for one in of_type["entry"]] == ["DELETE", "POST"]
    assert "total" not in of_type
    everything = (await known.get("_history?_count=200")).json()
    assert len(everything["entry"]) == 5
    page = (await known.get("_history?_count=4")).json()
    rest = next(one["url"] for one in page["link"] if one["relation"] == "next")
    assert len((await known.get(rest.partition("/fhir/")[2])).json()["entry"]) == 1


async def test_of_everything_only_what_may_be_read(engine, open_face, known):
    scopes = read_scopes("system/Practitioner.rs")
    narrow = await open_face(await make_client(engine, known.actor.org_id, "Narrow", scopes))
    found = (await narrow.get("_history")).json()
    assert {one["request"]["url"].partition("/")[0] for one in found["entry"]} == {"Practitioner"}
    assert (await narrow.get("Patient/_history")).status_code == 403
    assert (await narrow.get("Patient/p1/_history")).status_code == 403


@pytest.mark.parametrize(
    "path", ["Patient/nobody/_history", "Account/_history", "Patient/a%20b/_history"]
)
async def test_what_has_no_history(known, path):
    answer = await known.get(path)
    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("query", "name"), [("_since=soon", "_since"), ("_count=x", "_count"), ("_at=x", "_at")]
)
async def test_what_cannot_be_read_is_named(known, query, name):
    answer = await known.get(f"Patient/_history?{query}")
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == [name]
    assert (await known.get("Patient/_history?_cursor=x")).status_code == 400


async def test_another_organization_has_another_history(known, other_fhir):
    assert (await other_fhir.get("Patient/p1/_history")).status_code == 404
    assert "entry" not in (await other_fhir.get("_history")).json()
