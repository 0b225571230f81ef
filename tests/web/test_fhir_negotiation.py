"""Media types and preferences of the FHIR face."""

import pytest

from app.errors import NotAcceptable, WrongMediaType
from app.web.fhir.negotiation import (
    check_accept,
    check_content_type,
    preferred_handling,
    preferred_return,
)


@pytest.mark.parametrize(
    "kind",
    [
        "application/fhir+json",
        "application/fhir+json; charset=UTF-8",
        'application/fhir+json;charset="utf-8"',
        "Application/JSON",
        "application/fhir+json; fhirVersion=4.0",
    ],
)
def test_json_is_read(kind):
    check_content_type({"content-type": kind})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": ""},
        {"content-type": "application/fhir+xml"},
        {"content-type": "text/plain"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/fhir+json; charset=iso-8859-1"},
        {"content-type": "application/fhir+json; fhirVersion=5.0"},
        {"content-type": "application/fhir+json", "content-encoding": "gzip"},
    ],
)
def test_anything_else_is_refused(headers):
    with pytest.raises(WrongMediaType):
        check_content_type(headers)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, None),
        ("", None),
        ("application/fhir+json", None),
        ("application/json;q=0.5, application/fhir+xml", None),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", None),
        ("application/fhir+xml", "json"),  # _format wins
        ("application/fhir+xml", "application/fhir json"),  # a plus sign that became a space
        ("application/fhir+json; fhirVersion=4.0", None),
    ],
)
def test_json_is_given(accept, wanted):
    check_accept(accept, wanted)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/fhir+xml", None),
        ("text/html", None),
        ("application/fhir+json;q=0", None),
        ("application/fhir+json; fhirVersion=5.0", None),
        ("application/fhir+json", "xml"),
        (None, "ttl"),
    ],
)
def test_nothing_else_is_given(accept, wanted):
    with pytest.raises(NotAcceptable):
        check_accept(accept, wanted)


@pytest.mark.parametrize(
    ("prefer", "wanted"),
    [
        ("return=minimal", "minimal"),
        ("handling=strict, return=representation", "representation"),
        ("return=OperationOutcome; handling=lenient", "OperationOutcome"),
        ("return=everything", None),
        ("", None),
    ],
)
def test_what_is_to_be_returned(prefer, wanted):
    assert preferred_return({"prefer": prefer}) == wanted


def test_leniency_is_asked_for():
    assert preferred_handling({"prefer": "return=minimal; handling=lenient"}) == "lenient"
    assert preferred_handling({"prefer": "handling=strict"}) == "strict"
    assert preferred_handling({"prefer": "return=minimal"}) is None
