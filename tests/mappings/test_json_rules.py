"""FHIR R4 to the letter: what the door lets in and what it refuses, and how that is told."""

import json
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from fhir_mappings.conformance import TAKEN
from fhir_mappings.definitions import NOT_IN_R4, definition_of
from fhir_mappings.json_text import read_json
from fhir_mappings.reading import InvalidResource
from fhir_mappings.validation import check_shape
from tests.mappings.examples import make_observation, make_patient, shared_resource
from tests.mappings.record_examples import RECORDS, make_record
from tests.mappings.test_real_examples import FILES

EXTENSION = "https://ehr.example/said"


def faults(resource: Any) -> dict[str, str]:
    """What is refused, by where it stands; nothing where the resource is FHIR R4."""
    body = resource if isinstance(resource, bytes) else json.dumps(resource).encode()
    trip = read_json(body)
    try:
        check_shape(trip, trip["resourceType"])
    except InvalidResource as refusal:
        return {problem.where: problem.what for problem in refusal.problems}
    return {}


def extended(name: str, value: Any) -> dict[str, Any]:
    return make_record("Condition", extension=[{"url": EXTENSION, name: value}])


def written(name: str, number: str) -> bytes:
    """A number as a sender wrote it."""
    return json.dumps(extended(name, 7777)).replace("7777", number).encode()


LEGAL = [
    ("valueId", "a-1.B"),
    ("valueCode", "a b"),
    ("valueOid", "urn:oid:2.16.840.1.113883"),
    ("valueUuid", "urn:uuid:c757873d-ec9a-1326-a141-556f43239520"),  # version 1
    ("valueUri", "urn:anything:at-all"),
    ("valueUrl", "mailto:a@b.example"),
    ("valueCanonical", "http://a.example/q|1.0"),
    ("valueInstant", "2020-01-01T00:00:00.123456789+14:00"),
    ("valueInstant", "2016-12-31T23:59:60Z"),
    ("valueDateTime", "2020"),
    ("valueDateTime", "2020-02"),
    ("valueDateTime", "2020-02-29T23:59:59-05:00"),
    ("valueDate", "1905-08-23"),
    ("valueTime", "10:00:00.5"),
    ("valueBase64Binary", "YWJj ZGVm"),
    ("valueBoolean", False),
    ("valueInteger", -(2**31)),
    ("valueUnsignedInt", 0),
    ("valuePositiveInt", 1),
    ("valueString", " tab\tline\n"),
    ("valueMarkdown", "**a**"),
    ("valueMeta", {"versionId": "1"}),
    ("valueDosage", {"text": "one in the morning"}),
]
ILLEGAL = [
    ("valueId", "a b"),
    ("valueId", "x" * 65),
    ("valueCode", " a"),
    ("valueCode", "a  b"),
    ("valueOid", "2.16.840"),
    ("valueUuid", "c757873d-ec9a-4326-a141-556f43239520"),
    ("valueUri", "a b"),
    ("valueUrl", "http://a b"),
    ("valueCanonical", "a b"),
    ("valueInstant", "2020-01-01"),
    ("valueInstant", "2020-01-01T00:00:00"),
    ("valueDateTime", "2020-01-01T24:00:00Z"),
    ("valueDateTime", "2020-01-01T10:00Z"),
    ("valueDateTime", "2020-13"),
    ("valueDateTime", "2023-02-29"),
    ("valueDateTime", "2020-01-01T00:00:00+15:00"),
    ("valueDate", "0000"),
    ("valueDate", "2020-1-1"),
    ("valueDate", "٢٠٢٠"),  # digits of another script
    ("valueTime", "10:00"),
    ("valueTime", "10:00:00Z"),
    ("valueBase64Binary", "abc"),
    ("valueBoolean", "true"),
    ("valueBoolean", 1),
    ("valueInteger", "1"),
    ("valueInteger", 2**31),
    ("valueInteger", 1.5),
    ("valueInteger", True),
    ("valueUnsignedInt", -1),
    ("valuePositiveInt", 0),
    ("valueDecimal", "1.5"),
    ("valueDecimal", True),
    ("valueString", 1),
    ("valueString", ["a"]),
    ("valueCodeableConcept", '{"text": "a"}'),  # a text of JSON is no object
    ("valueInteger64", "1"),  # R5
]


@pytest.mark.parametrize(("name", "value"), LEGAL)
def test_what_r4_allows_is_taken(name, value):
    assert faults(extended(name, value)) == {}


@pytest.mark.parametrize(("name", "value"), ILLEGAL)
def test_what_r4_does_not_allow_is_refused_where_it_stands(name, value):
    (where,) = faults(extended(name, value))
    assert where == f"Condition.extension[0].{name}"


@pytest.mark.parametrize("number", ["0", "-0", "1E3", "1.0e-2", "1.50", "-0.0", "1" * 40])
def test_a_decimal_is_any_number_of_json(number):
    assert faults(written("valueDecimal", number)) == {}


@pytest.mark.parametrize("number", ["1.0", "1e3", "4294967296", "-0.0"])
def test_an_integer_has_no_point_and_32_bits(number):
    assert faults(written("valueInteger", number))


DIFFERENT = [
    ("valueCodeableReference", {"concept": {"text": "a"}}),
    ("valueRatioRange", {"lowNumerator": {"value": 1}}),
]


def test_every_element_that_r4b_added_is_listed():
    assert {name for name, _ in DIFFERENT} == NOT_IN_R4["Extension"]


@pytest.mark.parametrize(("name", "value"), DIFFERENT)
def test_what_r4b_added_is_refused_though_the_models_take_it(name, value):
    resource = extended(name, value)
    get_fhir_model_class("Condition").model_validate(resource)
    assert faults(resource) == {
        f"Condition.extension[0].{name}": "FHIR R4 knows no such element here."
    }


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("EffectEvidenceSynthesis", None),  # R4B dropped it
        ("MedicinalProduct", None),  # R4B renamed it
        ("SubstancePolymer", None),
        ("Organization", None),
        ("NutritionProduct", "Patient.contained[0].resourceType"),  # R4B added it
        ("SubscriptionTopic", "Patient.contained[0].resourceType"),
        ("Unheard", "Patient.contained[0].resourceType"),
        ("HumanName", "Patient.contained[0].resourceType"),
        (7, "Patient.contained[0].resourceType"),
    ],
)
def test_a_contained_resource_is_of_a_type_of_r4(kind, where):
    found = faults(make_patient(contained=[{"resourceType": kind, "id": "a"}]))
    assert list(found) == ([where] if where else [])


def test_a_contained_resource_is_examined_too():
    wrong = {"resourceType": "Organization", "id": "a", "mood": 1}
    assert list(faults(make_patient(contained=[wrong]))) == ["Patient.contained[0].mood"]
    nested = {"resourceType": "Organization", "contained": [{"resourceType": "Organization"}]}
    assert list(faults(make_patient(contained=[nested]))) == ["Patient.contained[0].contained"]


SAID = {"extension": [{"url": EXTENSION, "valueString": "unknown"}]}


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ({"given": ["Ana", None], "_given": [None, SAID]}, None),
        ({"given": [None], "_given": [SAID]}, None),
        ({"_given": [SAID]}, None),
        ({"family": "Rivera", "_family": {"id": "f"} | SAID}, None),
        ({"given": ["Ana", None]}, "given[1]"),  # a null holds a place for nothing
        ({"given": ["Ana", None], "_given": [SAID, None]}, "given[1]"),
        ({"_given": [None]}, "_given"),
        ({"given": ["Ana"], "_given": SAID}, "_given"),
        ({"_family": "said"}, "_family"),
        ({"_period": SAID, "family": "Rivera"}, "_period"),  # no primitive
    ],
)
def test_what_stands_beside_a_primitive(name, where):
    found = faults(make_patient(name=[name]))
    expected = f"Patient.name[0].{where}"
    assert (expected in found) if where else (found == {})


def test_a_required_element_may_be_absent_for_a_reason():
    absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}
    reason = {"extension": [absent | {"valueCode": "unknown"}]}
    assert faults(make_record("EpisodeOfCare", status=None, _status=reason)) == {}
    assert faults(make_record("EpisodeOfCare", status=None)) == {
        "EpisodeOfCare.status": "This element is required."
    }


@pytest.mark.parametrize(
    ("resource", "where", "names"),
    [
        (make_patient(gender="F"), "Patient.gender", "female, male, other, unknown"),
        (make_record("Task", status="done"), "Task.status", "completed"),
        (make_record("EpisodeOfCare", status="open"), "EpisodeOfCare.status", "waitlist"),
        (make_record("Consent", status="signed"), "Consent.status", "rejected"),
        (
            make_record("Condition", clinicalStatus={"text": "active"}),
            "Condition.clinicalStatus",
            "remission",
        ),
        (
            make_observation("8302-2", valueQuantity={"value": 1, "comparator": "~"}),
            "Observation.valueQuantity.comparator",
            ">=",
        ),
    ],
)
def test_a_code_outside_its_closed_list_is_told_the_list(resource, where, names):
    found = faults(resource)
    assert list(found) == [where]
    assert names in found[where]


@pytest.mark.parametrize("kind", sorted(RECORDS))
def test_each_status_that_is_closed_is_checked(kind):
    element = definition_of(kind).elements.get("status")
    if element is None:
        assert "status" in faults(make_record(kind, status="odd")).popitem()[0]
        return
    assert element.codes
    for code in sorted(element.codes):
        assert faults(make_record(kind, status=code)) == {}
    assert list(faults(make_record(kind, status="odd"))) == [f"{kind}.status"]


@pytest.mark.parametrize(
    ("reference", "is_taken"),
    [
        ("Patient/85", True),
        ("Patient/85/_history/2", True),
        ("Patient?identifier=urn:mrn|1", True),
        ("https://ehr.example/fhir/Patient/85", True),
        ("urn:uuid:c757873d-ec9a-4326-a141-556f43239520", True),
        ("#", True),
        ("Practitioner/85", False),  # a Condition is of a Patient or a Group
        ("Person/85/85", False),
        ("Unheard/85", False),
        ("Patient/a b", False),
        ("85", False),
        ("#nowhere", False),
    ],
)
def test_a_reference_is_well_formed(reference, is_taken):
    found = faults(make_record("Condition", subject={"reference": reference}))
    assert list(found) == ([] if is_taken else ["Condition.subject.reference"])


def test_a_reference_to_what_is_contained():
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": "Sertraline"}}
    resource = make_record(
        "MedicationRequest",
        medicationCodeableConcept=None,
        medicationReference={"reference": "#m"},
    )
    assert faults(resource | {"contained": [medication]}) == {}
    assert list(faults(resource)) == ["MedicationRequest.medicationReference.reference"]


@pytest.mark.parametrize(
    ("extension", "is_taken"),
    [
        ({"url": EXTENSION, "extension": [{"url": "a", "valueCode": "b"}]}, True),
        ({"url": EXTENSION, "_valueString": SAID}, True),
        ({"url": EXTENSION}, False),
        (
            {"url": EXTENSION, "valueCode": "a", "extension": [{"url": "a", "valueCode": "b"}]},
            False,
        ),
        ({"url": EXTENSION, "valueCode": "a", "valueString": "b"}, False),
        ({"valueCode": "a"}, False),
    ],
)
def test_an_extension_has_a_name_and_one_value_or_extensions(extension, is_taken):
    assert (not faults(make_record("Location", extension=[extension]))) == is_taken


@pytest.mark.parametrize(
    "changes",
    [
        {"fhir_comments": "a"},  # DSTU2
        {"_id": SAID},
        {"name": {"family": "Rivera"}},
        {"name": [None]},
        {"name": ["{}"]},
        {"name": [{"resourceType": "HumanName", "family": "Rivera"}]},
        {"maritalStatus": [{"text": "single"}]},
    ],
)
def test_what_is_no_patient_of_r4(changes):
    assert faults(make_patient(**changes))


def test_what_is_missing_of_a_choice_is_named():
    none = make_record("MedicationRequest", medicationCodeableConcept=None)
    assert faults(none) == {"MedicationRequest.medication": "This element is required."}
    both = make_record("MedicationRequest", medicationReference={"display": "a"})
    assert list(faults(both)) == ["MedicationRequest.medication"]


@pytest.mark.parametrize("name", FILES)
def test_each_real_example_of_a_type_that_is_taken_is_fhir(name):
    resource = shared_resource(f"us-core-examples/{name}")
    if resource["resourceType"] in TAKEN:
        assert faults(json.dumps(resource, default=float).encode()) == {}


def test_every_resource_of_the_reference_servers_bundle_is_fhir():
    bundle = shared_resource("inferno-reference/uscore_bundle_patient_85.json")
    for entry in bundle["entry"]:
        check_shape(entry["resource"], entry["resource"]["resourceType"])


def test_the_models_take_what_the_door_takes():
    """Two checks that do not share code: where they differ, a test above says why."""
    for kind in RECORDS:
        resource = make_record(kind)
        assert faults(resource) == {}
        try:
            get_fhir_model_class(kind).model_validate(resource)
        except ValidationError as error:
            pytest.fail(f"{kind}: {error.error_count()} problems")
