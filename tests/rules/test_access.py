"""Who may do what: the table that docs/access.md shows, and what it must never allow."""

from pathlib import Path

import pytest

from app.domain.access import (
    GRANTS,
    OPENED_CHARTS,
    Permission,
    Role,
    may,
)
from app.domain.access_page import as_markdown, sentences
from app.domain.actor import Actor, ActorKind, system
from app.domain.scopes import GRANTED_BY
from app.errors import Forbidden
from app.store.ids import new_id

ROOT = Path(__file__).resolve().parents[2]
CHARTS = {Permission.VIEW_PATIENT, Permission.VIEW_CASELOAD, Permission.REVIEW_CASE}
CARE = {Permission.ENROL, Permission.LOG_CONTACT, Permission.DISCHARGE, Permission.DECIDE_STEP}
SETS = {Permission.MANAGE_STAFF, Permission.OPEN_CHARTS}


def all_of(role: Role) -> set[Permission]:
    return {one for one in Permission if may({role}, one)}


def test_the_page_is_what_the_table_says() -> None:
    page = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
    assert page == as_markdown(), "run: python -m app access --write"


@pytest.mark.parametrize("permission", Permission)
def test_each_permission_is_decided_and_told_in_a_sentence(permission: Permission) -> None:
    assert permission in GRANTS
    assert sentences(Permission)[permission.name].endswith((".", ")"))


@pytest.mark.parametrize("role", Role)
def test_each_role_is_told_in_a_sentence(role: Role) -> None:
    assert sentences(Role)[role.name].endswith(".")


@pytest.mark.parametrize(
    ("role", "may_not"),
    [
        (Role.MEDICAL_ASSISTANT, CHARTS | CARE | SETS),  # screens: no notes, no chart
        (Role.DIRECTOR, CHARTS | CARE | SETS),  # counts, unless charts are opened to them
        (Role.COMPLIANCE, CHARTS | CARE | {Permission.MANAGE_STAFF}),
        (Role.ADMINISTRATOR, CHARTS | CARE),  # keeps accounts, reads nobody's chart
        (Role.OPERATOR, CHARTS | CARE | SETS),
        (Role.PSYCHIATRIST, {Permission.ENROL, Permission.LOG_CONTACT} | SETS),  # advises
        (Role.CARE_MANAGER, {Permission.REVIEW_CASE} | SETS),  # no consultant, no administrator
        (Role.CLINICIAN, {Permission.REVIEW_CASE, Permission.LOG_CONTACT} | SETS),
    ],
)
def test_what_a_role_must_not_do(role: Role, may_not: set[Permission]) -> None:
    assert all_of(role).isdisjoint(may_not)


@pytest.mark.parametrize(
    ("role", "needs"),
    [
        (Role.MEDICAL_ASSISTANT, {Permission.RECORD_ASSESSMENT, Permission.VIEW_DUE}),
        (Role.DIRECTOR, {Permission.VIEW_SCREENING_REACH, Permission.VIEW_FLAG_TIMES}),
        (Role.COMPLIANCE, {Permission.OPEN_CHARTS, Permission.VIEW_STAFF}),
        (Role.ADMINISTRATOR, {Permission.MANAGE_STAFF, Permission.VIEW_STAFF}),
        (Role.PSYCHIATRIST, {Permission.REVIEW_CASE, Permission.VIEW_PATIENT}),
        (Role.CARE_MANAGER, {Permission.VIEW_CASELOAD, Permission.LOG_CONTACT}),
        (Role.CLINICIAN, {Permission.VIEW_PATIENT, Permission.ANSWER_RECOMMENDATION}),
    ],
)
def test_what_a_role_cannot_work_without(role: Role, needs: set[Permission]) -> None:
    assert needs <= all_of(role)


def test_what_clients_have_no_role_has() -> None:
    for permission in {*GRANTED_BY, Permission.KEEP_RUNNING}:
        assert GRANTS[permission] == frozenset()


def test_opened_charts_are_read_and_nothing_else() -> None:
    assert {Permission.VIEW_PATIENT} == OPENED_CHARTS


def test_a_client_without_scopes_may_nothing() -> None:
    client = Actor(new_id(), ActorKind.CLIENT, new_id(), "EHR")
    assert not any(client.may(one) for one in Permission)


def test_what_was_granted_is_had_beside_the_roles() -> None:
    granted = frozenset({Permission.VIEW_PATIENT})
    who = Actor(
        new_id(),
        ActorKind.STAFF,
        new_id(),
        "Dana",
        frozenset({Role.DIRECTOR}),
        granted=granted,
    )
    assert who.may(Permission.VIEW_PATIENT)
    assert who.may(Permission.VIEW_SCREENING_REACH)
    assert not who.may(Permission.LOG_CONTACT)


def test_who_may_not_is_told_which_permission_is_missing() -> None:
    who = Actor(new_id(), ActorKind.STAFF, new_id(), "Tess", frozenset({Role.MEDICAL_ASSISTANT}))
    with pytest.raises(Forbidden, match=r"view-patient"):
        who.require(Permission.VIEW_PATIENT)


def test_the_registry_itself_may_all_that_it_does() -> None:
    assert all(system(new_id()).may(one) for one in Permission)
