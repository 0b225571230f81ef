"""A sender asks the same again: it is told what it was told the first time, and nothing is done."""

import asyncio

import pytest
from sqlalchemy import update

from app.store.tables import kept_answers
from tests.mappings.examples import make_patient, make_phq9
from tests.web.test_fhir_bundles import bundle, entry, statuses
from tests.web.test_fhir_deleting import CONDITION

pytest_plugins = ["tests.web.fhir_face"]


def numbered(*entries, value="m1"):
    return bundle(*entries) | {"identifier": {"system": "urn:messages", "value": value}}


@pytest.fixture
async def known(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    return fhir


async def many(face):
    return (await face.get("Condition?_total=accurate")).json()["total"]


async def test_two_like_conditions_are_two_unless_they_are_one_message(known):
    for _ in range(2):
        assert (await known.post("Condition", CONDITION)).status_code == 201
    assert await many(known) == 2


async def test_a_transaction_with_the_same_identifier_is_answered_as_the_first_time(known):
    first = await known.post("", numbered(entry(CONDITION)))
    again = await known.post("", numbered(entry(CONDITION)))
    assert statuses(first) == ["201"]
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert await many(known) == 1
    other = numbered(entry(CONDITION | {"code": {"text": "Anxiety"}}))
    refused = await known.post("", other)
    assert refused.status_code == 422
    issue = refused.json()["issue"][0]
    assert issue["expression"] == ["Bundle.identifier"]
    assert issue["details"]["coding"][0]["code"] == "key-used-otherwise"
    assert statuses(await known.post("", other | {"identifier": {"value": "m2"}})) == ["201"]


async def test_spaces_and_order_make_no_other_message(known):
    await known.post("", numbered(entry(CONDITION)))
    turned = dict(reversed(list(numbered(entry(CONDITION)).items())))
    again = await known.post("", known.text(turned).replace(",", " ,\n").encode())
    assert again.headers["idempotency-replayed"] == "true"


async def test_a_key_in_the_header_holds_for_every_writing(known):
    key = {"Idempotency-Key": "k-1"}
    first = await known.post("Condition", CONDITION, **key)
    again = await known.post("Condition", CONDITION, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["location"] == first.headers["location"]
    assert again.json() == first.json()
    assert await many(known) == 1
    other = await known.post("Procedure", {"resourceType": "Procedure"}, **key)
    assert other.status_code in (400, 422)
    for wrong in ("", "x" * 256):
        refused = await known.post("Condition", CONDITION, **{"Idempotency-Key": wrong})
        assert refused.status_code == 400
        assert refused.json()["issue"][0]["expression"] == ["Idempotency-Key"]


async def test_a_key_is_its_senders_own(known, colleague_fhir, other_fhir):
    key = {"Idempotency-Key": "k-1"}
    await known.post("Condition", CONDITION, **key)
    theirs = await colleague_fhir.post("Condition", CONDITION, **key)
    assert theirs.status_code == 201
    assert "idempotency-replayed" not in theirs.headers
    assert await many(known) == 2
    patient = await other_fhir.post("Patient", make_patient(), **key)
    assert "idempotency-replayed" not in patient.headers


async def test_of_twins_at_the_same_moment_one_waits_for_the_other(known):
    message = numbered(entry(CONDITION))
    answers = await asyncio.gather(*(known.post("", message) for _ in range(8)))
    assert len({one.content for one in answers}) == 1
    assert await many(known) == 1


async def test_what_was_refused_may_be_mended_under_the_same_key(known):
    key = {"Idempotency-Key": "k-1"}
    nobody = CONDITION | {"subject": {"reference": "Patient/nobody"}}
    assert (await known.post("Condition", nobody, **key)).status_code == 422
    assert (await known.post("Condition", CONDITION, **key)).status_code == 201


async def test_an_answer_is_forgotten_after_its_time(known):
    key = {"Idempotency-Key": "k-1"}
    await known.post("Condition", CONDITION, **key)
    async with known.database.transaction(known.actor) as store:
        mine = kept_answers.c.org_id == store.org_id
        await store.connection.execute(
            update(kept_answers).where(mine).values(kept_until=store.now)
        )
    again = await known.post("Condition", CONDITION, **key)
    assert "idempotency-replayed" not in again.headers
    assert await many(known) == 2


async def test_what_was_refused_in_a_batch_may_be_sent_again_under_the_same_key(fhir):
    """A screening came before its patient; once the patient is there, the same batch is taken."""
    form = make_phq9(*[1] * 9, subject={"reference": "Patient/late"})
    entry = {"resource": form, "request": {"method": "POST", "url": "QuestionnaireResponse"}}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
    key = {"Idempotency-Key": "k-1"}
    first = (await fhir.post("", batch, **key)).json()
    assert first["entry"][0]["response"]["status"].startswith("422")
    await fhir.put("Patient/late", make_patient(id="late"))
    again = (await fhir.post("", batch, **key)).json()
    assert again["entry"][0]["response"]["status"].startswith("201")
    assert len(await fhir.assessments()) == 1
