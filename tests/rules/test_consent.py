"""What a consent must say, and when it holds."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.consent import (
    Consent,
    ConsentForm,
    ConsentKind,
    Manner,
    Purpose,
    Scope,
    allows,
    begins,
    ends,
    in_force,
    problems_of,
    purpose_words,
    scope_words,
)

TODAY = date(2026, 3, 2)
WHOLE = ConsentForm(
    kind=ConsentKind.PART_TWO,
    given_on=TODAY,
    manner=Manner.WRITTEN,
    discloser="harbor",
    recipient="organization",
    recipient_name="Riverside Primary Care",
    purposes=frozenset({Purpose.TREATMENT}),
    scope=frozenset(Scope),
    signature="Rosa Alvarez",
    expires_on=date(2027, 3, 2),
    told_of_revoking=True,
)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
GIVEN = Consent(
    kind=ConsentKind.PART_TWO,
    discloser="Harbor",
    recipient="organization",
    recipient_name="Riverside Primary Care",
    purposes=frozenset({Purpose.TREATMENT}),
    scope=frozenset(Scope),
    begins_at=NOON - timedelta(days=1),
    ends_at=NOON + timedelta(days=1),
)


def test_a_whole_consent_lacks_nothing() -> None:
    assert problems_of(WHOLE, TODAY) == []


@pytest.mark.parametrize(
    ("lacking", "where"),
    [
        (replace(WHOLE, discloser=""), "discloser"),  # § 2.31(a)(2)
        (replace(WHOLE, scope=frozenset()), "scope"),  # (a)(3): how much and what kind
        (replace(WHOLE, recipient=""), "recipient"),  # (a)(4)
        (replace(WHOLE, recipient_name="  "), "recipient"),  # a key alone names nobody
        (replace(WHOLE, purposes=frozenset()), "purpose"),  # (a)(5)
        (replace(WHOLE, told_of_revoking=False), "right to revoke"),  # (a)(6)
        (replace(WHOLE, expires_on=None), "expires"),  # (a)(7)
        (replace(WHOLE, signature=" "), "signature"),  # (a)(8)
        (replace(WHOLE, given_on=None), "given on"),  # (a)(9): dated
        (replace(WHOLE, manner=None), "how"),
        (replace(WHOLE, manner=Manner.VERBAL), "how"),  # a signature is written or electronic
        (replace(WHOLE, given_on=date(2026, 3, 3)), "given on"),  # nobody signs tomorrow
        (replace(WHOLE, expires_on=date(2026, 3, 1)), "expires on"),  # over before it began
        (replace(WHOLE, signature="x" * 301), "signature"),
    ],
)
def test_what_a_part_two_consent_lacks(lacking: ConsentForm, where: str) -> None:
    assert where in {problem.where for problem in problems_of(lacking, TODAY)}


def test_everything_that_lacks_is_told_at_once() -> None:
    found = {p.where for p in problems_of(ConsentForm(ConsentKind.PART_TWO, None, None), TODAY)}
    assert found == {
        "given on",
        "how",
        "discloser",
        "recipient",
        "purpose",
        "scope",
        "signature",
        "expires",
        "right to revoke",
    }


@pytest.mark.parametrize(
    "form",
    [
        replace(WHOLE, expires_on=None, expires_when="at the end of treatment"),  # an event will do
        replace(WHOLE, expires_on=TODAY),  # today is a day on which it holds
        ConsentForm(ConsentKind.BILLING, TODAY, Manner.VERBAL),  # CoCM: verbal, written down
        ConsentForm(ConsentKind.TEXTING, TODAY, Manner.ELECTRONIC),
    ],
)
def test_what_is_enough(form: ConsentForm) -> None:
    assert problems_of(form, TODAY) == []


@pytest.mark.parametrize(
    ("consent", "at", "holds"),
    [
        (GIVEN, NOON, True),
        (GIVEN, GIVEN.begins_at, True),  # from its first instant
        (GIVEN, GIVEN.begins_at - timedelta(microseconds=1), False),
        (GIVEN, NOON + timedelta(days=1, microseconds=-1), True),
        (GIVEN, NOON + timedelta(days=1), False),  # the instant of its end is past it
        (replace(GIVEN, ends_at=None), NOON + timedelta(days=9999), True),  # until revoked
        (replace(GIVEN, revoked_at=NOON), NOON, False),  # at once
        (replace(GIVEN, revoked_at=NOON), NOON - timedelta(seconds=1), True),  # not before
    ],
)
def test_in_force(consent: Consent, at: datetime, holds: bool) -> None:
    assert in_force(consent, at) is holds


CARE = frozenset({"staff:1", "organization", "treatment"})


@pytest.mark.parametrize(
    ("consent", "keys", "wanted", "allowed"),
    [
        (GIVEN, CARE, {Scope.SCREENINGS}, True),
        (GIVEN, CARE, set(Scope), True),
        (GIVEN, {"staff:1", "organization", "operations"}, {Scope.CARE}, False),  # another purpose
        (GIVEN, {"client:9", "treatment"}, {Scope.CARE}, False),  # somebody else
        (replace(GIVEN, recipient="staff:1"), CARE, {Scope.CARE}, True),  # by name
        (replace(GIVEN, recipient="staff:2"), CARE, {Scope.CARE}, False),
        (replace(GIVEN, scope=frozenset({Scope.SCREENINGS})), CARE, {Scope.CARE}, False),
        (replace(GIVEN, scope=frozenset({Scope.SCREENINGS})), CARE, set(Scope), False),
        (replace(GIVEN, kind=ConsentKind.BILLING), CARE, {Scope.CARE}, False),  # another paper
        (replace(GIVEN, revoked_at=NOON), CARE, {Scope.CARE}, False),
    ],
)
def test_whom_a_consent_lets_see(
    consent: Consent, keys: set[str], wanted: set[Scope], allowed: bool
) -> None:
    assert allows(consent, NOON, keys, wanted) is allowed


@pytest.mark.parametrize(
    ("last_day", "end"),
    [
        # New York: five hours behind in winter, four in summer; the night of the change between.
        (date(2026, 3, 2), datetime(2026, 3, 3, 5, tzinfo=UTC)),
        (date(2026, 3, 7), datetime(2026, 3, 8, 5, tzinfo=UTC)),  # before the clocks go forward
        (date(2026, 3, 8), datetime(2026, 3, 9, 4, tzinfo=UTC)),  # the short day
        (date(2026, 11, 1), datetime(2026, 11, 2, 5, tzinfo=UTC)),  # the long day
    ],
)
def test_it_ends_with_its_last_day_by_the_clinics_clock(last_day: date, end: datetime) -> None:
    assert ends(last_day, "America/New_York") == end


def test_it_begins_with_its_day_and_may_have_no_last_one() -> None:
    assert begins(TODAY, "America/New_York") == datetime(2026, 3, 2, 5, tzinfo=UTC)
    assert ends(None, "America/New_York") is None


def test_words() -> None:
    assert scope_words(set(Scope)).startswith("questionnaires, their answers and scores; care:")
    assert purpose_words({Purpose.PAYMENT, Purpose.TREATMENT}) == "treatment, payment"
    assert ConsentKind.TEXTING.words == "text messages"
