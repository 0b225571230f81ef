"""References: what a message calls its parts, and where they come to lie."""

import pytest

from fhir_mappings.references import Names, replaced

NAMES = Names(
    "https://registry.example/fhir",
    frozenset({"urn:uuid:p", "https://ehr.example/r4/Patient/85"}),
)


@pytest.mark.parametrize(
    ("reference", "full_url", "meaning"),
    [
        ("Patient/85", None, "Patient/85"),
        ("Patient/85/_history/2", None, "Patient/85"),
        ("https://registry.example/fhir/Patient/85", None, "Patient/85"),
        ("urn:uuid:p", None, "urn:uuid:p"),
        # relative to the entry's own base, which the Bundle defines
        ("Patient/85", "https://ehr.example/r4/Observation/1", "https://ehr.example/r4/Patient/85"),
        ("Patient/85", "https://other.example/r4/Observation/1", "Patient/85"),
        ("Patient/85", "urn:uuid:o", "Patient/85"),
        ("https://ehr.example/r4/Patient/99", None, "https://ehr.example/r4/Patient/99"),
    ],
)
def test_how_references_are_read(reference, full_url, meaning):
    assert NAMES.resolver(full_url)(reference) == meaning


def test_placeholders_are_replaced_where_references_stand_and_nowhere_else():
    resource = {
        "subject": {"reference": "urn:uuid:p", "display": "urn:uuid:p"},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:p"}],
        "hasMember": [{"reference": "urn:uuid:other"}, {"reference": "Observation/7"}],
        "extension": [{"url": "x", "valueUri": "urn:uuid:p"}, {"valueString": "urn:uuid:p"}],
    }
    found = replaced(resource, NAMES.resolver(None), {"urn:uuid:p": "Patient/85"})
    assert found == {
        "subject": {"reference": "Patient/85", "display": "urn:uuid:p"},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:p"}],
        "hasMember": [{"reference": "urn:uuid:other"}, {"reference": "Observation/7"}],
        "extension": [{"url": "x", "valueUri": "Patient/85"}, {"valueString": "urn:uuid:p"}],
    }


def test_a_relative_reference_into_the_message_is_replaced_too():
    resolve = NAMES.resolver("https://ehr.example/r4/Observation/1")
    places = {"https://ehr.example/r4/Patient/85": "Patient/new"}
    found = replaced({"subject": {"reference": "Patient/85"}}, resolve, places)
    assert found == {"subject": {"reference": "Patient/new"}}


def test_a_placeholder_may_be_blanked():
    found = replaced({"reference": "urn:uuid:p"}, NAMES.resolver(None), {"urn:uuid:p": ""})
    assert found == {"reference": ""}
