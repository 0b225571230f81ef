"""People, places and episodes of ours: FHIR R4, US Core 7 where it has a profile."""

from datetime import date

import pytest
from fhir.resources.R4B import get_fhir_model_class

from app.domain.access import Role
from app.domain.episode import EpisodeStatus
from fhir_mappings.published_care import STATUSES, PublishedEpisode, render_episode
from fhir_mappings.published_people import (
    ROLES,
    PublishedClinic,
    PublishedStaff,
    render_clinic,
    render_organization,
    render_staff,
)

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
EPISODE = PublishedEpisode(
    episode_id="e1",
    patient_fhir_id="85",
    status="active",
    condition="depression",
    enrolled_on=date(2026, 1, 5),
    ended_on=None,
    clinic_id="c1",
    care_manager_id="s1",
    consultant_id="s2",
    primary_care_clinician="Dr. Ann Lee",
)
STAFF = PublishedStaff("s1", "Maya Okafor", ("care-manager",), True, "o1", ("c1",))
CLINIC = PublishedClinic("c1", "Lakeside", "America/New_York", "o1")


def test_every_role_and_every_status_has_its_words():
    assert set(ROLES) == {role.value for role in Role}
    assert set(STATUSES) == {status.value for status in EpisodeStatus}


@pytest.mark.parametrize(
    "resource",
    [
        *render_episode(EPISODE),
        *render_staff(STAFF),
        *render_clinic(CLINIC),
        render_organization("o1", "Riverside Health"),
    ],
    ids=lambda resource: resource["resourceType"],
)
def test_each_is_fhir(resource):
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_an_episode_of_care():
    episode, team = render_episode(EPISODE)
    assert (episode["id"], episode["status"]) == ("e1", "active")
    assert episode["patient"] == {"reference": "Patient/85"}
    assert episode["careManager"] == {"reference": "Practitioner/s1"}
    assert episode["managingOrganization"] == {"reference": "Organization/c1"}
    assert episode["period"] == {"start": "2026-01-05"}
    assert episode["team"] == [{"reference": "CareTeam/e1"}]
    assert team["meta"]["profile"] == [f"{US_CORE}careteam"]


def test_a_care_team_says_role_and_member_of_each():
    _, team = render_episode(EPISODE)
    assert [(one["role"][0]["text"], one["member"]) for one in team["participant"]] == [
        ("Patient", {"reference": "Patient/85"}),
        ("Behavioral health care manager", {"reference": "Practitioner/s1"}),
        ("Psychiatric consultant", {"reference": "Practitioner/s2"}),
        ("Primary-care clinician", {"display": "Dr. Ann Lee"}),
    ]


@pytest.mark.parametrize(
    ("status", "episode", "team"),
    [
        ("enrolled", "planned", "proposed"),
        ("paused", "onhold", "suspended"),
        ("closed", "finished", "inactive"),
    ],
)
def test_where_an_episode_stands(status, episode, team):
    from dataclasses import replace

    found = render_episode(replace(EPISODE, status=status, ended_on=date(2026, 6, 1)))
    assert [one["status"] for one in found] == [episode, team]
    assert found[0]["period"]["end"] == "2026-06-01"


def test_nobodys_login_goes_out():
    practitioner, role = render_staff(STAFF)
    assert practitioner["name"] == [
        {"text": "Maya Okafor", "family": "Okafor", "given": ["Maya"]},
    ]
    assert practitioner["meta"]["profile"] == [f"{US_CORE}practitioner"]
    assert role["practitioner"] == {"reference": "Practitioner/s1"}
    assert role["location"] == [{"reference": "Location/c1"}]


def test_a_name_of_one_word_is_the_family_name():
    practitioner, _ = render_staff(PublishedStaff("s1", "Sukarno", (), True, "o1"))
    assert practitioner["name"] == [{"text": "Sukarno", "family": "Sukarno"}]


def test_a_clinic_is_a_part_of_the_organization_and_a_place():
    organization, location = render_clinic(CLINIC)
    assert organization["partOf"] == {"reference": "Organization/o1"}
    assert location["extension"][0]["valueCode"] == "America/New_York"
    assert location["managingOrganization"] == {"reference": "Organization/c1"}
