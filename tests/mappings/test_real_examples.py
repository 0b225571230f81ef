"""Every real resource: read without surprise, and served as it was sent."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from app.domain.assembly import PartKind
from app.domain.patient import PatientDetails
from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.publish import render_received
from fhir_mappings.reading import EncounterReading, PartReading, RecordReading, Unkept
from fhir_mappings.resources import read_resource
from tests.mappings.examples import SHARED, setting, shared_file, shared_resource

FILES = sorted(path.name for path in (SHARED / "us-core-examples").glob("*.json")) or ["absent"]
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def _everything(reference):
    return True


def kind_of(resource):
    where = resource["resourceType"]
    content = read_resource(resource, setting(where, is_defined=_everything)).content
    if isinstance(content, PartReading):
        return f"{content.kind.value} of {content.instrument_id or content.item_code}"
    if isinstance(content, EncounterReading):
        return "encounter"
    if isinstance(content, RecordReading):
        return "record"
    return "not kept" if isinstance(content, Unkept) else "patient"


def test_what_each_us_core_example_is_read_as():
    found = Counter(kind_of(shared_resource(f"us-core-examples/{name}")) for name in FILES)
    items = {what: count for what, count in found.items() if what.startswith("item of")}
    assert sum(items.values()) == 13  # 9 + difficulty of PHQ-9, 2 and 3 of AUDIT-C, a SASQ
    assert found - Counter(items) == Counter(
        {
            "patient": 1,
            "form of phq-9": 1,
            "panel of phq-9": 1,
            "total of phq-9": 1,
            "form of audit-c": 1,
            "panel of audit-c": 1,
            "total of audit-c": 1,
            "encounter": 3,
            "record": 10,
            "not kept": len(FILES) - 33,
        }
    )


@pytest.mark.parametrize("name", FILES)
def test_each_is_served_as_it_was_sent(name):
    body = shared_file(f"us-core-examples/{name}")
    sent = json.loads(body, parse_float=str, parse_int=str)
    kind = sent["resourceType"]
    served_body = render_received(write_json(read_json(body)), kind, "new-id", 4, NOW)
    served = json.loads(served_body, parse_float=str, parse_int=str)
    assert served.pop("id") == "new-id"
    meta = served.pop("meta")
    assert (meta.pop("versionId"), meta.pop("lastUpdated")) == ("4", "2026-11-23T00:00:00Z")
    sent.pop("id")
    meta_sent = sent.pop("meta", {})
    meta_sent.pop("lastUpdated", None)
    assert meta == meta_sent
    assert served == sent
    assert list(served) == list(sent)


def test_what_the_reference_servers_bundle_is_read_as():
    bundle = shared_resource("inferno-reference/uscore_bundle_patient_85.json")
    found = Counter(kind_of(entry["resource"]) for entry in bundle["entry"])
    assert found == Counter(
        {
            "patient": 1,
            "item of 44250-9": 3,
            "item of 44255-8": 1,
            "total of phq-2": 1,
            "total of audit-c": 1,
            "encounter": 60,
            "record": 60,
            "not kept": 140,
        }
    )


def test_the_total_that_is_absent_is_read_as_absent():
    bundle = shared_resource("inferno-reference/uscore_bundle_patient_85.json")
    contents = [
        read_resource(entry["resource"], setting("Observation", is_defined=_everything)).content
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Observation"
    ]
    totals = {
        one.instrument_id: one.total
        for one in contents
        if isinstance(one, PartReading) and one.kind is PartKind.TOTAL
    }
    assert totals == {"phq-2": 2, "audit-c": None}


def test_the_us_core_patient_is_read():
    reading = read_resource(
        shared_resource("us-core-examples/patient-example.json"), setting("Patient")
    )
    assert isinstance(reading.content, PatientDetails)
    assert reading.content.family_name == "Baxter"  # her other name is of use "old"
