"""What a face hands over when resources arrive, and what it is told of each.

A face reads its own protocol into these values; the use case never sees the
protocol. A body is opaque: it is asked for its bytes once every reference in
the same message is settled.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from app.domain.assembly import PartKind, PartStatus
from app.domain.patient import PatientDetails
from app.domain.score import Answers

Body = Callable[[Mapping[str, str]], bytes]
"""Given where each placeholder of the message came to lie (``urn:uuid:…`` → ``Patient/85``), the
sender's resource as UTF-8 JSON, otherwise unchanged (no id, no meta of ours yet)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a part is about: a reference as sent, or an identifier, or both."""

    reference: str | None = None
    identifier: tuple[str, str] | None = None
    element: str = "subject"
    """Where the sender's resource says so, for error words."""


@dataclass(frozen=True, slots=True)
class PartDetails:
    """One piece of an assessment as a sender's resource tells it (see domain/assembly.py)."""

    kind: PartKind
    subject: Subject
    effective_at: datetime
    status: PartStatus
    instrument_id: str | None = None
    item_code: str | None = None
    answers: Answers = field(default_factory=dict)
    value: int | None = None
    total: Decimal | None = None
    links: tuple[str, ...] = ()
    """References by hasMember or derivedFrom, as sent."""
    source_identifier: str | None = None
    """The sender's business identifier, ``system|value``."""


@dataclass(frozen=True, slots=True)
class EncounterDetails:
    """An encounter as a sender tells of it."""

    subject: Subject
    effective_at: datetime | None
    """When it began, where that was said."""
    status: str
    class_code: str | None = None
    places: tuple[str, ...] = ()
    """What the sender calls the place, the most telling first."""
    source_identifier: str | None = None


@dataclass(frozen=True, slots=True)
class RecordDetails:
    """What a sender tells beside screenings, kept as it was said."""

    subject: Subject | None
    """None for people and places, and for what FHIR lets be about nobody."""
    effective_at: datetime | None
    source_identifier: str | None = None


@dataclass(frozen=True, slots=True)
class AlreadyHeld:
    """What the condition of a create found: nothing is written, and the message may name it."""

    resource_id: str
    version: int
    last_updated: datetime


@dataclass(frozen=True, slots=True)
class NotKept:
    """Content of a kind that this service does not keep; said so, not refused."""

    code: str
    words: str


Content = PatientDetails | PartDetails | EncounterDetails | RecordDetails | AlreadyHeld | NotKept


@dataclass(frozen=True, slots=True)
class Arrival:
    """One resource that arrived, read."""

    where: str
    """Where it stands in the message, for error words: ``Bundle.entry[3]`` or ''."""
    resource_type: str
    content: Content
    body: Body
    resource_id: str | None = None
    """The id the sender assigns (update); None lets the registry choose (create)."""
    placeholder: str | None = None
    """What the rest of the message calls it: its fullUrl."""
    if_none_exist: tuple[str, str] | None = None
    """Create only where no patient carries this identifier (system, value)."""
    if_match: int | None = None
    withdrawn: bool = False
    """Its sender deletes it: it counts as entered in error, and is served no more."""


class Result(StrEnum):
    """What became of an arrival."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    """The same again: answered with what the first one made."""
    DELETED = "deleted"
    NOT_KEPT = "not-kept"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the sender should know although nothing was refused."""

    severity: str
    """``warning`` or ``information``."""
    code: str
    where: str
    words: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one arrival."""

    where: str
    result: Result
    resource_type: str
    resource_id: str | None = None
    version: int | None = None
    last_updated: datetime | None = None
    notices: tuple[Notice, ...] = ()
    assessment_id: UUID | None = None
