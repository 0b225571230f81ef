"""Links between patients' records that a person joined here, laid over what their sender said.

https://hl7.org/fhir/R4/patient-definitions.html#Patient.link: the record that goes on
`replaces` the other, which is `replaced-by` it and no longer active. The overlay marks what is
ours, so that it can be taken off again and what the sender said comes out as it was.
"""

from collections.abc import Mapping, Sequence
from typing import Any

MARK = "stepwell-link-"
"""How the ids of link elements of ours begin."""
ACTIVE_AS_SENT = "https://stepwell.example/fhir/StructureDefinition/active-as-sent"
"""Extension on `active` of a record that was joined: what its sender says (or ``absent``)."""


def with_links(
    patient: Mapping[str, Any], replaced_by: str | None, replaces: Sequence[str]
) -> dict[str, Any]:
    """The Patient with the links that hold now; with none, as its sender said it."""
    plain = without_links(patient)
    wanted = [("replaced-by", replaced_by)] if replaced_by else []
    wanted += [("replaces", one) for one in replaces]
    held = [_said(link) for link in plain.get("link") or ()]
    ours = [
        {"id": f"{MARK}{n}", "other": {"reference": f"Patient/{other}"}, "type": kind}
        for n, (kind, other) in enumerate(wanted, 1)
        if (kind, f"Patient/{other}") not in held
    ]
    linked = plain | {"link": [*(plain.get("link") or ()), *ours]} if ours else plain
    return _inactive(linked) if replaced_by else linked


def _said(link: Mapping[str, Any]) -> tuple[Any, Any]:
    return link.get("type"), (link.get("other") or {}).get("reference")


def _inactive(patient: dict[str, Any]) -> dict[str, Any]:
    sent = patient.get("active")
    if sent is False:
        return patient
    beside = dict(patient.get("_active") or {})
    told = {"url": ACTIVE_AS_SENT, "valueCode": "true" if sent else "absent"}
    beside["extension"] = [*(beside.get("extension") or ()), told]
    return patient | {"active": False, "_active": beside}


def without_links(patient: Mapping[str, Any]) -> dict[str, Any]:
    """The Patient as its sender said it."""
    plain = dict(patient)
    links = [one for one in plain.pop("link", None) or () if not _is_ours(one)]
    if links:
        plain = {name: links if name == "link" else value for name, value in patient.items()}
    return _active_as_sent(plain)


def _is_ours(link: Mapping[str, Any]) -> bool:
    return str(link.get("id") or "").startswith(MARK)


def _active_as_sent(patient: dict[str, Any]) -> dict[str, Any]:
    beside = dict(patient.get("_active") or {})
    told = [e for e in beside.get("extension") or () if e.get("url") == ACTIVE_AS_SENT]
    if not told:
        return patient
    rest = [e for e in beside.pop("extension") if e.get("url") != ACTIVE_AS_SENT]
    if rest:
        beside["extension"] = rest
    plain = {name: value for name, value in patient.items() if name != "_active"}
    if told[0].get("valueCode") == "absent":
        del plain["active"]
    else:
        plain["active"] = True
    return plain | {"_active": beside} if beside else plain
