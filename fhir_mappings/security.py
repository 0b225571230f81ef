"""Security labels of what goes out: a Part 2 program's record says so in its meta."""

from collections.abc import Mapping, Sequence
from typing import Any

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
PART_TWO_LABELS = (
    {"system": CONFIDENTIALITY, "code": "R", "display": "restricted"},
    {"system": ACT_CODE, "code": "42CFRPart2", "display": "42 CFR Part2"},
)
"""Confidentiality and the law that protects it, as HL7's code systems name them."""


def security_meta(meta: Mapping[str, Any], *, part_two: bool) -> dict[str, Any]:
    """`meta.security` with our labels as they stand; what a sender put there beside them stays.

    A label of ours that no longer holds is taken back: the resource may be published anew.
    """
    sent = list(meta.get("security") or ())
    if part_two:
        sent += [label for label in PART_TWO_LABELS if not _says(sent, label)]
    return {"security": sent} if sent else {}


def disclosure_notice(words: Sequence[str]) -> dict[str, Any]:
    """The notice that goes with a disclosure, as an OperationOutcome: nothing is wrong."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "information", "code": "informational", "diagnostics": one}
            for one in words
        ],
    }


def without_labels(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource that is no longer a Part 2 program's alone."""
    meta = dict(resource.get("meta") or {})
    kept = [one for one in meta.pop("security", ()) if not _is_ours(one)]
    return {**resource, "meta": meta | ({"security": kept} if kept else {})}


def _is_ours(label: Any) -> bool:
    return any(_says([label], one) for one in PART_TWO_LABELS)


def _says(labels: list[Any], wanted: Mapping[str, str]) -> bool:
    return any(
        isinstance(one, Mapping)
        and (one.get("system"), one.get("code")) == (wanted["system"], wanted["code"])
        for one in labels
    )
