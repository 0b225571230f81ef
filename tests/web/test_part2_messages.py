"""What general senders tell of a program's visits and people, and what their answers tell them."""

import uuid
from typing import Any

from httpx import Response

from app.store.tables import encounters, inbound_messages, patients, resources
from tests.web.part2_world import (
    MARKER,
    add_client,
    clinic_id,
    find,
    mark,
    protected_world,
)
from tests.web.site import NUMBERS, Site, phq9
from tests.web.test_withholding import fetch

ACT_CODES = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def visit(place: str = "Riverside", start: str = "2026-11-20T10:00:00Z") -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "enc-1",
        "status": "finished",
        "class": {"code": "AMB", "system": ACT_CODES},
        "subject": {"identifier": {"system": NUMBERS, "value": "100"}},
        "period": {"start": start},
        "serviceProvider": {"display": place},
    }


def person(number: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": NUMBERS, "value": number}],
        "name": [{"family": "Probe"}],
    } | more


async def put_visit(site: Site, body: dict[str, Any]) -> None:
    told = await site.send(body, "/fhir/Encounter/enc-1", "PUT")
    assert told.status_code in (200, 201), told.text


async def labels(site: Site) -> tuple[Any, Any]:
    """Whose record the visit is, and whose its resource is."""
    kind = resources.c.resource_type == "Encounter"
    return await find(site, encounters.c.program_id), await find(site, resources.c.program_id, kind)


async def assert_withheld(site: Site) -> None:
    """As if the visit had never been told of, to whoever else reads; in each of its versions."""
    _, token = await add_client(site, "Another reader")
    for path in ("Encounter/enc-1", "Encounter/enc-1/_history/1", "Encounter/enc-1/_history/2"):
        assert (await fetch(site, path, token)).status_code == 404, path
    assert (await fetch(site, "Encounter?_count=0", token)).json()["total"] == 0


async def hidden_person(site: Site) -> tuple[uuid.UUID, str]:
    """Somebody whom only a program knows: the id, and the id in FHIR."""
    labelled = patients.c.program_id.is_not(None)
    return (
        await find(site, patients.c.patient_id, labelled),
        await find(site, patients.c.fhir_id, labelled),
    )


async def still_withheld(site: Site, patient_id: uuid.UUID) -> bool:
    maya = await site.sign_in("maya")
    name = await find(site, patients.c.display_name, patients.c.patient_id == patient_id)
    return (await maya.get(f"/patients/{patient_id}")).status_code == 404 and MARKER in name


async def waits_for_a_person(site: Site, told: Response) -> bool:
    """The message is kept whole among those that an operator is to look at."""
    whole = inbound_messages.c.body == told.request.content
    outcome = await find(site, inbound_messages.c.outcome, whole)
    return told.status_code >= 400 and outcome == "refused"


async def test_a_visit_to_a_programs_clinic_is_served_to_nobody_else(site: Site) -> None:
    place = await clinic_id(site)
    await mark(site, place, ("ben",))
    await site.screened("100", [1] * 8 + [0], 5)
    await put_visit(site, visit())
    assert await labels(site) == (place, place)
    await assert_withheld(site)


async def test_the_sender_of_a_labelled_visit_can_still_correct_it(site: Site) -> None:
    """Once labelled it stays so, also where the correction names another place."""
    place = await clinic_id(site)
    await mark(site, place, ("ben",))
    await site.screened("100", [1] * 8 + [0], 5)
    await put_visit(site, visit())
    await put_visit(site, visit("Somewhere else"))
    assert await labels(site) == (place, place)
    await assert_withheld(site)


async def test_visits_before_a_clinic_was_marked_are_withheld_from_then_on(site: Site) -> None:
    place = await clinic_id(site)
    await site.screened("100", [1] * 8 + [0], 5)
    await put_visit(site, visit())
    assert (await fetch(site, "Encounter/enc-1", site.token)).status_code == 200
    await mark(site, place, ("ben",))
    assert await labels(site) == (place, place)
    await assert_withheld(site)


async def test_a_correction_that_moves_a_visit_into_a_program_withholds_it(site: Site) -> None:
    place = await clinic_id(site)
    await mark(site, place, ("ben",))
    await site.screened("100", [1] * 8 + [0], 5)
    await put_visit(site, visit("Somewhere else"))
    assert await labels(site) == (None, None)
    await put_visit(site, visit())
    assert await labels(site) == (place, place)
    await assert_withheld(site)


async def test_a_replacement_that_is_withheld_is_one_that_never_was(site: Site) -> None:
    await protected_world(site)
    _, hidden = await hidden_person(site)
    answers = []
    for other in (hidden, str(uuid.uuid4())):
        link = {"type": "replaced-by", "other": {"reference": f"Patient/{other}"}}
        told = await site.send(person("900", id="probe", link=[link]), "/fhir/Patient/probe", "PUT")
        answers.append((told.status_code, told.text.replace(other, "ID")))
        assert await waits_for_a_person(site, told)
    assert answers[0] == answers[1]


async def test_a_number_of_somebody_withheld_tells_no_birth_date_and_no_id(site: Site) -> None:
    """Whichever way it is sent; the message waits for a person, and nobody became known by it."""
    await protected_world(site)
    patient_id, hidden = await hidden_person(site)
    guess = person("300", birthDate="1901-01-01")
    other = person("300", id="probe", birthDate="1901-01-01")
    both = person("100") | {
        "identifier": [{"system": NUMBERS, "value": value} for value in ("100", "300")]
    }
    answers = set()
    for body, path, method in (
        (guess, "/fhir/Patient", "POST"),
        (other, "/fhir/Patient/probe", "PUT"),
        (both, "/fhir/Patient", "POST"),
    ):
        told = await site.send(body, path, method)
        assert await waits_for_a_person(site, told)
        assert hidden not in told.text
        assert "birth" not in told.text
        answers.add((told.status_code, told.text))
    assert len(answers) == 1
    assert await still_withheld(site, patient_id)


async def test_a_condition_on_a_withheld_number_tells_no_birth_date(site: Site) -> None:
    await protected_world(site)
    patient_id, hidden = await hidden_person(site)
    body = phq9("300", [0, 0, 0, 0, 0, 0, 0, 0, 1], 1, "Some Probe")
    body["entry"][0]["resource"]["birthDate"] = "1901-01-01"
    body["entry"][0]["request"]["ifNoneExist"] = f"identifier={NUMBERS}|300"
    told = await site.send(body)
    assert await waits_for_a_person(site, told)
    assert hidden not in told.text
    assert "birth" not in told.text
    assert await still_withheld(site, patient_id)


async def test_an_id_alone_makes_nobody_known(site: Site) -> None:
    """Only its own sender writes to an id: a guessed one changes and opens nothing."""
    await protected_world(site)
    patient_id, hidden = await hidden_person(site)
    general = await general_id(site)
    answers = []
    for name in (hidden, general):
        _, token = await add_client(site, f"Writer to {name}")
        http = await site.open()
        told = await http.put(
            f"/fhir/Patient/{name}",
            json=person("901", id=name),
            headers={"Authorization": f"Bearer {token}"},
        )
        answers.append((told.status_code, told.text.replace(name, "ID")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 409
    assert await still_withheld(site, patient_id)


async def general_id(site: Site) -> str:
    name = patients.c.display_name.like("%Alvarez%") & patients.c.program_id.is_(None)
    return str(await find(site, patients.c.fhir_id, name))


async def test_a_withheld_record_has_no_history_and_cannot_be_changed_or_named(site: Site) -> None:
    await protected_world(site)
    await mark(site, await clinic_id(site), ("ben",))
    await put_visit(site, visit())
    _, token = await add_client(site, "Another writer")
    http = await site.open()
    signed = {"Authorization": f"Bearer {token}"}

    async def ask(method: str, path: str, **more: Any) -> Response:
        headers = signed | more.pop("headers", {})
        return await http.request(method, f"/fhir/{path}", headers=headers, **more)

    patch = {"content": b"[]", "headers": {"Content-Type": "application/json-patch+json"}}
    never = [await ask("GET", "Encounter/never/_history"), await ask("DELETE", "Encounter/never")]
    found = [await ask("GET", "Encounter/enc-1/_history"), await ask("DELETE", "Encounter/enc-1")]
    assert [one.status_code for one in found] == [one.status_code for one in never] == [404, 404]
    for one, other in zip(found, never, strict=True):
        assert one.text.replace("enc-1", "never") == other.text
    assert (await ask("PATCH", "Encounter/enc-1", **patch)).status_code == 404
    assert "entry" not in (await ask("GET", "Encounter/_history")).json()
    everything = await ask("GET", "_history?_count=200")
    assert everything.status_code == 200
    assert "enc-1" not in everything.text
    batch = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [
            {"request": {"method": "GET", "url": url}}
            for url in ("Encounter/enc-1", "Encounter/enc-1/_history/1", "Encounter?_id=enc-1")
        ],
    }
    told = (await http.post("/fhir", json=batch, headers=signed)).json()["entry"]
    assert [one["response"]["status"][:3] for one in told] == ["404", "404", "200"]
    assert "entry" not in told[2]["resource"]
