"""Interactions that depend on a condition: create, update, patch, read; and who wins a race."""

import asyncio

import pytest

from app.domain.scopes import read_scopes
from tests.mappings.examples import make_patient
from tests.web.fhir_face import make_client

pytest_plugins = ["tests.web.fhir_face"]


def lang(**more):
    """A practitioner known by a number."""
    identifier = [{"system": "urn:npi", "value": "7"}]
    return {"resourceType": "Practitioner", "identifier": identifier, "active": True} | more


NPI = "identifier=urn:npi|7"


async def test_a_create_is_done_where_the_condition_finds_nothing(fhir):
    first = await fhir.post("Practitioner", lang(), **{"If-None-Exist": NPI})
    second = await fhir.post("Practitioner", lang(active=False), **{"If-None-Exist": NPI})
    assert (first.status_code, second.status_code) == (201, 200)
    assert fhir.place(first) == fhir.place(second)
    assert second.json()["active"] is True
    await fhir.post("Practitioner", lang())
    third = await fhir.post("Practitioner", lang(), **{"If-None-Exist": NPI})
    assert third.status_code == 412
    assert third.json()["issue"][0]["expression"]


async def test_a_condition_in_the_address_of_a_create_counts_too(fhir):
    answers = [await fhir.post(f"Practitioner?{NPI}", lang()) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 200]
    patients = [await fhir.post("Patient?identifier=urn:mrn|1001", make_patient()) for _ in "ab"]
    assert [one.status_code for one in patients] == [201, 200]


async def test_ten_conditional_creates_at_once_make_one(fhir):
    header = {"If-None-Exist": NPI}
    answers = await asyncio.gather(
        *(fhir.post("Practitioner", lang(), **header) for _ in range(10))
    )
    assert sorted(one.status_code for one in answers) == [200] * 9 + [201]
    assert len({fhir.place(one) for one in answers}) == 1


@pytest.mark.parametrize(
    ("condition", "where"),
    [("nonsense=1", "nonsense"), ("_count=1", "Practitioner"), ("_include=x", "_include")],
)
async def test_a_condition_that_finds_everything_is_refused(fhir, condition, where):
    answer = await fhir.post("Practitioner", lang(), **{"If-None-Exist": condition})
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == [where]
    assert (await fhir.get("Practitioner?_total=accurate")).json()["total"] == 0


async def test_a_condition_needs_the_letter_s(engine, open_face, fhir):
    scopes = read_scopes("system/Practitioner.cru")
    blind = await open_face(await make_client(engine, fhir.actor.org_id, "No s", scopes))
    answer = await blind.post("Practitioner", lang(), **{"If-None-Exist": NPI})
    assert answer.status_code == 403
    assert 'scope="system/Practitioner.s"' in answer.headers["www-authenticate"]


async def test_an_update_of_what_a_condition_finds(fhir):
    created = await fhir.put(f"Practitioner?{NPI}", lang())
    assert created.status_code == 201
    changed = await fhir.put(f"Practitioner?{NPI}", lang(active=False))
    assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
    assert fhir.place(changed)[1] == fhir.place(created)[1]
    wrong = await fhir.put(f"Practitioner?{NPI}", lang(id="other"))
    assert wrong.status_code == 400
    chosen = await fhir.put("Practitioner?identifier=urn:npi|8", lang(id="chosen"))
    assert (chosen.status_code, fhir.place(chosen)[1]) == (201, "chosen")
    assert (await fhir.put(f"Practitioner?{NPI}", lang())).status_code == 412


async def test_a_patch_of_what_a_condition_finds(fhir):
    await fhir.post("Practitioner", lang())
    patch = [{"op": "replace", "path": "/active", "value": False}]
    kind = {"Content-Type": "application/json-patch+json"}
    answer = await fhir.request("PATCH", f"Practitioner?{NPI}", patch, **kind)
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    nobody = await fhir.request("PATCH", "Practitioner?identifier=urn:npi|9", patch, **kind)
    assert nobody.status_code == 404


async def test_of_two_who_change_the_same_version_one_wins(fhir):
    await fhir.put("Practitioner/x", lang(id="x"))
    header = {"If-Match": 'W/"1"'}
    told = [lang(id="x", name=[{"family": f"Name {n}"}]) for n in range(5)]
    answers = await asyncio.gather(*(fhir.put("Practitioner/x", one, **header) for one in told))
    assert sorted(one.status_code for one in answers) == [200] + [412] * 4
    assert (await fhir.get("Practitioner/x/_history")).json()["total"] == 2


@pytest.mark.parametrize("tag", ['W/"1"', '"1"', "1", "*", 'W/"9", W/"1"'])
async def test_what_is_held_already_is_not_sent_again(fhir, tag):
    await fhir.put("Patient/85", make_patient(id="85"))
    answer = await fhir.get("Patient/85", **{"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == 'W/"1"'


async def test_what_changed_since_is_sent(fhir):
    made = await fhir.put("Patient/85", make_patient(id="85"))
    since = {"If-Modified-Since": made.headers["last-modified"]}
    assert (await fhir.get("Patient/85", **since)).status_code == 304
    before = {"If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert (await fhir.get("Patient/85", **before)).status_code == 200
    both = {**since, "If-None-Match": 'W/"7"'}  # a tag goes before a time
    assert (await fhir.get("Patient/85", **both)).status_code == 200
    assert (await fhir.get("Patient/85", **{"If-Modified-Since": "never"})).status_code == 200
