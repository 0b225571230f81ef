"""The canonical form of an audit row, the hash of a seal, and how late a row may be sealed."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.domain.audit_chain import (
    START,
    AuditRow,
    Seal,
    digest_of_rows,
    instant_text,
    is_quiet_too_long,
    month_of,
    next_since,
    row_digest,
    row_text,
    seal_hash,
)

ORG = UUID("0190d3a0-0000-7000-8000-00000000d3a0")
AT = datetime(2026, 11, 25, 2, 51, 0, 123, tzinfo=UTC)
ROW = AuditRow(
    audit_id=UUID("0190d3a0-0000-7000-8000-000000000001"),
    at=AT,
    actor_kind="staff",
    actor_id=UUID("0190d3a0-0000-7000-8000-000000000002"),
    actor_name="Zoë",
    action="caseload.view",
    outcome="done",
    patient_id=None,
    patient_ids=(UUID("0190d3a0-0000-7000-8000-000000000003"),),
    subject=None,
    detail={"rows": 1, "all": True},
    request_id="r",
)
SEAL = Seal(
    seq=1,
    month="2026-11",
    row_count=1,
    rows_digest=digest_of_rows([row_digest(ORG, ROW)]),
    previous=START,
    since=None,
    swept=True,
    sealed_at=AT,
    hash=b"",
)


def test_the_canonical_form_is_what_the_page_says() -> None:
    """Written out, so that nobody changes it by accident: seals of years hang on it."""
    assert row_text(ORG, ROW).decode() == (
        '{"action":"caseload.view","actor_id":"0190d3a0-0000-7000-8000-000000000002",'
        '"actor_kind":"staff","actor_name":"Zoë","at":"2026-11-25T02:51:00.000123Z",'
        '"audit_id":"0190d3a0-0000-7000-8000-000000000001","detail":{"all":true,"rows":1},'
        '"format":"stepwell-audit-1","org_id":"0190d3a0-0000-7000-8000-00000000d3a0",'
        '"outcome":"done","patient_id":null,'
        '"patient_ids":["0190d3a0-0000-7000-8000-000000000003"],"request_id":"r","subject":null}'
    )
    assert row_digest(ORG, ROW) == hashlib.sha256(row_text(ORG, ROW)).digest()


def test_the_hash_of_a_seal_does_not_change_from_version_to_version() -> None:
    number = 56269119406406944114375942959123204895101518972139203117923223717308805140796
    assert int.from_bytes(seal_hash(ORG, SEAL)) == number


@pytest.mark.parametrize(
    "at",
    [
        AT.astimezone(ZoneInfo("America/New_York")),  # as another session's zone gives it
        AT.astimezone(timezone(timedelta(hours=14))),
    ],
)
def test_an_instant_is_the_same_in_every_zone(at: datetime) -> None:
    assert row_digest(ORG, replace(ROW, at=at)) == row_digest(ORG, ROW)


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    """1 November 2026, 01:30 in New York: once before and once after the clocks went back."""
    zone = ZoneInfo("America/New_York")
    first = datetime(2026, 11, 1, 1, 30, tzinfo=zone)
    second = first.replace(fold=1)
    assert first.replace(tzinfo=None) == second.replace(tzinfo=None)
    assert instant_text(first) == "2026-11-01T05:30:00.000000Z"
    assert instant_text(second) == "2026-11-01T06:30:00.000000Z"
    assert row_digest(ORG, replace(ROW, at=first)) != row_digest(ORG, replace(ROW, at=second))


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC), "2026-10"),
        (datetime(2026, 11, 1, tzinfo=UTC), "2026-11"),
        # still October in New York, where the clocks go back that night
        (datetime(2026, 10, 31, 21, tzinfo=ZoneInfo("America/New_York")), "2026-11"),
    ],
)
def test_a_month_is_one_of_utc(at: datetime, month: str) -> None:
    assert month_of(at) == month


def test_no_two_rows_look_alike() -> None:
    """A text that holds the separators of another is still another."""
    one = replace(ROW, action="a", outcome='b","c":"d')
    other = replace(ROW, action='a","b', outcome="d")
    assert row_text(ORG, one) != row_text(ORG, other)
    assert row_digest(ORG, replace(ROW, patient_ids=())) != row_digest(
        ORG, replace(ROW, patient_ids=None)
    )


@pytest.mark.parametrize(
    ("head", "since"),
    [
        (None, None),  # the first seal takes whatever there is
        (replace(SEAL, swept=True), AT - timedelta(hours=24)),  # the past is closed
        (replace(SEAL, swept=False), None),  # not all of what was there is sealed yet
        (replace(SEAL, swept=False, since=AT), AT),  # nor since the bound that held then
    ],
)
def test_how_far_back_a_row_may_be_sealed(head: Seal | None, since: datetime | None) -> None:
    assert next_since(head) == since


@pytest.mark.parametrize(
    ("head", "after", "due"),
    [
        (None, timedelta(0), True),  # an organization in which nothing ever happened
        (SEAL, timedelta(minutes=59), False),
        (SEAL, timedelta(minutes=60), True),  # an hour without a seal
        (replace(SEAL, swept=False), timedelta(0), True),  # the past is not closed yet
    ],
)
def test_a_quiet_hour_is_sealed_too(head: Seal | None, after: timedelta, due: bool) -> None:
    assert is_quiet_too_long(head, AT + after) is due
