"""Encounters: which of them are visits that a clinic answers for, and whose visits they are."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from app.domain.rule import Rule

STATUSES = (
    "planned", "arrived", "triaged", "in-progress", "onleave", "finished",
    "cancelled", "entered-in-error", "unknown",
)  # fmt: skip
"""https://hl7.org/fhir/R4/valueset-encounter-status.html"""

NEVER_CAME = frozenset({"planned", "cancelled", "entered-in-error"})
"""The patient was not there, or not yet; ``unknown`` is counted, since a visit was told of."""

NOT_OUTPATIENT = frozenset({"IMP", "ACUTE", "NONAC", "OBSENC", "EMER", "PRENC", "SS"})
"""v3-ActCode classes of hospital stays and emergencies: no clinic screens there (ours)."""

Name = TypeVar("Name")


def is_visit(status: str, class_code: str | None) -> bool:
    """Whether a patient was seen in a clinic, by video or at home: screening is asked of it.

    A class of the sender's own, or none, counts: leaving it out would flatter the reach.
    """
    return status not in NEVER_CAME and class_code not in NOT_OUTPATIENT


def is_planned_visit(status: str, class_code: str | None) -> bool:
    """Whether a patient is expected."""
    return status == "planned" and class_code not in NOT_OUTPATIENT


def match_clinic(told: Sequence[str], clinics: Mapping[str, Name]) -> Name | None:
    """The clinic that the first of these names or identifiers means; case does not matter.

    `clinics` are by name and by id. Told are the service provider's identifier and
    display, then those of each location.
    """
    known = {fold(name): clinic for name, clinic in clinics.items()}
    return next((known[fold(name)] for name in told if fold(name) in known), None)


def fold(name: str) -> str:
    return " ".join(name.casefold().split())


RULES = (
    Rule(
        "visit",
        "Screening reach",
        "A visit is an Encounter whose patient came (not planned, cancelled or entered in error), "
        f"outside hospital stays and emergencies ({', '.join(sorted(NOT_OUTPATIENT))}).",
        "ours, from the codes of FHIR R4 and v3-ActCode",
        "tests/rules/test_screening_reach.py::test_what_is_a_visit",
        confirmed=False,
    ),
    Rule(
        "visit-clinic",
        "Screening reach",
        "A visit belongs to the clinic whose name or id the service provider, else a location, "
        'carries; else to the client\'s default clinic; else to none: "clinic not told".',
        "ours",
        "tests/rules/test_screening_reach.py::test_whose_visit_it_is",
        confirmed=False,
    ),
)
