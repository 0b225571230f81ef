"""A Patient, read."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.domain.patient import Identifier, PatientDetails
from fhir_mappings.reading import CannotBeRead, InvalidResource
from tests.mappings.examples import make_patient, read, shared_resource, words_of


def details(**more: Any) -> PatientDetails:
    content = read(make_patient(**more)).content
    assert isinstance(content, PatientDetails)
    return content


def test_what_is_kept_of_a_patient():
    found = details(
        telecom=[
            {"system": "email", "value": "a@b.example"},
            {"system": "phone", "use": "home", "value": "555-1"},
            {"system": "phone", "use": "mobile", "value": "555-2"},
        ],
        communication=[
            {"language": {"coding": [{"code": "en"}]}},
            {"language": {"coding": [{"code": "es"}]}, "preferred": True},
        ],
    )
    assert found == PatientDetails(
        family_name="Rivera",
        given_names="Ana M",
        display_name="Ana M Rivera",
        birth_on=date(1980, 2, 29),
        sex="female",
        language="es",
        phone="555-2",
        identifiers=(Identifier("urn:mrn", "1001"),),
    )


@pytest.mark.parametrize(
    ("names", "display"),
    [
        ([{"use": "old", "family": "Old"}, {"family": "Plain"}], "Plain"),
        ([{"use": "usual", "family": "Usual"}, {"use": "official", "family": "Full"}], "Full"),
        ([{"text": "Ana Rivera"}], "Ana Rivera"),
        (None, "Name not given"),
    ],
)
def test_the_name_to_show(names, display):
    assert details(name=names).display_name == display


@pytest.mark.parametrize(
    ("elements", "deceased_at"),
    [
        ({"deceasedDateTime": "1977-07-14T04:17:45-04:00"}, datetime(1977, 7, 14, 8, 17, 45)),
        ({"deceasedDateTime": "1977"}, datetime(1977, 1, 1)),  # vague, yet dead
        ({"deceasedBoolean": True}, datetime(2026, 11, 23)),  # the day it became known
        ({"deceasedBoolean": False}, None),
        ({}, None),
    ],
)
def test_death(elements, deceased_at):
    expected = deceased_at.replace(tzinfo=UTC) if deceased_at else None
    assert details(**elements).deceased_at == expected


def test_a_vague_date_of_birth_is_not_kept_as_a_day_and_said_so():
    assert details(birthDate="1980-02").birth_on is None
    assert "whole date of birth" in words_of(make_patient(birthDate="1980-02"))


def test_an_identifier_without_a_system_finds_nobody():
    nameless = [{"value": "1"}, {"system": "urn:mrn", "value": "2"}]
    assert details(identifier=nameless).identifiers == (Identifier("urn:mrn", "2"),)
    assert "Patient.identifier[0].system" in words_of(make_patient(identifier=nameless))


def test_the_same_identifier_twice_is_one():
    twice = [{"system": "urn:mrn", "value": "2"}] * 2
    assert len(details(identifier=twice).identifiers) == 1


def test_a_merged_patient_names_the_record_that_replaces_it():
    link = [{"type": "replaced-by", "other": {"reference": "Patient/new"}}]
    assert details(link=link).replaced_by == "Patient/new"
    seen = [{"type": "seealso", "other": {"reference": "Patient/new"}}]
    assert details(link=seen).replaced_by is None


@pytest.mark.parametrize(
    ("elements", "where", "refusal"),
    [
        ({"gender": "F"}, "Patient.gender", InvalidResource),
        ({"birthDate": "2026-11-24"}, "Patient.birthDate", CannotBeRead),  # tomorrow
        ({"birthDate": "1940-13-01"}, "Patient.birthDate", InvalidResource),
        ({"birthDate": "2023-02-29"}, "Patient.birthDate", InvalidResource),
        ({"name": "Ana"}, "Patient.name", InvalidResource),
        ({"birthDate": 0}, "Patient.birthDate", InvalidResource),
        ({"gender": None, "active": ""}, "Patient.active", InvalidResource),
        ({"name": []}, "Patient.name", InvalidResource),
        ({"name": [{"given": [""]}]}, "Patient.name[0].given[0]", InvalidResource),
        ({"maritalStatus": {}}, "Patient.maritalStatus", InvalidResource),
        ({"nickname": "Ana"}, "Patient.nickname", InvalidResource),
    ],
)
def test_what_is_refused_is_named(elements, where, refusal):
    with pytest.raises(refusal) as refused:
        read(make_patient(**elements))
    assert where in [problem.where for problem in refused.value.problems]


def test_the_real_patient_of_the_reference_server():
    bundle = shared_resource("inferno-reference/uscore_bundle_patient_85.json")
    patient = next(
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    )
    reading = read(patient)
    assert isinstance(reading.content, PatientDetails)
    assert reading.content.display_name == "Lucien408 Bosco882"
    assert reading.content.birth_on == date(1940, 3, 29)
    assert (
        Identifier(
            "http://hospital.smarthealthit.org", "d831ec91-c7a3-4a61-9312-7ff0c4a32134", "MR"
        )
        in reading.content.identifiers
    )
    assert not reading.remarks
