"""What the mappings read out of a resource, in no protocol's words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal

from app.domain.assembly import PartKind, PartStatus
from app.domain.patient import PatientDetails
from app.domain.score import Answers
from app.errors import Kind, Problem, RegistryError


class InvalidResource(RegistryError):
    """The resource is not valid FHIR R4."""

    code = "invalid-resource"
    kind = Kind.INVALID


class CannotBeRead(RegistryError):
    """The resource is FHIR, yet its content cannot be taken as an assessment."""

    code = "cannot-be-read"


class EntriesRefused(RegistryError):
    """Entries of this transaction are refused, and so nothing of it was kept."""

    code = "entries-refused"

    def __init__(self, causes: Sequence[RegistryError]) -> None:
        super().__init__(problems=[one for cause in causes for one in cause.problems])
        self.causes = tuple(causes)


def _as_sent(reference: str) -> str:
    return reference


def _nowhere(reference: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Setting:
    """What a reader must know besides the resource."""

    where: str
    """The resource's place in the message: ``Observation`` or ``Bundle.entry[3].resource``."""
    zone: tzinfo
    """The clinic's time zone: a day without a time begins at midnight there."""
    received_on: date
    resolve: Callable[[str], str] = _as_sent
    """A reference as this registry or the rest of the message calls it (see references.py)."""
    is_defined: Callable[[str], bool] = _nowhere
    """Whether an entry of the message has this fullUrl."""

    def at(self, path: str) -> str:
        """The FHIRPath expression of an element of this resource."""
        return f"{self.where}.{path}" if path else self.where


@dataclass(frozen=True, slots=True)
class Remark:
    """Something the sender should know although nothing was refused."""

    severity: str
    code: str
    where: str
    words: str


def warning(code: str, where: str, words: str) -> Remark:
    return Remark("warning", code, where, words)


@dataclass(frozen=True, slots=True)
class PartReading:
    """One piece of an assessment (see domain/assembly.py)."""

    kind: PartKind
    status: PartStatus
    effective_at: datetime
    reference: str | None
    """The subject's reference, resolved as far as the message itself allows."""
    identifier: tuple[str, str] | None
    instrument_id: str | None = None
    item_code: str | None = None
    answers: Answers = field(default_factory=dict)
    value: int | None = None
    total: Decimal | None = None
    links: tuple[str, ...] = ()
    source_identifier: str | None = None


@dataclass(frozen=True, slots=True)
class EncounterReading:
    """An encounter of a patient."""

    status: str
    class_code: str | None
    started_at: datetime | None
    reference: str | None
    """The patient's reference, resolved as far as the message itself allows."""
    identifier: tuple[str, str] | None
    places: tuple[str, ...] = ()
    """What the sender calls the place, the most telling first."""
    source_identifier: str | None = None


@dataclass(frozen=True, slots=True)
class RecordReading:
    """What is kept as it was said (see record.py)."""

    effective_at: datetime | None
    reference: str | None = None
    """The patient's reference, resolved as far as the message itself allows; None of nobody."""
    identifier: tuple[str, str] | None = None
    element: str = "subject"
    """Which element names the patient."""
    source_identifier: str | None = None


@dataclass(frozen=True, slots=True)
class Unkept:
    """Content of a kind that the registry does not keep; said so, not refused."""

    where: str
    words: str
    code: str = "not-supported"


@dataclass(frozen=True, slots=True)
class Reading:
    """One resource, read."""

    resource_type: str
    content: PatientDetails | PartReading | EncounterReading | RecordReading | Unkept
    remarks: tuple[Remark, ...] = ()


@dataclass(slots=True)
class Notes:
    """Collects what is wrong and what is worth saying, so that all of it is told at once."""

    setting: Setting
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def problem(self, path: str, what: str) -> None:
        self.problems.append(Problem(self.setting.at(path), what))

    def warn(self, code: str, path: str, words: str) -> None:
        self.remarks.append(warning(code, self.setting.at(path), words))

    def inform(self, path: str, words: str) -> None:
        self.remarks.append(Remark("information", "informational", self.setting.at(path), words))

    def forgive(self, since: int) -> None:
        """Tell the problems found since then as warnings: what is taken back need not be right."""
        for one in self.problems[since:]:
            self.remarks.append(warning("value", one.where, f"Left aside. {one.what}"))
        del self.problems[since:]

    def refuse_if_any(self, message: str) -> None:
        """Raises CannotBeRead with every problem found so far."""
        if self.problems:
            raise CannotBeRead(message, self.problems)
