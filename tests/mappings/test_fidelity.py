"""What a sender said comes back, all of it: over every type that is taken, made by chance."""

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.errors import RegistryError
from fhir_mappings.conformance import TAKEN
from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.publish import render_received
from fhir_mappings.references import Names, replaced
from fhir_mappings.resources import read_resource
from fhir_mappings.validation import check_shape
from tests.mappings.examples import setting
from tests.mappings.generated import make_resource

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DICE = st.randoms(use_true_random=False)
PLACE = {"urn:uuid:c757873d-ec9a-4326-a141-556f43239521": "Practitioner/1"}


def _anything(reference: str) -> bool:
    return True


@pytest.mark.parametrize("kind", sorted(TAKEN))
@settings(max_examples=30, deadline=None)
@given(dice=DICE)
def test_what_is_valid_is_let_in_and_comes_back_whole(kind, dice):
    sent = make_resource(kind, dice)
    body = write_json(sent)
    held = read_json(body)
    check_shape(held, kind)
    served = read_json(render_received(write_json(held), kind, "new-id", 4, NOW))
    meta = served["meta"]
    ours = (served.pop("id"), meta.pop("versionId"), meta.pop("lastUpdated"))
    assert ours == ("new-id", "4", "2026-11-23T00:00:00Z")
    told = read_json(body)
    for name in ("versionId", "lastUpdated"):
        told.get("meta", {}).pop(name, None)
    assert write_json(served.pop("meta")) == write_json(told.pop("meta", {}))
    assert write_json(served) == write_json(told)


@pytest.mark.parametrize("kind", sorted(TAKEN))
@settings(max_examples=30, deadline=None)
@given(dice=DICE)
def test_what_is_valid_is_read_or_refused_for_its_meaning(kind, dice):
    resource = read_json(write_json(make_resource(kind, dice)))
    try:
        read_resource(resource, setting(kind, is_defined=_anything))
    except RegistryError as refusal:
        assert refusal.code == "cannot-be-read"


@pytest.mark.parametrize("kind", sorted(TAKEN))
@settings(max_examples=30, deadline=None)
@given(dice=DICE)
def test_only_what_names_a_placeholder_is_changed(kind, dice):
    resource = read_json(write_json(make_resource(kind, dice)))
    filed = replaced(resource, Names("https://registry.example/fhir").resolver(None), PLACE)
    text = write_json(resource).decode()
    for placeholder, place in PLACE.items():
        text = text.replace(f'"reference":"{placeholder}"', f'"reference":"{place}"')
    assert write_json(filed).decode() == text


DIFFERENT = ("valueUuid", "valueMeta", "MedicinalProduct")
"""What the models refuse though R4 has it: test_json_rules.py."""


@pytest.mark.parametrize("kind", sorted(TAKEN))
def test_the_models_take_what_the_door_takes(kind):
    """Two checks that share no code agree on 60 resources by chance, but for what is listed."""
    found: Counter[str] = Counter()
    for seed in range(60):
        resource = read_json(write_json(make_resource(kind, random.Random(seed))))
        text = write_json(resource).decode()
        if any(name in text for name in DIFFERENT):
            continue
        check_shape(resource, kind)
        try:
            get_fhir_model_class(kind).model_validate(resource)
        except ValidationError as error:
            pytest.fail(f"seed {seed}: {_told(error)}")
        found["agree"] += 1
    assert found["agree"] > 20


def _told(error: ValidationError) -> list[Any]:
    return [(one["loc"], one["msg"]) for one in error.errors(include_url=False)][:3]
