"""Encounters as EHRs send them: kept as sent, placed in a clinic and on its day, counted or not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, update

from app.store.ids import new_id
from app.store.tables import clients, clinics, encounters
from fhir_mappings.conformance import TYPES
from tests.mappings.examples import make_patient, make_phq9
from tests.web.test_fhir_bundles import bundle, entry

if TYPE_CHECKING:
    from tests.web.fhir_face import Face

pytest_plugins = ["tests.web.fhir_face"]
TOLD = {"Prefer": "return=OperationOutcome"}


def make_encounter(**more: Any) -> dict[str, Any]:
    """A finished visit of Patient/p1; None takes an element away."""
    made = {
        "resourceType": "Encounter",
        "identifier": [{"system": "urn:ehr:visit", "value": "v1"}],
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-11-20T10:00:00-05:00", "end": "2026-11-20T10:30:00-05:00"},
        "serviceProvider": {"display": "Riverside"},
    } | more
    return {name: value for name, value in made.items() if value is not None}


async def add_clinic(fhir: Face, name: str, zone: str = "America/New_York") -> UUID:
    clinic_id = new_id()
    async with fhir.database.transaction(fhir.actor) as store:
        await store.connection.execute(
            clinics.insert().values(
                org_id=fhir.actor.org_id, clinic_id=clinic_id, name=name, time_zone=zone
            )
        )
    return clinic_id


async def kept(fhir: Face) -> list[Any]:
    return await fhir._rows(select(encounters).order_by(encounters.c.encounter_key))


async def codes(answer: Any) -> list[str]:
    return [
        issue["details"]["coding"][0]["code"]
        for issue in answer.json()["issue"]
        if "details" in issue
    ]


@pytest.fixture
async def known(fhir: Face) -> Face:
    """A sender whose patient p1 is known."""
    told = await fhir.put("Patient/p1", make_patient(id="p1"))
    assert told.status_code == 201
    return fhir


async def test_it_is_served_as_it_was_sent_and_found(known: Face) -> None:
    clinic = await add_clinic(known, "Riverside")
    sent = make_encounter(extension=[{"url": "urn:x", "valueDecimal": 1.5}])
    answer = await known.post("Encounter", sent)
    assert answer.status_code == 201, answer.text
    kind, own_id, version = known.place(answer)
    assert (kind, version) == ("Encounter", "1")
    served = (await known.get(f"Encounter/{own_id}")).json()
    assert served.pop("id") == own_id
    assert served.pop("meta")["versionId"] == "1"
    assert served == sent
    for query in (
        "patient=Patient/p1",
        "patient=p1&date=2026-11-20",
        "date=ge2026-11-01&date=lt2026-12-01",
        f"_id={own_id}",
        "identifier=urn:ehr:visit|v1",
        "subject=Patient/p1&status=finished",
    ):
        assert (await known.get(f"Encounter?_total=accurate&{query}")).json()["total"] == 1, query
    for query in ("patient=p2", "date=2026-11-21", "status=planned", "identifier=v2"):
        assert (await known.get(f"Encounter?_total=accurate&{query}")).json()["total"] == 0, query
    assert (await known.get("Encounter?practitioner=x")).status_code == 400
    (row,) = await kept(known)
    assert (row.clinic_id, row.status, row.class_code, row.is_visit) == (
        clinic,
        "finished",
        "AMB",
        True,
    )


async def test_the_same_again_is_the_same_and_a_correction_is_a_version(known: Face) -> None:
    first = known.place(await known.post("Encounter", make_encounter()))
    again = await known.post("Encounter", make_encounter())
    assert (again.status_code, known.place(again)) == (200, first)
    cancelled = await known.post("Encounter", make_encounter(status="cancelled"))
    assert known.place(cancelled) == ("Encounter", first[1], "2")
    (row,) = await kept(known)
    assert (row.status, row.is_visit) == ("cancelled", False)
    old = (await known.get(f"Encounter/{first[1]}/_history/1")).json()
    assert old["status"] == "finished"


async def test_ten_posts_at_the_same_time_are_one_encounter(known: Face) -> None:
    answers = await asyncio.gather(*(known.post("Encounter", make_encounter()) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len(await kept(known)) == 1


async def test_an_update_under_the_senders_id(known: Face) -> None:
    assert (await known.put("Encounter/e1", make_encounter(id="e1"))).status_code == 201
    changed = make_encounter(id="e1", period={"start": "2026-11-19T09:00:00Z"})
    assert (await known.put("Encounter/e1", changed)).status_code == 200
    stale = await known.put("Encounter/e1", make_encounter(id="e1"), **{"If-Match": 'W/"1"'})
    assert stale.status_code == 412
    (row,) = await kept(known)
    assert str(row.started_on) == "2026-11-19"


@pytest.mark.parametrize(
    ("told", "clinic"),
    [
        ({"serviceProvider": {"display": "  riverSIDE "}}, "Riverside"),  # case and spaces
        ({"serviceProvider": {"identifier": {"value": "Riverside"}}}, "Riverside"),
        (
            # a provider nobody knows: the location says which
            {
                "serviceProvider": {"display": "Big Health System"},
                "location": [{"location": {"display": "Northgate"}}],
            },
            "Northgate",
        ),
        ({"serviceProvider": {"display": "Elsewhere"}}, "Harbor"),  # the client's default
        ({"serviceProvider": None}, "Harbor"),
    ],
)
async def test_which_clinic_it_belongs_to(known: Face, told: dict[str, Any], clinic: str) -> None:
    names = {name: await add_clinic(known, name) for name in ("Riverside", "Northgate", "Harbor")}
    async with known.database.transaction(known.actor) as store:
        await store.connection.execute(
            update(clients)
            .where(clients.c.org_id == known.actor.org_id)
            .values(default_clinic="Harbor")
        )
    assert (await known.post("Encounter", make_encounter(**told))).status_code == 201
    (row,) = await kept(known)
    assert row.clinic_id == names[clinic]


async def test_without_a_clinic_it_is_kept_and_said(known: Face) -> None:
    answer = await known.post("Encounter", make_encounter(), **TOLD)
    assert answer.status_code == 201
    assert await codes(answer) == ["clinic-not-told"]
    (row,) = await kept(known)
    assert (row.clinic_id, row.place, row.is_visit) == (None, "Riverside", True)


async def test_the_day_is_the_clinics(known: Face) -> None:
    """02:30 UTC is the day before in New York and that day in Tokyo."""
    await add_clinic(known, "Riverside")
    await add_clinic(known, "Harbor", "Asia/Tokyo")
    start = {"start": "2026-11-20T02:30:00Z"}
    for number, name in enumerate(("Riverside", "Harbor")):
        sent = make_encounter(id=f"e{number}", period=start, serviceProvider={"display": name})
        assert (await known.put(f"Encounter/e{number}", sent)).status_code == 201
    assert [str(row.started_on) for row in await kept(known)] == ["2026-11-19", "2026-11-20"]


@pytest.mark.parametrize(
    ("more", "is_visit", "told"),
    [
        ({"status": "planned", "period": {"start": "2036-01-05T10:00:00Z"}}, False, []),
        ({"period": {"start": "2036-01-05T10:00:00Z"}}, True, ["date-in-future"]),
        ({"period": {"start": "1979-01-05T10:00:00Z"}}, True, ["date-before-birth"]),
        ({"period": None}, True, ["incomplete"]),  # as US Core's own example has it
        ({"period": {"start": "2026"}}, True, ["value", "incomplete"]),  # too vague for a day
        ({"class": {"code": "IMP"}}, False, []),
        ({"class": {"code": "our own word"}}, True, []),
    ],
)
async def test_what_cannot_count_is_kept_and_said(
    known: Face, more: dict[str, Any], is_visit: bool, told: list[str]
) -> None:
    await add_clinic(known, "Riverside")
    answer = await known.post("Encounter", make_encounter(**more), **TOLD)
    assert answer.status_code == 201, answer.text
    assert sorted(await codes(answer)) == sorted(told)
    (row,) = await kept(known)
    assert row.is_visit is is_visit


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"status": "done"}, 400, "invalid-resource"),
        ({"class": None}, 400, "invalid-resource"),
        ({"subject": {"reference": "Patient/nobody"}}, 422, "unknown-patient"),
        ({"subject": {"reference": "Group/all"}}, 422, "not-supported"),
        ({"subject": None}, 422, "not-supported"),
        ({"period": {"start": "yesterday"}}, 400, "invalid-resource"),
    ],
)
async def test_what_is_refused(known: Face, more: dict[str, Any], status: int, code: str) -> None:
    answer = await known.post("Encounter", make_encounter(**more), **TOLD)
    assert (answer.status_code, await codes(answer)) == (status, [code])
    assert await kept(known) == []


async def test_a_replaced_patients_encounter_is_kept_until_a_person_joins_the_two(
    known: Face,
) -> None:
    other = make_patient(id="new", identifier=[{"system": "urn:mrn", "value": "2"}])
    await known.put("Patient/new", other)
    link = [{"type": "replaced-by", "other": {"reference": "Patient/new"}}]
    await known.put("Patient/p1", make_patient(id="p1", active=False, link=link))
    answer = await known.post("Encounter", make_encounter(), **TOLD)
    assert answer.status_code == 201
    assert (await codes(answer))[0] == "replaced-record"
    assert len(await kept(known)) == 1


async def test_an_encounter_never_changes_its_patient(known: Face) -> None:
    other = make_patient(id="p2", identifier=[{"system": "urn:mrn", "value": "2"}])
    await known.put("Patient/p2", other)
    await known.put("Encounter/e1", make_encounter(id="e1"))
    moved = make_encounter(id="e1", subject={"reference": "Patient/p2"})
    assert (await known.put("Encounter/e1", moved)).status_code == 422
    (row,) = await kept(known)
    assert row.status == "finished"


async def test_an_impossible_visit_sinks_no_screening(known: Face) -> None:
    wrong = make_encounter(period={"start": "1900-01-01T00:00:00Z"})
    form = make_phq9(2, 2, 2, 2, 1, 1, 2, 0, 2) | {"encounter": {"reference": "urn:uuid:e"}}
    answer = await known.post("", bundle(entry(wrong, "urn:uuid:e"), entry(form)))
    assert answer.status_code == 200, answer.text
    (assessment,) = await known.assessments()
    assert assessment.item_nine == "positive"
    assert len(await kept(known)) == 1


async def test_a_conditional_reference_and_a_batch(known: Face) -> None:
    subject = {"reference": "Patient?identifier=urn:mrn|1001"}
    nobody = make_encounter(subject={"reference": "Patient/nobody"})
    answer = await known.post(
        "", bundle(entry(make_encounter(subject=subject)), entry(nobody), kind="batch")
    )
    assert [one["response"]["status"][:3] for one in answer.json()["entry"]] == ["201", "422"]
    place = answer.json()["entry"][0]["response"]["location"].split("/")[-3]
    served = (await known.get(f"Encounter/{place}")).json()
    assert served["subject"]["reference"] == "Patient/p1"


async def test_other_senders_and_organizations(
    known: Face, colleague_fhir: Face, other_fhir: Face
) -> None:
    await known.put("Encounter/e1", make_encounter(id="e1"))
    taken = await colleague_fhir.put("Encounter/e1", make_encounter(id="e1", status="cancelled"))
    assert taken.status_code == 409
    assert (await other_fhir.get("Encounter/e1")).status_code == 404
    assert (await other_fhir.get("Encounter?_count=0")).json()["total"] == 0
    answer = await other_fhir.put("Encounter/e1", make_encounter(id="e1"))
    assert (answer.status_code, await codes(answer)) == (422, ["unknown-patient"])
    (row,) = await kept(known)
    assert row.status == "finished"


async def test_each_encounter_costs_a_bounded_number_of_statements(known: Face) -> None:
    async def statements(count: int, start: int) -> int:
        told: list[str] = []

        def note(_a: Any, _b: Any, statement: str, *_: Any) -> None:
            told.append(statement)

        sent = [
            entry(
                make_encounter(
                    id=f"e{n}", identifier=[{"system": "urn:ehr:visit", "value": f"{n}"}]
                ),
                method="PUT",
                url=f"Encounter/e{n}",
            )
            for n in range(start, start + count)
        ]
        engine = known.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        answer = await known.post("", bundle(*sent))
        event.remove(engine, "before_cursor_execute", note)
        assert answer.status_code == 200, answer.text
        return len(told)

    one, eleven = await statements(1, 0), await statements(11, 1)
    assert (eleven - one) / 10 <= 7  # subject, owner, lock, resource, tokens, audit, encounter


async def test_the_capability_statement_offers_it(fhir: Face) -> None:
    statement = (await fhir.get("metadata")).json()
    (found,) = [one for one in statement["rest"][0]["resource"] if one["type"] == "Encounter"]
    offered = {one["name"] for one in found["searchParam"]}
    assert offered == {"_id", "_lastUpdated"} | {
        one.name for one in TYPES["Encounter"].parameters.values() if one.paths
    }
