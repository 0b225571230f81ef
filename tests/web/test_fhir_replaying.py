"""A refused message is mended and taken; a transaction that the database gave up is tried again."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from app.web.fhir.receiving import receive_raw
from app.web.fhir.retrying import ATTEMPTS, attempt
from tests.mappings.examples import make_observation, make_patient

pytest_plugins = ["tests.web.fhir_face"]

HEADERS = {"Content-Type": "application/fhir+json"}


@pytest.fixture
def services(fhir):
    settings = SimpleNamespace(public_base_url="https://registry.example", max_body_bytes=1000)
    return SimpleNamespace(settings=settings, database=fhir.database, now=lambda: datetime.now(UTC))


async def test_a_mended_message_is_taken_and_names_the_one_it_replaces(fhir, services):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    wrong = make_observation("44261-6", valueInteger=99)
    assert (await fhir.post("Observation", wrong)).status_code == 422
    refused = (await fhir.messages())[-1]
    mended = json.dumps(wrong | {"valueInteger": 9}).encode()
    status, body = await receive_raw(
        services, fhir.actor, refused.method, refused.path, HEADERS, mended, refused.message_id
    )
    assert status == 201, body
    assert (await fhir.messages())[-1].replay_of_id == refused.message_id
    assert [one.total for one in await fhir.assessments()] == [9]


async def test_a_message_that_is_still_wrong_is_answered_with_its_faults(fhir, services):
    status, body = await receive_raw(services, fhir.actor, "POST", "", HEADERS, b"{}")
    assert status == 400
    assert json.loads(body)["resourceType"] == "OperationOutcome"


class GaveUpError(Exception):
    """As the driver raises it, wrapped once."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.orig = SimpleNamespace(sqlstate=sqlstate)


@pytest.mark.parametrize("sqlstate", ["40P01", "40001", "23505"])
async def test_what_passes_is_tried_again(sqlstate):
    tries = []

    async def work():
        tries.append(1)
        if len(tries) < ATTEMPTS:
            raise GaveUpError(sqlstate)
        return "done"

    assert await attempt(work) == "done"
    assert len(tries) == ATTEMPTS


@pytest.mark.parametrize(("sqlstate", "tried"), [("40P01", ATTEMPTS), ("23514", 1)])
async def test_what_does_not_pass_is_raised(sqlstate, tried):
    tries = []

    async def work():
        tries.append(1)
        raise GaveUpError(sqlstate)

    with pytest.raises(GaveUpError):
        await attempt(work)
    assert len(tries) == tried
