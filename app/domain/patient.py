"""A patient as the registry knows one, whoever told of them."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime


def fold(words: str) -> list[str]:
    """The searchable tokens of a name: without case, accents and punctuation."""
    return sorted(set(folded_words(words)))


def folded_words(text: str) -> list[str]:
    """The words of a text in their order, without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return re.findall(r"\w+", bare)


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name for a patient that some system vouches for: a record number, for instance."""

    system: str
    value: str
    kind: str | None = None
    """The HL7 table 0203 code (``MR`` for a medical record number) where it was said."""


@dataclass(frozen=True, slots=True)
class PatientDetails:
    """What a sender or a member of staff says of a patient."""

    family_name: str | None
    given_names: str | None
    display_name: str
    birth_on: date | None
    sex: str
    """Administrative gender: female, male, other, unknown."""
    language: str | None = None
    phone: str | None = None
    deceased_at: datetime | None = None
    active: bool = True
    identifiers: tuple[Identifier, ...] = ()
    replaced_by: str | None = None
    """A reference to the record that replaces this one, where the sender merged the two."""
