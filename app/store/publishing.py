"""What a transaction hands to its publisher at the end: changed records, in domain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ReceivedBody:
    """A sender's resource, to be served as it was said, with our meta added."""

    resource_type: str
    resource_id: str
    version: int
    patient_id: UUID | None
    body: bytes
    program_id: UUID | None = None
    """The Part 2 program that sent it, if one did."""
    deleted: bool = False
    """Its sender took it away; the body is empty."""


@dataclass(frozen=True, slots=True)
class ChangedAssessment:
    """An assessment as it now stands, with what of it the registry itself has to publish."""

    assessment_id: UUID
    patient_id: UUID
    patient_fhir_id: str
    instrument_id: str
    status: str
    answers: Mapping[str, int]
    total: Decimal | None
    prorated: bool
    severity: str | None
    effective_at: datetime
    derived_from: tuple[str, ...]
    """The sender's resources it was assembled from, as ``Type/id``."""
    recorded_by: str | None
    publish_form: bool
    """Staff typed it in: no sender's resource holds the answers."""
    publish_score: bool
    """No sender's resource holds a total that agrees with ours."""
    program_id: UUID | None = None
    """The Part 2 program whose record it is, if it is one's."""


@dataclass(frozen=True, slots=True)
class ChangedPatient:
    """A patient whom the registry made by itself (from a bare identifier, or typed by staff)."""

    patient_id: UUID
    fhir_id: str
    family_name: str | None
    given_names: str | None
    display_name: str
    birth_on: str | None
    sex: str
    identifiers: tuple[tuple[str, str], ...]
    program_id: UUID | None = None
    """The Part 2 program by which alone the person is known here, if so."""


@dataclass(frozen=True, slots=True)
class RelinkedPatient:
    """A patient whose record was joined with another one, or parted from it.

    Nothing of the record changed but its links, which the publisher reads (store/merges.py),
    or that it is no longer one Part 2 program's alone.
    """

    fhir_id: str
    unlabelled: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """A record that is published by itself and is to be rendered anew, as it finally stands.

    Whoever saves it appends this to `Store.saved`; what it looks like as FHIR is known in
    `app.publishing.nouns` alone.
    """

    noun: str
    """``episode``, ``flag``, ``referral``: a name in `NOUNS`."""
    record_id: UUID


NOUNS_OF_TABLES = {
    "episodes": "episode",
    "flags": "flag",
    "referrals": "referral",
    "case_reviews": "recommendation",
}
"""Table → the noun under which its rows are published, by their first key after `org_id`.

What moves to another patient, or is set back, is published anew by this.
"""


Saved = Changed | ReceivedBody | ChangedAssessment | ChangedPatient | RelinkedPatient
