"""Where resources came from, asked by integration clients."""

import secrets
from typing import Any

from app.domain.scopes import read_scopes
from app.store.tables import resources
from tests.mappings.examples import make_patient, make_phq9
from tests.web.fhir_face import Face, Open, make_client
from tests.web.part2_world import find, protected_world
from tests.web.site import Site
from tests.web.test_withholding import fetch

pytest_plugins = ["tests.web.fhir_face"]
TARGET = "_revinclude=Provenance:target"


async def entries(fhir: Face, search: str) -> list[dict[str, Any]]:
    told = await fhir.get(search)
    assert told.status_code == 200, told.text
    return [one["resource"] for one in told.json().get("entry", [])]


async def screened(fhir: Face) -> None:
    await fhir.put("Patient/p1", make_patient(id="p1"))
    about = {"reference": "Patient/p1"}
    await fhir.put("QuestionnaireResponse/q1", make_phq9(*[1] * 9, id="q1", subject=about))


def targets(found: list[dict[str, Any]]) -> list[str]:
    return sorted(one["target"][0]["reference"] for one in found)


async def test_each_on_a_page_comes_with_its_own(fhir):
    await screened(fhir)
    found = await entries(fhir, f"QuestionnaireResponse?patient=p1&{TARGET}")
    assert [one["resourceType"] for one in found] == ["QuestionnaireResponse", "Provenance"]
    (told,) = await entries(fhir, "Provenance?target=QuestionnaireResponse/q1")
    assert told == found[1]
    assert (await fhir.get(f"Provenance/{told['id']}")).json() == told
    assert (await entries(fhir, f"Provenance?_id={told['id']}")) == [told]
    names = [one["who"].get("display") for one in told["agent"]]
    assert "EHR" in names


async def test_everything_about_a_patient(fhir):
    await screened(fhir)
    about = await entries(fhir, "Provenance?patient=Patient/p1&_count=100")
    held = await entries(fhir, "Observation?patient=p1")
    wanted = [f"Observation/{one['id']}" for one in held]
    flags = [f"Flag/{one['id']}" for one in await entries(fhir, "Flag?patient=p1")]
    assert flags  # item 9 was answered
    everything = ["Patient/p1", "QuestionnaireResponse/q1", *wanted, *flags]
    assert targets(about) == sorted(everything)
    assert await entries(fhir, "Patient/p1/Provenance?_count=100") == about
    chained = await entries(fhir, "Provenance?patient._id=p1&_count=100")
    assert chained == about
    (ours,) = [one for one in about if one["target"][0]["reference"] in wanted]
    assert ours["entity"][0]["what"] == {"reference": "QuestionnaireResponse/q1"}


async def test_its_version_and_time_are_those_of_what_it_tells_of(fhir):
    await screened(fhir)
    before = (await entries(fhir, "Provenance?target=Patient/p1"))[0]
    changed = await fhir.put("Patient/p1", make_patient(id="p1", gender="male"))
    assert changed.status_code == 200, changed.text
    (after,) = await entries(fhir, "Provenance?target=Patient/p1")
    patient = (await fhir.get("Patient/p1")).json()
    assert after["id"] == before["id"]
    assert after["meta"]["versionId"] == patient["meta"]["versionId"] == "2"
    assert after["recorded"] == patient["meta"]["lastUpdated"]
    assert await entries(fhir, f"Provenance?recorded=ge{after['recorded']}") == [after]
    tag = {"If-None-Match": 'W/"2"'}
    assert (await fhir.get(f"Provenance/{after['id']}", **tag)).status_code == 304


async def test_pages_show_each_once_in_either_order(fhir):
    await screened(fhir)
    for sort in ("", "&_sort=-recorded", "&_sort=_id", "&_sort=recorded"):
        seen, search = [], f"Provenance?_count=1&_total=accurate{sort}"
        while search:
            told = (await fhir.get(search)).json()
            seen += [one["resource"]["id"] for one in told.get("entry", [])]
            links = {one["relation"]: one["url"] for one in told["link"]}
            search = links.get("next", "").partition("/fhir/")[2]
        assert len(seen) == len(set(seen)) == told["total"] == 4, sort  # one is of the flag
    assert (await fhir.get("Provenance?_cursor=eyJ4")).status_code == 400


async def test_an_id_of_all_64_characters_is_told_too(fhir):
    for name in (secrets.token_hex(32), "x" * 60 + "-.9Z"):
        made = await fhir.put(
            f"Patient/{name}",
            make_patient(id=name, identifier=[{"system": "urn:mrn", "value": name[-9:]}]),
        )
        assert made.status_code == 201, made.text
        (told,) = await entries(fhir, f"Provenance?target=Patient/{name}")
        read = await fhir.get(f"Provenance/{told['id']}")
        assert read.json() == told


async def test_what_a_client_may_not_read_is_not_told_of(engine, open_face: Open, fhir):
    await screened(fhir)
    scopes = read_scopes("system/Provenance.rs system/Patient.rs")
    narrow = await open_face(await make_client(engine, fhir.actor.org_id, "Narrow", scopes))
    assert targets(await entries(narrow, "Provenance?patient=p1")) == ["Patient/p1"]
    (hidden,) = await entries(fhir, "Provenance?target=QuestionnaireResponse/q1")
    assert (await narrow.get(f"Provenance/{hidden['id']}")).status_code == 404
    without = read_scopes("system/Patient.rs")
    other = await open_face(await make_client(engine, fhir.actor.org_id, "Without", without))
    assert (await other.get(f"Patient?{TARGET}")).status_code == 403


async def test_another_organization_learns_nothing(fhir, other_fhir):
    await screened(fhir)
    assert await entries(other_fhir, "Provenance") == []
    (told,) = await entries(fhir, "Provenance?target=Patient/p1")
    assert (await other_fhir.get(f"Provenance/{told['id']}")).status_code == 404


async def test_of_a_programs_record_nothing_is_told_to_others(site: Site):
    await protected_world(site)
    labelled = await find(site, resources.c.resource_id, resources.c.program_id.is_not(None))
    told = await fetch(site, "Provenance?_count=200&_total=accurate", site.token)
    assert told.status_code == 200
    found = [one["resource"] for one in told.json()["entry"]]
    assert told.json()["total"] == len(found)
    assert not [one for one in found if labelled in one["target"][0]["reference"]]


async def test_what_nothing_can_be_is_refused_or_not_there(fhir):
    assert (await fhir.get("Provenance/lnothing")).status_code == 404
    assert (await fhir.get("Provenance/%00")).status_code in (400, 404)
    assert (await fhir.get("Provenance?agent=Organization/x")).status_code == 400
    assert (await fhir.get("Observation?_has:Provenance:target:_id=x")).status_code == 400
    assert (await fhir.post("Provenance", {"resourceType": "Provenance"})).status_code in (404, 405)
