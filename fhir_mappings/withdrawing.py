"""What a resource says once its sender has deleted it: that it was entered in error.

Nothing is deleted inside the registry. A deletion is judged as a correction to entered-in-error is,
in everything that follows from it; only the face answers 410 from then on.
"""

from collections.abc import Mapping
from typing import Any

_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_WITHOUT_STATUS = frozenset({"Patient", "Practitioner", "PractitionerRole", "Organization"})
"""Their ``active`` says whether they are in use, not whether they were right."""
_OTHERS = {"Location": "inactive"}


def withdrawn(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The resource marked as entered in error, by the element that its type has for it."""
    kind = str(resource["resourceType"])
    if kind == "Condition":
        coding = {"system": _VERIFICATION, "code": "entered-in-error"}
        kept = {name: value for name, value in resource.items() if name != "clinicalStatus"}
        return kept | {"verificationStatus": {"coding": [coding]}}  # con-5: no clinicalStatus then
    if kind in _WITHOUT_STATUS:
        return dict(resource)
    return {**resource, "status": _OTHERS.get(kind, "entered-in-error")}
