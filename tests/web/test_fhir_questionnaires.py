"""Questionnaires and codes of ours as a client finds and reads them."""

import re

import pytest

from app.domain.catalogue import SHIPPED, adopt
from app.domain.scopes import read_scopes
from app.domain.site_instrument import read_definitions
from fhir_mappings.codings import LOCAL_SYSTEM
from tests.web.fhir_face import make_client
from tests.web.test_site_instruments import EXAMPLE

pytest_plugins = ["tests.web.fhir_face"]
PHQ_9 = "https://stepwell.example/fhir/Questionnaire/phq-9"


async def test_every_instrument_is_found_and_read(fhir):
    found = (await fhir.get("Questionnaire?_count=100")).json()
    assert [one["resource"]["id"] for one in found["entry"]] == sorted(SHIPPED)
    read = await fhir.get("Questionnaire/phq-9")
    assert read.status_code == 200
    assert read.json()["url"] == PHQ_9
    assert read.headers["etag"] == f'W/"{read.json()["meta"]["versionId"]}"'
    again = await fhir.get("Questionnaire/phq-9", **{"If-None-Match": read.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"url={PHQ_9}", ["phq-9"]),
        (f"url={PHQ_9}&version=Reported.PHQ", ["phq-9"]),
        (f"url={PHQ_9}&version=1999", []),
        ("code=http://loinc.org|44260-8", ["phq-9"]),
        ("name=gad", ["gad-2", "gad-7"]),
        ("title=alcohol use", ["audit", "audit-c"]),
        ("status=draft", []),
    ],
)
async def test_by_its_canonical_its_version_and_its_codes(fhir, query, found):
    told = (await fhir.get(f"Questionnaire?{query}")).json()
    assert [one["resource"]["id"] for one in told.get("entry", [])] == found


async def test_an_instrument_of_the_site_is_served_as_soon_as_it_is_known(fhir):
    assert (await fhir.get("Questionnaire/sleep-check")).status_code == 404
    try:
        adopt(read_definitions({"sleep-check.toml": EXAMPLE.encode()}).instruments.values())
        told = (await fhir.get("Questionnaire/sleep-check")).json()
        codes = (await fhir.get(f"CodeSystem?url={LOCAL_SYSTEM}")).json()
    finally:
        adopt([])
    assert re.fullmatch(r"2026-11\+[0-9a-f]{8}", told["version"])
    known = {one["code"] for one in codes["entry"][0]["resource"]["concept"]}
    assert {"sleep-check.unsafe", "sleep-check.wakes.3", "sleep-check-score"} <= known
    assert (await fhir.get("Questionnaire/sleep-check")).status_code == 404


async def test_they_need_their_scope_and_are_never_written(fhir, engine, open_face):
    scopes = read_scopes("system/Observation.cruds")
    reader = await open_face(await make_client(engine, fhir.actor.org_id, "Reader", scopes))
    assert (await reader.get("Questionnaire/phq-9")).status_code == 403
    assert (await reader.get("CodeSystem?_count=1")).status_code == 403
    told = await fhir.put("Questionnaire/phq-9", {"resourceType": "Questionnaire", "id": "phq-9"})
    assert told.status_code in (404, 405), told.text
    assert told.json()["resourceType"] == "OperationOutcome"
