"""fhirpy (PyPI), async and sync, used as its README has it."""

from collections.abc import Iterator
from typing import Any

import pytest
from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import (
    AuthorizationError,
    ForbiddenError,
    OperationOutcome,
    ResourceNotFound,
)

from tests.clients.conftest import Served
from tests.clients.screenings import NUMBERS, form, patient, total
from tests.clients.signing_in import Account

WHEN = "2026-03-02T10:00:00-05:00"


@pytest.fixture
def client(account: Account) -> AsyncFHIRClient:
    return AsyncFHIRClient(account.fhir, authorization=f"Bearer {account.token()}")


@pytest.fixture
def plain(account: Account) -> SyncFHIRClient:
    return SyncFHIRClient(account.fhir, authorization=f"Bearer {account.token()}")


async def created(client: AsyncFHIRClient, number: str) -> Any:
    rosa = client.resource(**_named(patient(number)))
    await rosa.save()
    return rosa


def _named(resource: dict[str, Any]) -> dict[str, Any]:
    """As fhirpy takes a resource: its type under another name."""
    kind, rest = (
        resource["resourceType"],
        {k: v for k, v in resource.items() if k != "resourceType"},
    )
    return {"resource_type": kind, **rest}


async def test_a_screening_from_patient_to_score(client: AsyncFHIRClient) -> None:
    rosa = await created(client, "77-1001")
    assert rosa.id and rosa["name"][0]["family"] == "Alvarez"
    sent = client.resource(**_named(form(rosa.id, [2] * 8 + [0], WHEN)))
    await sent.save()
    posted = client.resource(**_named(total(rosa.id, 16, WHEN, sent.id)))
    await posted.save()
    scores = client.resources("Observation").search(patient=rosa, code="http://loinc.org|44261-6")
    theirs = {one["id"]: one for one in await scores.fetch_all()}
    score = theirs[posted.id]
    assert score["valueInteger"] == 16
    [back] = await client.resources("QuestionnaireResponse").search(subject=rosa).fetch_all()
    assert back.to_reference().reference == f"QuestionnaireResponse/{sent.id}"
    assert (await score.get_by_path(["subject"]).to_resource()).id == rosa.id


async def test_pages_are_walked_to_the_end(client: AsyncFHIRClient) -> None:
    made = {(await created(client, f"77-2{one:03}")).id for one in range(7)}
    found = await client.resources("Patient").limit(3).fetch_all()
    assert [one.id for one in found] == list(dict.fromkeys(one.id for one in found))
    assert {one.id for one in found} == made


async def test_counting(client: AsyncFHIRClient) -> None:
    for one in range(3):
        await created(client, f"77-3{one:03}")
    assert await client.resources("Patient").count() == 3
    assert await client.resources("Patient").search(family="Alvarez").count() == 3
    assert await client.resources("Patient").search(family="Nobody").count() == 0


async def test_first_and_exactly_one(client: AsyncFHIRClient) -> None:
    rosa = await created(client, "77-4001")
    by_number = client.resources("Patient").search(identifier=f"{NUMBERS}|77-4001")
    assert (await by_number.get()).id == rosa.id
    assert (await client.resources("Patient").search(birthdate__lt="1980").first()).id == rosa.id
    with pytest.raises(ResourceNotFound):
        await client.resources("Patient").search(identifier=f"{NUMBERS}|nobody").get()


async def test_an_update_is_a_new_version(client: AsyncFHIRClient) -> None:
    rosa = await created(client, "77-5001")
    rosa["telecom"] = [{"system": "phone", "value": "555-0100"}]
    await rosa.save()
    assert rosa["meta"]["versionId"] == "2"
    first = await client.execute(f"Patient/{rosa.id}/_history/1", method="get")
    assert "telecom" not in first


async def test_a_part_is_changed_by_a_patch(client: AsyncFHIRClient) -> None:
    rosa = await created(client, "77-5101")
    await rosa.patch(active=False)
    assert (rosa["active"], rosa["meta"]["versionId"]) == (False, "2")
    assert rosa["name"][0]["family"] == "Alvarez", "what was not named stays"
    rosa["active"] = True
    await rosa.save(fields=["active"])
    assert (await client.reference("Patient", rosa.id).to_resource())["active"] is True


async def test_the_story_of_a_resource(client: AsyncFHIRClient) -> None:
    rosa = await created(client, "77-5201")
    rosa["active"] = True
    await rosa.save()
    told = await rosa.execute("_history", method="get")
    assert [one["resource"]["meta"]["versionId"] for one in told["entry"]] == ["2", "1"]
    await rosa.refresh()
    assert rosa["meta"]["versionId"] == "2"


async def test_what_is_deleted_is_gone(client: AsyncFHIRClient) -> None:
    nobody = client.resource("Practitioner", name=[{"family": "Nobody"}])
    await nobody.save()
    await nobody.delete()
    with pytest.raises(ResourceNotFound):
        await client.reference("Practitioner", nobody.id).to_resource()
    assert await client.resources("Practitioner").count() == 0


async def test_conditions(client: AsyncFHIRClient) -> None:
    known = client.resources("Patient").search(identifier=f"{NUMBERS}|77-5301")
    sent = client.resource(**_named(patient("77-5301")))
    first, made = await known.get_or_create(sent)
    again, made_again = await known.get_or_create(sent)
    assert (made, made_again, again.id) == (True, False, first.id)
    changed, made = await known.update(
        client.resource(**_named(patient("77-5301", given="Rosalia")))
    )
    assert (made, changed.id, changed["name"][0]["given"]) == (False, first.id, ["Rosalia"])
    assert await client.resources("Patient").count() == 1
    staff = client.resources("Practitioner").search(identifier="urn:staff|1")
    for number in ("1", "2"):
        identifier = [{"system": "urn:staff", "value": number}]
        await client.resource("Practitioner", identifier=identifier).save()
    await staff.delete()
    assert await client.resources("Practitioner").count() == 1


async def test_what_comes_along_and_in_which_order(client: AsyncFHIRClient) -> None:
    rosa = await created(client, "77-5401")
    for day, score in (("2026-03-02", 20), ("2026-03-16", 12), ("2026-03-09", 16)):
        await client.resource(**_named(total(rosa.id, score, f"{day}T10:00:00-05:00"))).save()
    scores = client.resources("Observation").search(patient=rosa.id, status="final")
    newest = await scores.sort("-date").fetch()
    assert [one["valueInteger"] for one in newest if "valueInteger" in one] == [12, 16, 20]
    raw = await scores.include("Observation", "subject").fetch_raw()
    found = [(one["search"]["mode"], one["resource"]["resourceType"]) for one in raw["entry"]]
    assert found.count(("include", "Patient")) == 1
    part = await scores.elements("status", "code").first()
    assert part["code"] and "effectiveDateTime" not in part
    chained = client.resources("Observation").search(patient__identifier=f"{NUMBERS}|77-5401")
    assert await chained.count() == 3
    having = client.resources("Patient").has("Observation", "patient", code="44261-6")
    assert [one.id for one in await having.fetch_all()] == [rosa.id]


async def test_operations(client: AsyncFHIRClient) -> None:
    rosa = await created(client, "77-5501")
    await client.resource(**_named(form(rosa.id, [1] * 9, WHEN))).save()
    everything = await rosa.execute("$everything", method="get")
    kinds = [one["resource"]["resourceType"] for one in everything["entry"]]
    assert kinds[0] == "Patient" and "QuestionnaireResponse" in kinds
    assert await client.resource(**_named(form(rosa.id, [1] * 9, WHEN))).is_valid()
    assert not await client.resource("Patient", birthDate="soon").is_valid()
    with pytest.raises(OperationOutcome):
        await client.resource("Patient", birthDate="soon").is_valid(raise_exception=True)


async def test_a_refusal_is_an_operation_outcome(client: AsyncFHIRClient) -> None:
    with pytest.raises(OperationOutcome) as refused:
        await client.resource("Observation", status="final").save()
    told = refused.value.resource["issue"]
    assert any(one["expression"] == ["Observation.code"] for one in told), told
    assert {one["severity"] for one in told} == {"error"}


async def test_somebody_unknown_is_not_found(client: AsyncFHIRClient) -> None:
    with pytest.raises(ResourceNotFound):
        await client.reference("Patient", "00000000-0000-4000-8000-000000000000").to_resource()


async def test_without_a_token_and_without_a_scope(registry: Served, account: Account) -> None:
    forged = AsyncFHIRClient(account.fhir, authorization="Bearer made.up.token")
    with pytest.raises(AuthorizationError):
        await forged.resources("Patient").fetch()
    reader = registry.register("system/Patient.rs", account.org_id)
    client = AsyncFHIRClient(account.fhir, authorization=f"Bearer {reader.token()}")
    with pytest.raises(ForbiddenError):
        await client.resource(**_named(patient("77-6001"))).save()


def test_the_same_without_async(plain: SyncFHIRClient) -> None:
    rosa = plain.resource(**_named(patient("77-7001"))).save()
    plain.resource(**_named(form(rosa.id, [1] * 9, WHEN))).save()
    pages: Iterator[Any] = iter(plain.resources("QuestionnaireResponse").search(patient=rosa.id))
    assert [one["status"] for one in pages] == ["completed"]
    assert plain.resources("QuestionnaireResponse").search(authored__ge="2026-03-02").count() == 1
    rosa.patch(active=False)
    assert rosa.refresh()["active"] is False
    assert plain.resource(**_named(form(rosa.id, [1] * 9, WHEN))).is_valid()
    [given] = plain.resources("Patient").search(name="álvarez").fetch()
    assert given.id == rosa.id
