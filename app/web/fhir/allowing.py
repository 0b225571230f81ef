"""Which methods an address takes; nothing else is known of it."""

from app.errors import NotFound
from app.web.fhir.errors import MethodNotOffered, check_served
from fhir_mappings.conformance import PUBLISHED, TAKEN, TYPES

READING = "GET, HEAD, OPTIONS"
_FIXED = {
    "": "POST, OPTIONS",
    "metadata": READING,
    "_history": READING,
}


def allowed_at(path: str) -> str:
    """The methods of an address below the base; raises NotFound where nothing is at it."""
    if path in _FIXED:
        return _FIXED[path]
    kind, *rest = path.split("/")
    if kind == "AuditEvent" or (kind in TYPES and kind not in PUBLISHED):
        return READING
    check_served(kind)
    if rest == ["_search"]:
        return "POST, OPTIONS"
    if rest[-1:] == ["_history"] or rest[1:2] == ["_history"]:
        return READING
    if len(rest) > 1 or (rest and rest[0].startswith(("_", "$"))):
        raise NotFound("There is nothing at this address; see /fhir/metadata for what is.")
    if kind not in TAKEN:
        return READING
    changing = "PUT, PATCH, DELETE, OPTIONS"
    return f"GET, HEAD, {changing}" if rest else f"GET, HEAD, POST, {changing}"


def check_method(method: str, path: str) -> None:
    """Raises MethodNotOffered where the address does not take it, NotFound where there is none."""
    allowed = allowed_at(path)
    if method not in allowed.split(", "):
        kind = path.partition("/")[0]
        words = (
            f"{kind} goes out alone and is not taken."
            if kind in PUBLISHED
            else "This address does not take that method."
        )
        raise MethodNotOffered(words, allowed)
