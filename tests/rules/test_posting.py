"""Who works here: what a form may ask for, and what must stay true of an organization."""

import pytest

from app.domain.access import Role
from app.domain.posting import (
    NoAdministratorLeft,
    Wanted,
    check_administrators,
    posting_mark,
    read_wanted,
    would_see_nobody,
)
from app.domain.visibility import Posting
from app.errors import Unprocessable
from app.store.ids import new_id

RIVERSIDE, ELSEWHERE = new_id(), new_id()
ONE = frozenset({RIVERSIDE})


def posting(
    *roles: Role, active: bool = True, every: bool = False, clinics: frozenset[object] = ONE
) -> Posting:
    return Posting(new_id(), frozenset(roles), active, every, clinics)  # type: ignore[arg-type]


def wanted(
    name: str = "Maya Okonkwo", roles: tuple[str, ...] = ("care-manager",), clinics: object = ONE
) -> Wanted:
    return Wanted(name, roles, False, clinics)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        (wanted(name=" "), ["name"]),
        (wanted(name="x" * 101), ["name"]),
        (wanted(name="\u202e\n"), ["name"]),  # nothing that can be printed
        (wanted(roles=()), ["roles"]),
        (wanted(roles=("care-manager", "superuser")), ["roles"]),
        (wanted(clinics=frozenset({ELSEWHERE})), ["clinics"]),  # of another organization
        (wanted(name="", roles=()), ["name", "roles"]),  # all at once
    ],
)
def test_what_a_form_may_not_ask_for(form: Wanted, wrong: list[str]) -> None:
    with pytest.raises(Unprocessable) as told:
        read_wanted(form, [RIVERSIDE])
    assert [problem.where for problem in told.value.problems] == wrong


def test_a_name_is_kept_on_one_line() -> None:
    name, roles = read_wanted(wanted(name="  Maya\u200b Okonkwo\n"), [RIVERSIDE])
    assert (name, roles) == ("Maya Okonkwo", {Role.CARE_MANAGER})


@pytest.mark.parametrize(
    ("people", "kept"),
    [
        ([posting(Role.ADMINISTRATOR)], True),
        ([posting(Role.CARE_MANAGER), posting(Role.ADMINISTRATOR, Role.DIRECTOR)], True),
        ([posting(Role.CARE_MANAGER)], False),
        ([posting(Role.ADMINISTRATOR, active=False)], False),  # one who left helps nobody
        ([], False),
    ],
)
def test_somebody_administers_an_organization(people: list[Posting], kept: bool) -> None:
    if kept:
        check_administrators(people)
        return
    with pytest.raises(NoAdministratorLeft):
        check_administrators(people)


NONE: frozenset[object] = frozenset()


@pytest.mark.parametrize(
    ("who", "blind"),
    [
        (posting(Role.CARE_MANAGER, clinics=NONE), True),
        (posting(Role.MEDICAL_ASSISTANT, clinics=NONE), True),
        (posting(Role.CARE_MANAGER), False),
        (posting(Role.CARE_MANAGER, clinics=NONE, every=True), False),
        (posting(Role.ADMINISTRATOR, clinics=NONE), False),  # works with no patients
        (posting(Role.CARE_MANAGER, clinics=NONE, active=False), False),
    ],
)
def test_who_would_see_nobody(who: Posting, blind: bool) -> None:
    assert would_see_nobody(who) is blind


def test_a_mark_changes_with_everything_that_can_be_changed() -> None:
    staff_id = new_id()
    first = Posting(staff_id, frozenset({Role.CARE_MANAGER}), True, False, ONE)
    others = [
        Posting(staff_id, frozenset({Role.DIRECTOR}), True, False, ONE),
        Posting(staff_id, first.roles, False, False, ONE),
        Posting(staff_id, first.roles, True, True, ONE),
        Posting(staff_id, first.roles, True, False, frozenset()),
    ]
    marks = {posting_mark(one, "Maya") for one in [first, *others]} | {posting_mark(first, "May")}
    assert len(marks) == 6
