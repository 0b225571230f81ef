"""The required bindings of FHIR R4: elements whose code is one of a closed list.

https://hl7.org/fhir/R4/terminologies.html#required. The models of fhir.resources name most lists in
their metadata, the long ones cut short with a ``+``; those are written out here, and the ones that
the models leave out. Lists that nobody can write out (mime types, currencies, languages) are not
checked.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

_ENCOUNTER = (
    "planned",
    "arrived",
    "triaged",
    "in-progress",
    "onleave",
    "finished",
    "cancelled",
    "entered-in-error",
    "unknown",
)
_MEALS = ("C", "CM", "CD", "CV")
_EVENTS = (
    *(f"{part}{when}" for part in ("MORN", "AFT", "EVE") for when in ("", ".early", ".late")),
    *("NOON", "NIGHT", "PHS", "HS", "WAKE"),
    *(f"{when}{meal}" for meal in _MEALS for when in ("", "A", "P")),
)
"""Times of day and meals: before (A), at and after (P)."""
_COMPARATOR = ("<", "<=", ">=", ">")
_QUANTITIES = ("Quantity", "Age", "Count", "Distance", "Duration")

CODES: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("Encounter", "status"): _ENCOUNTER,
        ("EncounterStatusHistory", "status"): _ENCOUNTER,
        ("Observation", "status"): (
            "registered",
            "preliminary",
            "final",
            "amended",
            "corrected",
            "cancelled",
            "entered-in-error",
            "unknown",
        ),
        ("Task", "status"): (
            "draft",
            "requested",
            "received",
            "accepted",
            "rejected",
            "ready",
            "cancelled",
            "in-progress",
            "on-hold",
            "failed",
            "completed",
            "entered-in-error",
        ),
        ("TimingRepeat", "when"): _EVENTS,
        **{(quantity, "comparator"): _COMPARATOR for quantity in _QUANTITIES},
    }
)
"""What the models do not say, or not in full: by model and element."""

CONCEPTS: Mapping[tuple[str, str], tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        ("Condition", "clinicalStatus"): (
            "http://terminology.hl7.org/CodeSystem/condition-clinical",
            ("active", "recurrence", "relapse", "inactive", "remission", "resolved"),
        ),
        ("Condition", "verificationStatus"): (
            "http://terminology.hl7.org/CodeSystem/condition-ver-status",
            (
                "unconfirmed",
                "provisional",
                "differential",
                "confirmed",
                "refuted",
                "entered-in-error",
            ),
        ),
    }
)
"""CodeableConcepts of which one coding is of this system and among these codes."""

_OPEN = frozenset({("Expression", "language")})
"""Bound extensibly in R4, though the models list some codes."""


def required_codes(model: str, element: str, told: Iterable[str] | None) -> frozenset[str]:
    """The closed list of an element, or nothing; ``told`` is what its model lists."""
    written = CODES.get((model, element))
    if written is not None:
        return frozenset(written)
    listed = frozenset(told or ())
    return frozenset() if (model, element) in _OPEN or "+" in listed else listed
