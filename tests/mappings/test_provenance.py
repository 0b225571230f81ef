"""Where versions came from: the ids, and what a Provenance says (US Core 7)."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fhir.resources.R4B.provenance import Provenance
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.conformance import PUBLISHED
from fhir_mappings.provenance import (
    Origin,
    long_name,
    long_target_of,
    origin_id,
    render_provenance,
    target_of,
)

AT = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
SENT = Origin("Observation", "a1", 1, AT, "o1", ("c1", "Lakeside EHR"), by_sender=True)
IDS = st.text(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.", min_size=1, max_size=64
)


@given(st.sampled_from(PUBLISHED), IDS)
def test_an_id_leads_back_to_its_target(kind, name):
    told = origin_id(kind, name)
    assert len(told) <= 64
    digest = long_name(kind, name)
    if digest is None:
        assert target_of(told) == (kind, name)
        assert long_target_of(told) is None
    else:
        assert long_target_of(told) == (kind, digest)


def test_an_id_that_is_a_digest_is_packed():
    """Converters make ids by SHA-256: they fill all 64 characters."""
    name = hashlib.sha256(b"x").hexdigest()
    told = origin_id("Encounter", name)
    assert len(told) == 44
    assert target_of(told) == ("Encounter", name)


@pytest.mark.parametrize("text", ["", "l", "zz9", "9a", "Lshort", "L" + "=" * 43, "L" + "é" * 43])
def test_what_is_no_id_of_ours(text):
    assert target_of(text) is None


@given(IDS)
def test_whatever_is_asked_leads_to_nothing_or_back(text):
    found = target_of(text)
    assert found is None or origin_id(*found) == text


def roles(resource):
    return {one["type"]["coding"][0]["code"]: one for one in resource["agent"]}


def test_what_a_client_sent():
    told = render_provenance(SENT)
    Provenance.model_validate(told)
    assert told["target"] == [{"reference": "Observation/a1"}]
    assert told["recorded"] == "2026-11-25T09:30:00Z"
    assert told["meta"]["profile"] == [
        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-provenance"
    ]
    agents = roles(told)
    assert set(agents) == {"author", "transmitter"}
    assert agents["author"]["who"] == {"reference": "Organization/o1"}
    assert agents["transmitter"]["who"]["display"] == "Lakeside EHR"
    assert agents["transmitter"]["onBehalfOf"] == {"reference": "Organization/o1"}
    assert "entity" not in told
    assert told["activity"]["coding"][0]["code"] == "CREATE"


def test_a_version_of_theirs_that_the_registry_wrote():
    told = render_provenance(replace(SENT, version=3, by_sender=False))
    assert set(roles(told)) == {"author", "transmitter", "assembler"}
    assert told["entity"] == [
        {"role": "revision", "what": {"reference": "Observation/a1/_history/2"}}
    ]
    assert told["activity"]["coding"][0]["code"] == "UPDATE"


def test_what_is_ours_tells_from_what_it_was_derived():
    body = b'{"resourceType":"Observation","derivedFrom":[{"reference":"QuestionnaireResponse/q"}]}'
    told = render_provenance(replace(SENT, sender=None, by_sender=False, body=body))
    Provenance.model_validate(told)
    assert set(roles(told)) == {"author", "assembler"}
    assert told["entity"] == [{"role": "source", "what": {"reference": "QuestionnaireResponse/q"}}]


def test_of_a_programs_record_it_is_labelled_as_that_is():
    told = render_provenance(replace(SENT, part_two=True))
    assert "42CFRPart2" in [one["code"] for one in told["meta"]["security"]]


def test_every_published_type_has_a_letter_of_its_own():
    assert len({origin_id(kind, "x") for kind in PUBLISHED}) == len(PUBLISHED)
