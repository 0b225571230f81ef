"""What a person reads of one patient: the shapes that pages show."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from app.store.rosters import StaffName
from app.use_cases.care_path import CarePath


@dataclass(frozen=True, slots=True)
class PatientHeader:
    """Who it is."""

    patient_id: UUID
    name: str
    birth_on: date | None
    age: int | None
    sex: str
    language: str | None
    phone: str | None
    identifiers: list[tuple[str, str]]
    deceased_on: date | None
    merged_into_id: UUID | None


@dataclass(frozen=True, slots=True)
class EpisodeHeader:
    """An episode of care at a glance."""

    episode_id: UUID
    status: str
    enrolled_on: date
    ended_on: date | None
    weeks: int
    clinic: str
    clinic_id: UUID
    care_manager: str | None
    care_manager_id: UUID | None
    consultant: str | None
    primary_care_clinician: str | None
    condition: str
    protocol: str
    last_contact_on: date | None
    next_contact_on: date | None
    next_assessment_on: date | None
    last_review_on: date | None
    next_review_on: date | None
    urgency: int
    urgency_reason: str
    version: int


@dataclass(frozen=True, slots=True)
class LoopRow:
    """A step of a flag's loop in words."""

    at: datetime
    words: str
    trouble: bool
    """Whether somebody was passed over or a message did not go through."""


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag with its evidence in words and numbers, and how far its loop has come."""

    flag_id: UUID
    kind: str
    title: str
    level: int
    words: str
    evidence: dict[str, str | int]
    protocol: str | None
    state: str
    owner: str | None
    mine: bool
    """Whether whoever looks has it."""
    opened_at: datetime
    due_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    version: int
    loop: list[LoopRow] = field(default_factory=list)
    """Who was told, who has it: every step of its loop, the first first."""


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One measurement on a chart."""

    assessment_id: UUID
    on: date
    total: Decimal
    severity: str
    level: int
    prorated: bool
    item_nine_value: int | None


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """Where earlier courses stood in one week: the 10th, 25th, 50th, 75th and 90th percentile."""

    on: date
    week: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ExpectedSeries:
    """The expected recovery beside a course; it stands next to the protocol, never for it."""

    begins: tuple[date, float]
    """The patient's own baseline."""
    rows: list[ExpectedRow]
    drawn_until: date | None
    """How far ahead the chart reaches; None: no further than the scores."""
    words: str
    """Whose courses the band tells of."""
    verdict: str
    title: str
    """``Not on track at week 6``; empty where the episode is closed."""
    reason: str
    basis_words: str
    """Which model, from how many, and how right it was."""


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """One instrument over time, with the bands it is read by and what the protocol says."""

    instrument_id: str
    title: str
    ordinal: bool
    """Whether the points are levels with a name: a lane each, and no numbers."""
    minimum: int
    maximum: int
    bands: list[tuple[int, int, str, int]]
    points: list[ChartPoint]
    baseline_total: Decimal | None
    baseline_on: date | None
    percent_change: Decimal | None
    response: str
    judgement_words: str
    course_words: tuple[str, ...] = ()
    """What changed and what was reached, in plain sentences."""
    expected: ExpectedSeries | None = None


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """Something on the time axis beside the scores."""

    on: date
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A logged contact."""

    contact_id: UUID
    at: datetime
    contact_on: date
    way: str
    reached: bool
    minutes: int
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A case review and what became of its recommendation."""

    review_id: UUID
    reviewed_on: date
    consultant: str
    kind: str
    recommendation: str
    follow_up_weeks: int | None
    status: str
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One item and how it was answered."""

    key: str
    text: str
    label: str | None
    value: int | None
    safety: bool


@dataclass(frozen=True, slots=True)
class AssessmentRow:
    """An assessment in the history, wrong ones too."""

    assessment_id: UUID
    instrument_id: str
    title: str
    on: date
    at: datetime
    status: str
    version: int
    instrument_version: str
    """The definition it was scored by, which may be an earlier one."""
    total: Decimal | None
    result: str
    """The total as it is told: ``12``, ``moderate risk``, ``—``."""
    prorated: bool
    not_scorable_words: str | None
    severity: str | None
    level: int | None
    item_nine: str
    item_nine_value: int | None
    safety_words: str
    """How the safety item was answered, where that asks for a person."""
    remarks: list[str]
    """What the answers say beside the total, and which cut-off was used where that is in doubt."""
    claimed_total: Decimal | None
    claimed: str
    total_check: str
    conflicts: list[str]
    answers: list[AnswerRow]
    source: str


@dataclass(frozen=True, slots=True)
class PatientStory:
    """Everything on the patient's page."""

    patient: PatientHeader
    episode: EpisodeHeader | None
    past_episodes: list[EpisodeHeader]
    flags: list[FlagRow]
    closed_flags: list[FlagRow]
    charts: list[ChartSeries]
    events: list[TimelineEvent]
    contacts: list[ContactRow]
    reviews: list[ReviewRow]
    assessments: list[AssessmentRow]
    care_managers: list[StaffName]
    colleagues: list[StaffName]
    """Whom a flag can be handed to."""
    clinics: list[tuple[UUID, str]]
    minutes_this_month: int
    path: CarePath
    today: date
