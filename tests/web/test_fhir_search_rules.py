"""How searches are asked and answered: what counts, what comes along, what is left aside."""

import pytest

from tests.mappings.examples import make_observation, make_patient
from tests.web.fhir_face import make_client, make_organization
from tests.web.part2_world import make_program
from tests.web.publishing import publish
from tests.web.site import NUMBERS, phq9

pytest_plugins = ["tests.web.fhir_face"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def total(number, patient="p1", **more):
    return {
        **make_observation("44261-6", valueInteger=number, **more),
        "id": f"o{number}",
        "subject": {"reference": f"Patient/{patient}"},
    }


@pytest.fixture
async def filled(fhir):
    """Two patients, with three totals and one."""
    for number, family in ((1, "Rivera"), (2, "Núñez")):
        name = [{"family": family, "given": ["Ana"]}]
        mrn = [{"system": "urn:mrn", "value": f"100{number}"}]
        await fhir.put(
            f"Patient/p{number}", make_patient(id=f"p{number}", name=name, identifier=mrn)
        )
    days = {1: "2026-03-01", 2: "2026-03-02", 3: "2026-03-03"}
    await publish(fhir, *(total(n, effectiveDateTime=day) for n, day in days.items()), patient="p1")
    await publish(fhir, total(4, "p2", effectiveDateTime="2026-03-04"), patient="p2")
    return fhir


async def bundle(face, search, **headers):
    answer = await face.get(search, **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(found, mode="match"):
    entries = [e for e in found.get("entry", ()) if e["search"]["mode"] == mode]
    return [e["resource"].get("id", e["resource"]["resourceType"]) for e in entries]


def link(found, relation):
    return next((one["url"] for one in found["link"] if one["relation"] == relation), None)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("Observation?patient.identifier=urn:mrn|1002", ["o4"]),
        ("Observation?subject:Patient.name=nun", ["o4"]),
        ("Observation?patient.name=nobody", []),
        ("Patient?_has:Observation:patient:date=2026-03-04", ["p2"]),
        ("Patient?_has:Observation:patient:date=2027", []),
        ("Observation?date=ap2026-03-02&_sort=date", ["o1", "o2", "o3", "o4"]),
        ("Observation?_sort=-date&_count=2", ["o4", "o3"]),
        ("Patient/p1/Observation?date=ge2026-03-02", ["o2", "o3"]),
        ("Patient/p3/Observation", []),
        ("Patient/p1/Patient", ["p1"]),
    ],
)
async def test_chains_orders_and_compartments(filled, search, found):
    assert ids(await bundle(filled, search)) == found


async def test_a_compartment_by_post_and_parameters_in_body_and_address_together(filled):
    path = "Patient/p1/Observation/_search?date=ge2026-03-02"
    told = (await filled.post(path, b"date=lt2026-03-03&_pretty=true", **FORM)).json()
    assert ids(told) == ["o2"]
    both = {"date=ge2026-03-02", "date=lt2026-03-03"}
    assert both <= set(link(told, "self").partition("?")[2].split("&"))
    assert (await filled.get("Patient/p1/Location")).status_code == 404


async def test_what_comes_along_comes_once_and_never_as_a_match(filled):
    found = await bundle(filled, "Observation?_include=Observation:patient&_include=*")
    assert (ids(found), ids(found, "include")) == (["o1", "o2", "o3", "o4"], ["p1", "p2"])
    search = "Patient?_id=p1&_revinclude=Observation:patient&_include:iterate=Observation:subject"
    found = await bundle(filled, search)
    assert (ids(found), ids(found, "include")) == (["p1"], ["o1", "o2", "o3"])


async def test_what_is_asked_and_not_offered(filled):
    """Left aside and told under lenient, refused under strict; a filter also where nobody asks."""
    lenient = await bundle(filled, "Patient?eye-color=blue&_id=p1", Prefer="handling=lenient")
    assert (ids(lenient), ids(lenient, "outcome")) == (["p1"], ["OperationOutcome"])
    (issue,) = lenient["entry"][-1]["resource"]["issue"]
    assert (issue["severity"], issue["expression"]) == ("warning", ["eye-color"])
    assert "eye-color" not in link(lenient, "self")
    assert (await filled.get("Patient?_filter=name eq x")).status_code == 400
    for headers in ({}, {"Prefer": "handling=strict"}):
        refused = await filled.get("Patient?eye-color=blue&_id=p1", **headers)
        assert refused.status_code == 400
        assert refused.json()["issue"][0]["expression"] == ["eye-color"]
    counted = await bundle(filled, "Patient?_count=0&_totalMethod=count")  # as fhirpy counts
    assert counted["total"] == 2


@pytest.mark.parametrize(
    "search",
    [
        "Observation?_lastUpdated:above=2020",
        "Observation?_total=roughly",
        "Observation?_summary=short",
        "Observation?_summary=text&_include=Observation:patient",
        "Observation?_summary=true&_elements=status",
        "Observation?_elements=a b",
        "Observation?_sort=colour",
        "Observation?_count=٣",
        "Observation?date=ap",
        "Observation?_include=Observation:patient:Location",
        "Observation?_revinclude=*",
        "Observation?performer.name=x",
        "Observation?patient=Location/1",
        "Observation?_cursor=AAAA",
    ],
)
async def test_what_cannot_be_read_is_refused_by_its_name(filled, search):
    answer = await filled.get(search, Prefer="handling=lenient")
    assert answer.status_code == 400
    (issue,) = answer.json()["issue"]
    if "_cursor" not in search:
        name = issue["expression"][0]
        assert f"{name}=" in search, issue


async def test_parts_of_what_is_found(filled):
    found = await bundle(filled, "Observation?_id=o1&_summary=true&_include=Observation:patient")
    observation, patient = (e["resource"] for e in found["entry"])
    assert "category" not in observation
    assert {one["meta"]["tag"][-1]["code"] for one in (observation, patient)} == {"SUBSETTED"}
    found = await bundle(
        filled, "Observation?_id=o1&_elements=subject&_include=Observation:patient"
    )
    observation, patient = (e["resource"] for e in found["entry"])
    assert set(observation) == {"resourceType", "id", "meta", "status", "code", "subject"}
    assert "tag" not in patient["meta"]
    one = await bundle(filled, "Patient/p1?_elements=gender")
    assert "name" not in one
    counted = await bundle(filled, "Observation?_summary=count")
    assert (counted["total"], "entry" in counted) == (4, False)


async def test_lines_for_people(filled):
    for path in (
        "Patient/p1?_pretty=true",
        "metadata?_pretty",
        "Patient?_pretty=1",
        "Nothing?_pretty=true",
    ):
        answer = await filled.get(path)
        assert answer.text.startswith('{\n  "resourceType"'), path
        assert int(answer.headers["content-length"]) == len(answer.content)
    assert "\n" not in (await filled.get("Patient/p1?_pretty=false")).text


async def test_pages_show_each_once_while_others_are_written(filled):
    """In the order of a date that some lack; what is inserted behind a page is not lost."""
    undated = (total(n, effectiveDateTime=None) for n in (5, 6))
    await publish(filled, *undated, patient="p1")
    seen, address, turn = [], "Observation?_sort=-date&_count=2", 10
    while address:
        found = await bundle(filled, address)
        seen += ids(found)
        assert link(found, "first").endswith("/fhir/Observation?_sort=-date&_count=2")
        assert link(found, "self").endswith(address)
        await publish(filled, total(turn, effectiveDateTime="2026-03-09"), patient="p1")
        await publish(filled, total(turn + 1, effectiveDateTime="2020-01-01"), patient="p1")
        turn += 2
        following = link(found, "next")
        address = following.partition("/fhir/")[2] if following and turn < 40 else ""
    assert len(seen) == len(set(seen))
    assert {"o1", "o2", "o3", "o4", "o5", "o6"} <= set(seen)
    assert seen[:2] == ["o4", "o3"]
    assert seen.index("o1") < seen.index("o11") < seen.index("o5")


async def test_a_page_link_holds_in_its_own_order_alone(filled):
    found = await bundle(filled, "Observation?_sort=date&_count=1")
    cursor = link(found, "next").rpartition("_cursor=")[2]
    assert (await filled.get(f"Observation?_sort=-date&_cursor={cursor}")).status_code == 400
    assert (await filled.get(f"Observation?_sort=date&_cursor={cursor[:-4]}")).status_code == 400


CHAINED = "_type=Observation&_typeFilter=Observation%3Fpatient.name%3Da"


async def test_a_chain_asks_nothing_that_the_scopes_do_not_reach(engine, open_face):
    """Else whoever may search screenings alone could ask the names of patients one by one."""
    org_id = await make_organization(engine)
    scopes = frozenset({"system/Observation.crs"})
    face = await open_face(await make_client(engine, org_id, "Narrow", scopes))
    for search in (
        "Observation?patient.name=a",
        "Observation?subject:Patient.identifier=1",
        "Observation?_has:Observation:has-member:patient.name=a",
        "Observation?_revinclude=QuestionnaireResponse:based-on",
        "Observation?_include=Observation:patient:Patient",
    ):
        answer = await face.get(search)
        assert answer.status_code in (400, 403), search
    assert (await face.get("Observation?patient.name=a")).status_code == 403
    found = await bundle(face, "Observation?_include=Observation:patient")
    assert ids(found, "include") == []
    for search in ("Observation/$lastn?patient=p1&patient.name=a", "$export?" + CHAINED):
        told = await face.get(search, Prefer="respond-async")
        assert told.status_code == 403, search
    once = {"If-None-Exist": "patient.name=a"}
    assert (await face.post("Observation", total(1), **once)).status_code == 403


PROBES = [
    "Observation?_total=accurate",
    "Observation?patient.identifier=" + NUMBERS + "|700&_total=accurate",
    "Patient?_has:Observation:patient:code=44261-6&_has:Observation:patient:date=ge2020",
    "Patient?_has:QuestionnaireResponse:patient:authored=ge2020&_total=accurate",
    "Patient?_revinclude=Observation:patient&_revinclude=QuestionnaireResponse:patient",
    "QuestionnaireResponse?_include=*&_revinclude=Observation:derived-from",
    "QuestionnaireResponse?status:not=amended&_summary=count",
    "QuestionnaireResponse?authored:missing=false&_sort=-authored",
]


async def test_a_withheld_record_is_found_by_no_way_of_asking(site):
    """A program's screening of somebody in general care changes no answer to general care."""
    await site.send(phq9("700", [1] * 9, 9, "Rosa Alvarez"))
    program = await make_program(site)

    async def asked():
        return [(await site.send(None, f"/fhir/{one}", "GET")).text for one in PROBES]

    before = await asked()
    assert all('"resourceType":"Bundle"' in one for one in before)
    await program.screened("700", [3] * 9)
    assert await asked() == before
    own = await program.send(None, f"/fhir/{PROBES[0]}", "GET")
    assert own.json()["total"] > 0
