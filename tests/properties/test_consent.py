"""When a consent holds: whatever the days, the zone and the moment."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.domain.consent import Consent, ConsentKind, Purpose, Scope, begins, ends, in_force

ZONES = st.sampled_from(
    ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Asia/Kathmandu", "UTC"]
)
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
MOMENTS = st.datetimes(datetime(2023, 6, 1), datetime(2031, 6, 1), timezones=st.just(UTC))


def paper(begins_at: datetime, ends_at: datetime | None, revoked_at: datetime | None) -> Consent:
    return Consent(
        kind=ConsentKind.PART_TWO,
        discloser="Harbor",
        recipient="organization",
        recipient_name="Riverside",
        purposes=frozenset({Purpose.TREATMENT}),
        scope=frozenset(Scope),
        begins_at=begins_at,
        ends_at=ends_at,
        revoked_at=revoked_at,
    )


@given(DAYS, st.integers(0, 800), ZONES, MOMENTS)
def test_it_holds_on_exactly_the_days_that_it_names(
    given_on: date, days: int, zone: str, at: datetime
) -> None:
    last = given_on + timedelta(days=days)
    consent = paper(begins(given_on, zone), ends(last, zone), None)
    assert in_force(consent, at) is (given_on <= at.astimezone(ZoneInfo(zone)).date() <= last)


@given(DAYS, ZONES, MOMENTS, MOMENTS)
def test_revoked_it_never_holds_again(
    given_on: date, zone: str, revoked_at: datetime, at: datetime
) -> None:
    consent = paper(begins(given_on, zone), None, revoked_at)
    if at >= revoked_at:
        assert not in_force(consent, at)
    else:
        assert in_force(consent, at) is in_force(paper(consent.begins_at, None, None), at)
