"""Patient/$match: graded, never joined, silent about whom the client may not see."""

import pytest
from sqlalchemy import select

from app.domain.scopes import read_scopes
from app.store.tables import audit_events, duplicate_pairs
from tests.clients.screenings import NUMBERS, patient
from tests.web.fhir_face import make_client
from tests.web.part2_world import protected_world
from tests.web.site import Site
from tests.web.test_withholding import plain

pytest_plugins = ["tests.web.fhir_face"]
GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


def asked(described, **more):
    parts = [{"name": "resource", "resource": described}]
    for name, value in more.items():
        kind = "valueBoolean" if isinstance(value, bool) else "valueInteger"
        parts.append({"name": name, kind: value})
    return {"resourceType": "Parameters", "parameter": parts}


def grades(answer):
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    found = []
    for one in bundle.get("entry", []):
        [extension] = one["search"]["extension"]
        assert extension["url"] == GRADE
        assert one["search"]["mode"] == "match"
        found.append((one["resource"]["id"], extension["valueCode"]))
    assert bundle["total"] == len(found)
    scores = [one["search"]["score"] for one in bundle.get("entry", [])]
    assert scores == sorted(scores, reverse=True)
    return found


async def people(fhir):
    await fhir.put("Patient/rosa", patient("41001") | {"id": "rosa"})
    await fhir.put("Patient/rosalia", patient("41002", given="Rosalia") | {"id": "rosalia"})
    await fhir.put(
        "Patient/ada", patient("41003", "Brandt", "Ada") | {"id": "ada", "birthDate": "1951-01-30"}
    )


def without(resource, *names):
    return {key: value for key, value in resource.items() if key not in names}


async def test_the_more_certain_come_first(fhir):
    await people(fhir)
    found = grades(await fhir.post("Patient/$match", asked(patient("41001"))))
    assert found == [("rosa", "certain"), ("rosalia", "possible")]


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (without(patient("41001"), "birthDate", "name", "gender"), [("rosa", "probable")]),
        (without(patient("x"), "identifier"), [("rosa", "probable"), ("rosalia", "possible")]),
        (patient("nobody", "Nobody", "Nemo") | {"birthDate": "1900-01-01"}, []),
        (
            patient("41003") | {"birthDate": "1979-05-04"},
            [("rosa", "probable"), ("rosalia", "possible")],
        ),
    ],
)
async def test_who_is_found(fhir, described, expected):
    await people(fhir)
    assert grades(await fhir.post("Patient/$match", asked(described))) == expected


async def test_a_patient_alone_is_a_question_too(fhir):
    await people(fhir)
    assert grades(await fhir.post("Patient/$match", patient("41001")))[0] == ("rosa", "certain")


async def test_no_more_than_asked_for(fhir):
    await people(fhir)
    assert grades(await fhir.post("Patient/$match", asked(patient("41001"), count=1))) == [
        ("rosa", "certain")
    ]


async def test_only_a_certain_match_and_two_are_none(fhir):
    await people(fhir)
    only = asked(patient("41001"), onlyCertainMatches=True)
    assert grades(await fhir.post("Patient/$match", only)) == [("rosa", "certain")]
    twin = patient("41009") | {"id": "twin"}
    twin["identifier"].append({"system": "urn:other", "value": "41001"})
    assert (await fhir.put("Patient/twin", twin)).status_code == 201
    assert len(grades(await fhir.post("Patient/$match", asked(patient("41001"))))) == 3
    assert grades(await fhir.post("Patient/$match", only)) == []


async def test_nothing_is_kept_or_joined(fhir):
    await people(fhir)
    before = await fhir.counts()
    pairs = await fhir._rows(select(duplicate_pairs))
    await fhir.post("Patient/$match", asked(patient("41001")))
    assert await fhir.counts() == before
    assert await fhir._rows(select(duplicate_pairs)) == pairs


async def test_the_audit_tells_whom_it_showed(fhir):
    await people(fhir)
    await fhir.post("Patient/$match", asked(patient("41001")))
    [row] = await fhir._rows(select(audit_events).where(audit_events.c.action == "patient.match"))
    assert len(row.patient_ids) == 2
    assert "Alvarez" not in str(row._mapping)


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({"resourceType": "Patient", "gender": "female"}, 400, "Patient"),
        ({"resourceType": "Parameters"}, 400, "Parameters.parameter.where(name = 'resource')"),
        ({"resourceType": "Observation", "status": "final"}, 400, "resourceType"),
        (asked({"resourceType": "Patient", "birthDate": "soon"}), 400, None),
        (asked(patient("41001"), colour=1), 400, "colour"),
        (asked(patient("41001"), count=0), 400, "count"),
    ],
)
async def test_what_is_refused(fhir, body, status, where):
    answer = await fhir.post("Patient/$match", body)
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["resourceType"] == "OperationOutcome"
    assert where is None or told["issue"][0]["expression"] == [where]


async def test_it_needs_the_scope_of_a_search(engine, open_face, fhir):
    reader = read_scopes("system/Patient.r")
    other = await open_face(await make_client(engine, fhir.actor.org_id, "Reader", reader))
    answer = await other.post("Patient/$match", patient("41001"))
    assert answer.status_code == 403
    assert 'scope="system/Patient.s"' in answer.headers["www-authenticate"]


async def test_another_organization_matches_nobody(fhir, other_fhir):
    await people(fhir)
    assert grades(await other_fhir.post("Patient/$match", patient("41001"))) == []


async def test_whom_only_a_program_knows_is_matched_by_the_program_alone(site: Site) -> None:
    _, program = await protected_world(site)
    await program.screened("9900", [1] * 9, name="Quill Zzyzxson")
    described = patient("9900", "Zzyzxson", "Quill")
    theirs = await program.send(asked(described), "/fhir/Patient/$match")
    assert [one["resource"]["identifier"][0]["system"] for one in theirs.json()["entry"]] == [
        NUMBERS
    ]
    mine = await site.send(asked(described), "/fhir/Patient/$match")
    never = await site.send(asked(patient("9901", "Nemo", "Nemo")), "/fhir/Patient/$match")
    assert mine.status_code == never.status_code == 200
    assert plain(mine.text) == plain(never.text)
