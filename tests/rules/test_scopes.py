"""SMART scopes: how they are read, what is granted of them, what they allow."""

import pytest

from app.domain.access import GRANTS, Permission
from app.domain.actor import client, system
from app.domain.scopes import (
    EVERY_SCOPE,
    GRANTED_BY,
    ONLY_GIVEN,
    RESOURCE_TYPES,
    InsufficientScope,
    Interaction,
    ScopeNotFit,
    chosen_scopes,
    covers,
    grant,
    permissions_of,
    read_scopes,
    scope_text,
    scopes_offered,
)
from app.errors import Forbidden
from app.store.ids import new_id
from fhir_mappings.conformance import TYPES


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("system/Observation.rs", "system/Observation.rs"),
        ("system/*.rs", "system/*.rs"),
        ("system/Observation.cruds", "system/Observation.cruds"),
        ("system/Observation.read", "system/Observation.rs"),  # v1
        ("system/Observation.write", "system/Observation.cud"),
        ("system/*.*", "system/*.cruds"),
        ("system/Patient.r system/Patient.s", "system/Patient.rs"),  # one for each type
        ("system/Patient.rs system/Encounter.c", "system/Encounter.c system/Patient.rs"),
        ("system/Patient.d", "system/Patient.d"),
    ],
)
def test_a_scope_is_kept_in_one_form(text: str, kept: str) -> None:
    assert scope_text(read_scopes(text)) == kept


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("system/Observation.rs?category=survey", "filter"),
        ("system/Device.rs", "Kept are CarePlan, CareTeam, CodeSystem"),
        ("system/observation.rs", "type that is not kept"),  # types are spelt as FHIR does
        ("patient/Observation.rs", "system/"),
        ("user/*.read", "system/"),
        ("openid", "system/"),
        ("system/Observation.sr", "system/"),  # the letters have their order
        ("system/Observation.", "system/"),
        ("system/Observation.rr", "system/"),
        ("system/Observation.rs\nsystem/Patient.rs", "system/"),
        ("system/Observation.r\x00", "system/"),
        ("system/Patient.rs " * 101, "1 to 100"),
        ("x" * 4001, "1 to 100"),
    ],
)
def test_a_scope_that_is_not_offered_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ScopeNotFit) as refused:
        read_scopes(text)
    assert words in refused.value.message
    assert "\x00" not in refused.value.message  # what was sent is never told back


def test_nothing_asked_is_nothing_read() -> None:
    assert read_scopes("") == frozenset()


@pytest.mark.parametrize(
    ("registered", "requested", "granted"),
    [
        ("system/*.rs", "system/Patient.cruds", "system/Patient.rs"),
        ("system/Patient.crus system/Observation.rs", "system/*.rs", "system/Observation.rs system/Patient.rs"),
        ("system/*.r system/Patient.s", "system/Patient.rs", "system/Patient.rs"),  # both add up
        ("system/*.r system/Patient.s", "system/*.rs", "system/*.r system/Patient.s"),
        ("system/Patient.c", "system/Patient.rs", ""),
        ("system/Patient.rs", "system/Observation.rs", ""),
        ("", "system/*.rs", ""),
        ("system/*.rs", "", ""),
    ],
)  # fmt: skip
def test_granted_is_what_is_asked_and_registered(
    registered: str, requested: str, granted: str
) -> None:
    found = grant(read_scopes(registered), read_scopes(requested))
    assert scope_text(found) == granted


@pytest.mark.parametrize(
    ("scopes", "resource_type", "interaction", "allowed"),
    [
        ("system/Patient.r", "Patient", Interaction.READ, True),
        ("system/Patient.r", "Patient", Interaction.SEARCH, False),
        ("system/Patient.r", "Observation", Interaction.READ, False),
        ("system/*.r", "Observation", Interaction.READ, True),
        ("system/*.r", "AuditEvent", Interaction.READ, False),  # the audit is named or not reached
        ("system/AuditEvent.r", "AuditEvent", Interaction.READ, True),
        ("system/Patient.cus", "Patient", Interaction.READ, False),
        ("", "Patient", Interaction.READ, False),
    ],
)
def test_what_scopes_allow(
    scopes: str, resource_type: str, interaction: Interaction, allowed: bool
) -> None:
    held = read_scopes(scopes)
    assert covers(held, resource_type, interaction) is allowed
    actor = client(new_id(), new_id(), "EHR", held)
    if allowed:
        actor.require_scope(resource_type, interaction)
        return
    with pytest.raises(InsufficientScope) as refused:
        actor.require_scope(resource_type, interaction)
    assert refused.value.scope == f"system/{resource_type}.{interaction.value}"


def test_permissions_come_from_scopes_and_from_no_role() -> None:
    assert permissions_of(read_scopes("system/Patient.s")) == {Permission.READ_RESOURCES}
    assert permissions_of(read_scopes("system/Patient.u")) == {Permission.RECEIVE_RESOURCES}
    assert permissions_of(EVERY_SCOPE) == set(GRANTED_BY)
    assert permissions_of(frozenset()) == frozenset()
    assert all(not GRANTS[permission] for permission in GRANTED_BY)
    reader = client(new_id(), new_id(), "EHR", read_scopes("system/*.rs"))
    with pytest.raises(Forbidden):
        reader.require(Permission.RECEIVE_RESOURCES)
    with pytest.raises(Forbidden):
        reader.require(Permission.VIEW_PATIENT)


def test_the_registry_itself_needs_no_scope() -> None:
    system(new_id()).require_scope("Patient", Interaction.UPDATE)


def test_everything_offered_can_be_read_and_is_kept() -> None:
    assert read_scopes(" ".join(scopes_offered())) == set(scopes_offered())
    assert set(TYPES) == set(RESOURCE_TYPES)
    assert {one.name for one in TYPES.values() if not one.taken} == ONLY_GIVEN


def test_check_boxes_become_scopes() -> None:
    chosen = chosen_scopes(["Patient.r", "Patient.s", "*.c"])
    assert scope_text(chosen) == "system/*.c system/Patient.rs"
    for wrong in ([], ["Device.r"], ["Patient.x"]):
        with pytest.raises(ScopeNotFit):
            chosen_scopes(wrong)
