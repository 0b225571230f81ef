"""When two arrivals are the same assessment: a form is never lost and never counted twice."""

import json
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256

import pytest

from app.domain.identity import content_digest, identity_key

AT = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Sent:
    """A form as it arrives."""

    client: str = "clinic-a"
    source: str | None = None
    patient: str = "p1"
    instrument: str = "phq-9"
    at: datetime = AT
    answers: dict[str, int] = field(default_factory=lambda: {"q1": 1, "q2": 2})
    total: Decimal | None = None

    @property
    def key(self) -> str:
        return identity_key(
            self.client,
            self.source,
            self.patient,
            self.instrument,
            self.at,
            self.answers,
            self.total,
        )

    @property
    def content(self) -> str:
        return content_digest(self.instrument, self.answers, self.total, self.at)


FORM, NUMBERED, BARE = Sent(), Sent(source="F-17"), Sent(answers={}, total=Decimal(12))
TOKYO = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FORM, replace(FORM, answers={"q2": 2, "q1": 1})),  # the items in another order
        (FORM, replace(FORM, at=AT.astimezone(TOKYO))),  # the same instant elsewhere
        (BARE, replace(BARE, total=Decimal("12.0"))),  # the same number
        (BARE, replace(BARE, total=Decimal("1.2E+1"))),
    ],
)
def test_however_it_was_written_it_is_the_same(one: Sent, other: Sent) -> None:
    assert one.key == other.key
    assert one.content == other.content


@pytest.mark.parametrize(
    "other",
    [
        replace(FORM, client="clinic-b"),
        replace(FORM, patient="p2"),
        replace(FORM, instrument="phq-8"),
        replace(FORM, at=AT + timedelta(seconds=1)),
        replace(FORM, answers={"q1": 1, "q2": 3}),  # no identifier: two forms, none is lost
    ],
)
def test_without_an_identifier_whatever_differs_is_another_assessment(other: Sent) -> None:
    assert other.key != FORM.key


def test_without_answers_the_total_stands_for_them() -> None:
    assert BARE.key != replace(BARE, total=Decimal(13)).key
    assert BARE.key != replace(BARE, total=None).key
    assert FORM.key == replace(FORM, total=Decimal(12)).key  # with answers the total adds nothing


@pytest.mark.parametrize(
    "other",
    [
        replace(NUMBERED, answers={"q1": 3}),
        replace(NUMBERED, at=AT + timedelta(days=1)),
        replace(NUMBERED, total=Decimal(3)),
    ],
)
def test_the_senders_identifier_with_other_content_is_a_correction(other: Sent) -> None:
    assert other.key == NUMBERED.key
    assert other.content != NUMBERED.content


@pytest.mark.parametrize(
    "other",
    [
        replace(NUMBERED, source="F-18"),
        replace(NUMBERED, client="clinic-b"),  # two senders may both count from 1
        replace(NUMBERED, patient="p2"),
        replace(NUMBERED, instrument="gad-7"),  # one response may hold two forms
        replace(NUMBERED, source=None),
    ],
)
def test_an_identifier_counts_for_its_sender_patient_and_instrument(other: Sent) -> None:
    assert other.key != NUMBERED.key


@pytest.mark.parametrize(
    "other",
    [
        replace(FORM, instrument="phq-8"),
        replace(FORM, answers={"q1": 1}),
        replace(FORM, total=Decimal(3)),
        replace(FORM, at=AT + timedelta(seconds=1)),
    ],
)
def test_content_that_differs_in_anything_has_another_digest(other: Sent) -> None:
    assert other.content != FORM.content


def test_the_zone_of_the_server_never_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    before = (FORM.key, FORM.content)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        there = (FORM.key, FORM.content)
    time.tzset()
    assert there == before


WHEN = "2026-03-02T15:30:00+00:00"


@pytest.mark.parametrize(
    ("sent", "key", "content"),
    [
        (
            NUMBERED,
            ["identifier", "clinic-a", "F-17", "p1", "phq-9"],
            ["phq-9", {"q1": 1, "q2": 2}, None, WHEN],
        ),
        (
            FORM,
            ["content", "clinic-a", "p1", "phq-9", WHEN, {"q1": 1, "q2": 2}],
            ["phq-9", {"q1": 1, "q2": 2}, None, WHEN],
        ),
        (
            BARE,
            ["content", "clinic-a", "p1", "phq-9", WHEN, "12"],
            ["phq-9", {}, "12", WHEN],
        ),
        (
            replace(BARE, total=Decimal("1E+2")),  # never as a power of ten
            ["content", "clinic-a", "p1", "phq-9", WHEN, "100"],
            ["phq-9", {}, "100", WHEN],
        ),
    ],
)
def test_keys_that_are_stored_never_change(
    sent: Sent, key: list[object], content: list[object]
) -> None:
    """A key written otherwise in a later release would take every form sent again for a new one."""
    found = (sent.key, sent.content)
    assert found == tuple(
        sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
        for said in (key, content)
    )
