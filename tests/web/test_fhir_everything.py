"""Patient/{id}/$everything: all of a patient, nothing of anybody else."""

import pytest
from sqlalchemy import select

from app.domain.scopes import read_scopes
from app.store.tables import audit_events
from tests.clients.screenings import form
from tests.mappings.examples import make_patient
from tests.mappings.record_examples import make_record
from tests.web.fhir_face import BASE, make_client

pytest_plugins = ["tests.web.fhir_face"]


async def world(fhir):
    """Patient 85 with a record of some types, a practitioner whom one names, and a stranger."""
    await fhir.put("Patient/85", make_patient(id="85"))
    other = make_patient(id="86", identifier=[{"system": "urn:mrn", "value": "86"}])
    await fhir.put("Patient/86", other)
    await fhir.put("Practitioner/lind", make_record("Practitioner", id="lind"))
    await fhir.put("Practitioner/nobody", make_record("Practitioner", id="nobody"))
    told = {"requester": {"reference": "Practitioner/lind"}, "authoredOn": "2026-01-04"}
    await fhir.put("ServiceRequest/s1", make_record("ServiceRequest", id="s1", **told))
    await fhir.put("CareTeam/t1", make_record("CareTeam", id="t1"))
    early = make_record("Condition", id="c1", recordedDate="2025-01-04")
    await fhir.put("Condition/c1", early)
    about_86 = make_record("Condition", id="c2") | {"subject": {"reference": "Patient/86"}}
    await fhir.put("Condition/c2", about_86)


def names(answer):
    assert answer.status_code == 200, answer.text
    entries = answer.json().get("entry", [])
    for one in entries:
        resource = one["resource"]
        assert one["fullUrl"] == f"{BASE}/fhir/{resource['resourceType']}/{resource['id']}"
    return [
        (f"{one['resource']['resourceType']}/{one['resource']['id']}", one["search"]["mode"])
        for one in entries
    ]


EVERYTHING = [
    ("Patient/85", "match"),
    ("CareTeam/t1", "match"),
    ("Condition/c1", "match"),
    ("ServiceRequest/s1", "match"),
    ("Practitioner/lind", "include"),
]


def theirs(found):
    """Without what the registry makes itself of what was sent."""
    return [one for one in found if one in EVERYTHING or one[0].startswith(("Patient", "Pract"))]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_all_of_the_patient_and_whom_it_names_and_nobody_else(fhir, method):
    await world(fhir)
    found = names(await fhir.request(method, "Patient/85/$everything"))
    assert theirs(found) == EVERYTHING
    assert not {"Patient/86", "Condition/c2", "Practitioner/nobody"} & {one for one, _ in found}


async def test_asked_by_a_parameters_resource(fhir):
    await world(fhir)
    asked = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "_type", "valueCode": "Condition"},
            {"name": "_type", "valueCode": "CareTeam"},
            {"name": "_count", "valueInteger": 10},
        ],
    }
    found = names(await fhir.post("Patient/85/$everything", asked))
    assert theirs(found) == [("CareTeam/t1", "match"), ("Condition/c1", "match")]


async def test_pages_cover_everything_once(fhir):
    await world(fhir)
    whole = [
        one for one, mode in names(await fhir.get("Patient/85/$everything")) if mode == "match"
    ]
    path, walked, pages = "Patient/85/$everything?_count=1", [], 0
    while path:
        answer = await fhir.get(path)
        walked += [one for one, mode in names(answer) if mode == "match"]
        links = {one["relation"]: one["url"] for one in answer.json()["link"]}
        path = links.get("next", "").removeprefix(f"{BASE}/fhir/")
        pages += 1
    assert walked == whole
    assert pages == len(whole) > 3


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("start=2026-03-02", True),
        ("start=2026-03-02&end=2026-03-02", True),  # the day of the end is wanted too
        ("end=2026-03-01", False),
        ("start=2026-03-03", False),
        ("start=2026-03-02T10:00:00-05:00", True),
        ("end=2026", True),
    ],
)
async def test_a_time_of_care_leaves_out_what_tells_of_another(fhir, asked, told):
    await world(fhir)
    sent = form("85", [1] * 9, "2026-03-02T10:00:00-05:00")
    _, name, _ = fhir.place(await fhir.post("QuestionnaireResponse", sent))
    asked = asked.replace("+", "%2B")
    found = {one for one, _ in names(await fhir.get(f"Patient/85/$everything?{asked}"))}
    assert (f"QuestionnaireResponse/{name}" in found) is told
    assert {"Patient/85", "CareTeam/t1"} <= found, "what tells of no time stays"


async def test_what_changed_since(fhir):
    await world(fhir)
    assert names(await fhir.get("Patient/85/$everything?_since=2999-01-01T00:00:00Z")) == []
    assert names(await fhir.get("Patient/85/$everything?_since=2020-01-01T00:00:00Z"))


async def test_the_scopes_decide_what_is_given(engine, open_face, fhir):
    await world(fhir)
    few = read_scopes("system/Patient.r system/Condition.rs")
    reader = await open_face(await make_client(engine, fhir.actor.org_id, "Reader", few))
    found = names(await reader.get("Patient/85/$everything"))
    assert found == [("Patient/85", "match"), ("Condition/c1", "match")]
    named = await reader.get("Patient/85/$everything?_type=CareTeam")
    assert named.status_code == 403
    assert 'scope="system/CareTeam.r"' in named.headers["www-authenticate"]
    blind = read_scopes("system/Condition.rs")
    other = await open_face(await make_client(engine, fhir.actor.org_id, "Blind", blind))
    assert (await other.get("Patient/85/$everything")).status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "where"),
    [
        ("Patient/nobody/$everything", 404, None),
        ("Patient/85/$everything?_type=Device", 400, "_type"),
        ("Patient/85/$everything?_count=0", 400, "_count"),
        ("Patient/85/$everything?start=soon", 400, "start"),
        ("Patient/85/$everything?start=2025&start=2026", 400, "start"),
        ("Patient/85/$everything?colour=red", 400, "colour"),
        ("Patient/85/$everything?_cursor=x", 400, None),
        ("Patient/85/$everything?_since=%00", 400, "_since"),
    ],
)
async def test_what_is_refused(fhir, path, status, where):
    await world(fhir)
    answer = await fhir.get(path)
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["resourceType"] == "OperationOutcome"
    assert where is None or told["issue"][0]["expression"] == [where]


async def test_another_organization_gets_nothing(fhir, other_fhir):
    await world(fhir)
    answer = await other_fhir.get("Patient/85/$everything")
    assert answer.status_code == 404


async def test_one_row_of_the_audit_tells_of_it(fhir):
    await world(fhir)
    await fhir.get("Patient/85/$everything")
    rows = await fhir._rows(
        select(audit_events).where(audit_events.c.action == "resource.everything")
    )
    assert [(row.subject, row.patient_id is not None) for row in rows] == [("Patient/85", True)]
