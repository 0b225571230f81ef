"""Transactions and batches of every method: their order, their wholeness, and what refers to what."""

import base64
import json

import pytest

from tests.mappings.examples import make_observation, make_patient
from tests.web.test_fhir_bundles import bundle, entry, statuses
from tests.web.test_fhir_deleting import CONDITION

pytest_plugins = ["tests.web.fhir_face"]

LANG = {
    "resourceType": "Practitioner",
    "identifier": [{"system": "urn:npi", "value": "7"}],
    "name": [{"family": "Lang"}],
}
REFERRAL = {
    "resourceType": "ServiceRequest",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "requester": {"reference": "Practitioner?identifier=urn:npi|7"},
}


def asked(method, url, **request):
    return {"request": {"method": method, "url": url, **request}}


def patched(url, *operations, **request):
    data = base64.b64encode(json.dumps(operations).encode()).decode()
    binary = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": data,
    }
    return {"request": {"method": "PATCH", "url": url, **request}, "resource": binary}


@pytest.fixture
async def known(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    await fhir.put(
        "Practitioner/old",
        LANG
        | {"id": "old", "identifier": []}
        | {"identifier": [{"system": "urn:npi", "value": "6"}]},
    )
    return fhir


async def test_a_transaction_deletes_then_creates_then_updates_then_reads(known):
    answer = await known.post(
        "",
        bundle(
            asked("GET", "Practitioner/old"),
            asked("GET", "Practitioner?family=Lang&_total=accurate"),
            patched("Patient/p1", {"op": "replace", "path": "/gender", "value": "other"}),
            entry(LANG | {"id": "new"}, method="PUT", url="Practitioner/new"),
            entry(LANG),
            asked("GET", "Patient/p1"),
            asked("HEAD", "Patient/p1"),
            asked("GET", "Patient/p1/_history"),
        ),
    )
    assert statuses(answer) == ["200", "200", "200", "201", "201", "200", "200", "200"]
    entries = answer.json()["entry"]
    assert entries[1]["resource"]["total"] == 3
    assert entries[5]["resource"]["gender"] == "other"
    assert entries[5]["response"]["etag"] == 'W/"2"'
    assert "resource" not in entries[6]
    assert entries[7]["resource"]["total"] == 2
    gone = bundle(asked("DELETE", "Practitioner/old"), asked("GET", "Practitioner/old"))
    assert (await known.post("", gone)).status_code == 410  # the read sees the deletion: none stand
    assert (await known.get("Practitioner/old")).status_code == 200
    assert statuses(await known.post("", bundle(asked("DELETE", "Practitioner/old")))) == ["204"]


async def test_what_is_referred_to_by_a_search_is_found(known):
    await known.post("Practitioner", LANG)
    answer = await known.post("", bundle(entry(REFERRAL)), Prefer="return=representation")
    assert statuses(answer) == ["201"]
    (told,) = answer.json()["entry"]
    assert told["resource"]["requester"]["reference"].startswith("Practitioner/")
    unknown = REFERRAL | {"requester": {"reference": "Practitioner?identifier=urn:npi|9"}}
    refused = await known.post("", bundle(entry(LANG), entry(unknown)))
    assert refused.status_code == 422
    assert refused.json()["issue"][0]["expression"] == ["Bundle.entry[1].resource.reference"]
    await known.post("Practitioner", LANG)
    assert (await known.post("", bundle(entry(REFERRAL)))).status_code == 412


async def test_what_exists_already_is_what_the_rest_refers_to(known):
    first = await known.post("Practitioner", LANG)
    told = REFERRAL | {"requester": {"reference": "urn:uuid:lang"}}
    answer = await known.post(
        "",
        bundle(entry(LANG, "urn:uuid:lang", ifNoneExist="identifier=urn:npi|7"), entry(told)),
        Prefer="return=representation",
    )
    assert statuses(answer) == ["200", "201"]
    made = answer.json()["entry"][1]["resource"]
    assert made["requester"]["reference"] == f"Practitioner/{known.place(first)[1]}"


async def test_placeholders_are_replaced_in_narrative_and_addresses(known):
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="urn:uuid:lang">Lang</a></div>'
    told = REFERRAL | {
        "requester": {"reference": "urn:uuid:lang"},
        "text": {"status": "generated", "div": div},
        "extension": [{"url": "urn:x", "valueUri": "urn:uuid:lang"}],
    }
    answer = await known.post(
        "", bundle(entry(LANG, "urn:uuid:lang"), entry(told)), Prefer="return=representation"
    )
    lang, made = (one["resource"] for one in answer.json()["entry"])
    name = f"Practitioner/{lang['id']}"
    assert f'href="{name}"' in made["text"]["div"]
    assert made["extension"][0]["valueUri"] == name


@pytest.mark.parametrize(
    "twins",
    [
        [
            asked("DELETE", "Patient/p1"),
            entry(make_patient(id="p1"), method="PUT", url="Patient/p1"),
        ],
        [asked("DELETE", "Practitioner/old"), asked("DELETE", "Practitioner?identifier=urn:npi|6")],
        [
            patched("Practitioner/old", {"op": "remove", "path": "/name"}),
            entry(LANG | {"id": "old"}, method="PUT", url="Practitioner?identifier=urn:npi|6"),
        ],
    ],
)
async def test_one_resource_is_changed_once(known, twins):
    before = await known.counts()
    answer = await known.post("", bundle(*twins))
    assert answer.status_code in (400, 409), answer.text
    assert await known.counts() == before
    assert (await known.get("Practitioner/old")).headers["etag"] == 'W/"1"'


async def test_a_fault_in_the_last_of_many_entries_leaves_nothing(known):
    before = await known.counts()
    many = [entry(LANG, f"urn:uuid:{n}") for n in range(300)]
    late = REFERRAL | {"subject": {"reference": "Patient/nobody"}}
    answer = await known.post("", bundle(*many, entry(late | {"requester": LANG["name"][0]})))
    assert answer.status_code in (400, 422)
    answer = await known.post("", bundle(*many, entry(REFERRAL)))
    assert answer.status_code == 422
    assert await known.counts() == before


async def test_the_entries_of_a_batch_stand_each_by_itself(known):
    answer = await known.post(
        "",
        bundle(
            asked("GET", "Patient/p1", ifNoneMatch='W/"1"'),
            asked("GET", "Patient/nobody"),
            asked("GET", "Account?x=y"),
            asked("DELETE", "Practitioner/old", ifMatch='W/"7"'),
            patched("Practitioner/old", {"op": "test", "path": "/active", "value": True}),
            entry(LANG),
            asked("GET", "Practitioner?identifier=urn:npi|7"),
            asked("GET", "Patient?nonsense=1"),
            kind="batch",
        ),
    )
    assert statuses(answer) == ["304", "404", "404", "412", "422", "201", "200", "400"]
    entries = answer.json()["entry"]
    assert len(entries[6]["resource"]["entry"]) == 1  # reads come last, also here
    refused = [one["response"] for one in entries if "outcome" in one["response"]]
    assert len(refused) == 5
    assert all(one["outcome"]["issue"][0]["expression"] for one in refused)


async def test_reads_of_one_bundle_are_bounded(known):
    answer = await known.post(
        "", bundle(*[asked("GET", "Account/1")] * 5, *[asked("GET", "Group/x")] * 600, kind="batch")
    )
    told = statuses(answer)
    assert told[:5] == ["404"] * 5
    assert told.count("413") == 105


async def test_what_is_preferred_is_told_in_each_entry(known):
    one = bundle(entry(LANG))
    plain = (await known.post("", one)).json()["entry"][0]
    assert "resource" not in plain
    whole = await known.post("", one, Prefer="return=representation")
    assert whole.json()["entry"][0]["resource"]["name"] == LANG["name"]
    assert whole.headers["preference-applied"] == "return=representation"
    told = (await known.post("", one, Prefer="return=OperationOutcome")).json()["entry"][0]
    assert told["response"]["outcome"]["resourceType"] == "OperationOutcome"


async def test_an_id_that_another_entry_chose_is_no_way_into_a_record(known, colleague_fhir):
    """A fullUrl that looks like ours names what this message brings, never what is held."""
    total = make_observation("44261-6", valueInteger=12, subject={"reference": "Patient/p1"})
    await known.put("Practitioner/secret", LANG | {"id": "secret"})
    base = "https://registry.example/fhir"
    answer = await colleague_fhir.post(
        "",
        bundle(
            entry(
                make_patient(identifier=[{"system": "urn:o", "value": "1"}]), f"{base}/Patient/p1"
            ),
            entry(total, f"{base}/Observation/t"),
        ),
        Prefer="return=representation",
    )
    assert statuses(answer) == ["201", "201"]
    patient, made = (one["resource"] for one in answer.json()["entry"])
    assert patient["id"] != "p1"
    assert made["subject"]["reference"] == f"Patient/{patient['id']}"


async def test_an_entry_of_a_batch_sees_what_those_before_it_wrote(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    condition = CONDITION | {"id": "c1"}
    put = {"resource": condition, "request": {"method": "PUT", "url": "Condition/c1"}}
    gone = {"request": {"method": "DELETE", "url": "Condition/c1"}}
    refused = {"request": {"method": "DELETE", "url": "Patient/p1"}}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [put, gone, refused]}
    told = (await fhir.post("", batch)).json()["entry"]
    assert [one["response"]["status"][:3] for one in told][:2] == ["201", "204"]
    assert (await fhir.get("Condition/c1")).status_code == 410
    kept = {
        "resource": CONDITION | {"id": "c2"},
        "request": {"method": "PUT", "url": "Condition/c2"},
    }
    wrong = {"request": {"method": "DELETE", "url": "Condition/nothing"}}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [kept, wrong]}
    assert (await fhir.post("", batch)).status_code == 200
    assert (await fhir.get("Condition/c2")).status_code == 200  # another's refusal sinks nothing
