"""What a patient consented to: billing for collaborative care, texting, disclosure under Part 2.

A consent is a document: who may tell whom what, to what end, until when, and by whose
signature. It is never deleted; it is revoked, and each state of it stays as a version.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.domain.rule import Rule
from app.errors import Problem


class ConsentKind(StrEnum):
    """What the patient agrees to."""

    BILLING = "collaborative-care"
    TEXTING = "texting"
    PART_TWO = "part2"

    @property
    def words(self) -> str:
        return _KIND_WORDS[self]


_KIND_WORDS = {
    ConsentKind.BILLING: "collaborative-care billing",
    ConsentKind.TEXTING: "text messages",
    ConsentKind.PART_TWO: "disclosure of substance-use records (42 CFR Part 2)",
}


class Manner(StrEnum):
    """How the consent was given."""

    WRITTEN = "written"
    ELECTRONIC = "electronic"
    VERBAL = "verbal"


class Purpose(StrEnum):
    """To what end records may be told."""

    TREATMENT = "treatment"
    PAYMENT = "payment"
    OPERATIONS = "operations"


class Scope(StrEnum):
    """Which of a program's records are meant."""

    SCREENINGS = "screenings"
    CARE = "care"

    @property
    def words(self) -> str:
        return _SCOPE_WORDS[self]


_SCOPE_WORDS = {
    Scope.SCREENINGS: "questionnaires, their answers and scores",
    Scope.CARE: "care: enrolment, visits, contacts and notes, treatment, reviews, referrals",
}
LONGEST_WORDS = 300
"""Characters of a name or of words in a consent (ours)."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as it stands."""

    kind: ConsentKind
    discloser: str
    """Who may tell: the program's name."""
    recipient: str
    """Whom it names, as a key: ``organization``, ``clinic:…``, ``staff:…``, ``client:…``."""
    recipient_name: str
    purposes: frozenset[Purpose]
    scope: frozenset[Scope]
    begins_at: datetime
    ends_at: datetime | None
    """The first instant at which it holds no more; None: until it is revoked."""
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsentForm:
    """A consent as somebody writes it down; what is missing is empty."""

    kind: ConsentKind
    given_on: date | None
    manner: Manner | None
    discloser: str = ""
    recipient: str = ""
    recipient_name: str = ""
    purposes: frozenset[Purpose] = frozenset()
    scope: frozenset[Scope] = frozenset()
    signature: str = ""
    """The name as it was signed, by the patient or who may sign for them."""
    expires_on: date | None = None
    """The last day on which it holds."""
    expires_when: str = ""
    """The event or condition that ends it: ``at the end of treatment``."""
    told_of_revoking: bool = False
    """Whether the patient was told that, and how, it can be revoked."""


def in_force(consent: Consent, at: datetime) -> bool:
    """Whether the consent holds at this instant: given, not over, not revoked."""
    if consent.revoked_at is not None and consent.revoked_at <= at:
        return False
    return consent.begins_at <= at and (consent.ends_at is None or at < consent.ends_at)


def allows(
    consent: Consent, at: datetime, keys: Collection[str], wanted: Collection[Scope]
) -> bool:
    """Whether somebody known by these keys may see records of this scope under the consent.

    The keys name who they are and to what end they look (see app/domain/part2.py).
    """
    return (
        consent.kind is ConsentKind.PART_TWO
        and in_force(consent, at)
        and consent.recipient in keys
        and any(purpose.value in keys for purpose in consent.purposes)
        and consent.scope.issuperset(wanted)
    )


def begins(given_on: date, zone: str) -> datetime:
    """The first instant of the day on which it was given, by the clinic's clock."""
    return datetime.combine(given_on, time(), ZoneInfo(zone))


def ends(expires_on: date | None, zone: str) -> datetime | None:
    """The midnight that ends its last day, by the clinic's clock, whatever the season."""
    if expires_on is None:
        return None
    return datetime.combine(expires_on + timedelta(days=1), time(), ZoneInfo(zone))


def problems_of(form: ConsentForm, today: date) -> list[Problem]:
    """Everything that the document lacks, all at once; empty where it can be kept."""
    problems = []
    if form.given_on is None:
        problems.append(Problem("given on", "say on which day it was given"))
    elif form.given_on > today:
        problems.append(Problem("given on", "lies in the future"))
    if form.manner is None:
        problems.append(Problem("how", "say whether it is written, electronic or verbal"))
    if form.expires_on and form.given_on and form.expires_on < form.given_on:
        problems.append(Problem("expires on", "lies before the day it was given"))
    if form.expires_on and form.expires_on < today:
        problems.append(Problem("expires on", "lies in the past: it would never hold"))
    for name, words in _words_of(form):
        if len(words) > LONGEST_WORDS:
            problems.append(Problem(name, f"write {LONGEST_WORDS} characters at most"))
    return problems + (_lacks(form) if form.kind is ConsentKind.PART_TWO else [])


def _words_of(form: ConsentForm) -> Sequence[tuple[str, str]]:
    return (
        ("recipient", form.recipient_name),
        ("signature", form.signature),
        ("expires when", form.expires_when),
    )


def _lacks(form: ConsentForm) -> list[Problem]:
    """The elements of a written consent under § 2.31(a) that are missing."""
    found = []
    if not form.discloser:
        found.append(Problem("discloser", "choose the program whose records may be told"))
    if not form.recipient or not form.recipient_name.strip():
        found.append(Problem("recipient", "name who may receive the records"))
    if not form.purposes:
        found.append(Problem("purpose", "say to what end they may be used"))
    if not form.scope:
        found.append(Problem("scope", "say how much and what kind of records"))
    if not form.signature.strip():
        found.append(Problem("signature", "write the name as the patient signed it"))
    if form.expires_on is None and not form.expires_when.strip():
        found.append(
            Problem("expires", "give its last day, or the event or condition that ends it")
        )
    if form.manner is Manner.VERBAL:
        found.append(Problem("how", "must be written or electronic: Part 2 asks for a signature"))
    if not form.told_of_revoking:
        found.append(Problem("right to revoke", "confirm that the patient was told of it"))
    return found


def scope_words(scope: Collection[Scope]) -> str:
    """What a consent covers, in words."""
    return "; ".join(one.words for one in Scope if one in scope)


def purpose_words(purposes: Collection[Purpose]) -> str:
    """To what end, in words."""
    return ", ".join(one.value for one in Purpose if one in purposes)


RULES = (
    Rule(
        "consent-part2-elements",
        "Privacy",
        "A consent to disclose Part 2 records is kept only with patient, discloser, recipient, "
        "purpose, scope, an expiry (a day, or an event or condition), the right to revoke, "
        "signature and date; a verbal one is refused.",
        "42 CFR § 2.31(a)",
        "tests/rules/test_consent.py::test_what_a_part_two_consent_lacks",
        confirmed=False,
    ),
    Rule(
        "consent-in-force",
        "Privacy",
        "A consent holds from the day it was given to the midnight that ends its last day by the "
        "clinic's clock, and no longer than until it is revoked, which takes effect at once.",
        "42 CFR § 2.31; ours (the clock)",
        "tests/rules/test_consent.py::test_in_force",
        confirmed=False,
    ),
)
