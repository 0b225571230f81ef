"""A message on its way: what of it is settled so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.store.patients import Patient
from app.store.resources import SavedResource
from app.use_cases.arrivals import (
    Arrival,
    EncounterDetails,
    Notice,
    PartDetails,
    RecordDetails,
)
from app.use_cases.receive_encounter import VisitPlace
from app.use_cases.receive_patient import (
    SettledPatient,
)

Record = PartDetails | EncounterDetails | RecordDetails
"""What is said of a patient, beside the patient."""


@dataclass(slots=True)
class Settling:
    """A message on its way: what is settled so far."""

    arrivals: Sequence[Arrival]
    places: dict[str, str] = field(default_factory=dict)
    """Placeholder → ``Type/id``."""
    patients: dict[int, SettledPatient] = field(default_factory=dict)
    named: dict[int, Patient] = field(default_factory=dict)
    """Whom the sender names."""
    subjects: dict[int, Patient] = field(default_factory=dict)
    """Under whom it is filed: the record that goes on, or the one a person moved it to."""
    keys: dict[int, str] = field(default_factory=dict)
    arrival_keys: dict[int, str] = field(default_factory=dict)
    saved: dict[int, SavedResource] = field(default_factory=dict)
    notices: dict[int, tuple[Notice, ...]] = field(default_factory=dict)
    visits: dict[int, VisitPlace] = field(default_factory=dict)
    """Where each encounter was."""


def place(settling: Settling, arrival: Arrival, key: str) -> None:
    """Where it came to lie, for what refers to it in the same message."""
    if arrival.placeholder:
        settling.places[arrival.placeholder] = key
