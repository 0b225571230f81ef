"""References: how senders write them, and what they become.

https://hl7.org/fhir/R4/bundle.html#references: inside a Bundle a reference is
matched against the fullUrls; a relative one against the base of its own entry.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_REFERENCE_NAMES = frozenset({"reference", "valueUri", "valueUrl", "valueUuid"})
"""The elements in which a placeholder is replaced (transaction rules of FHIR R4)."""
_ADDRESS_NAMES = frozenset({"url", "uri", "instantiatesUri"})
"""Of type url or uri: replaced where they are a placeholder, never read as a reference."""
_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]{1,63}\?.+", re.DOTALL)
_LINKED = re.compile(r'(?<=(?:href|.src)=")[^"]+(?=")')
"""Where the narrative points: https://hl7.org/fhir/R4/http.html#trules."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the parts of one message call each other."""

    own_base: str
    """Where this registry's FHIR face is reached, without a slash at its end."""
    full_urls: frozenset[str] = field(default_factory=frozenset)

    def resolver(self, full_url: str | None) -> Callable[[str], str]:
        """How references inside the entry of this fullUrl are to be read."""
        base = _base_of(full_url)

        def resolve(reference: str) -> str:
            if reference in self.full_urls:
                return reference
            if base and f"{base}/{reference}" in self.full_urls:
                return f"{base}/{reference}"
            return _without_version(reference.removeprefix(f"{self.own_base}/"))

        return resolve


def _base_of(full_url: str | None) -> str | None:
    """``https://ehr.example/fhir`` of ``https://ehr.example/fhir/Observation/1``."""
    if full_url is None or not full_url.startswith(("http://", "https://")):
        return None
    return full_url.rsplit("/", 2)[0]


def _without_version(reference: str) -> str:
    return reference.partition("/_history/")[0]


def replaced(
    node: Any, resolve: Callable[[str], str], places: Mapping[str, str], name: str = ""
) -> Any:
    """The node with each placeholder replaced by where it came to lie; all else as it was."""
    if isinstance(node, dict):
        return {key: replaced(child, resolve, places, key) for key, child in node.items()}
    if isinstance(node, list):
        return [replaced(child, resolve, places, name) for child in node]
    if isinstance(node, str) and name in _REFERENCE_NAMES:
        return places.get(node, places.get(resolve(node), node))
    if isinstance(node, str) and name in _ADDRESS_NAMES:
        return places.get(node, node)
    if isinstance(node, str) and name == "div" and places:
        return _LINKED.sub(lambda found: places.get(found[0], found[0]), node)
    return node


def conditional(node: Any, name: str = "") -> list[str]:
    """Every reference in a resource that is a search, ``Practitioner?identifier=…``, each once."""
    if isinstance(node, Mapping):
        found = [one for key, child in node.items() for one in conditional(child, key)]
    elif isinstance(node, list):
        found = [one for child in node for one in conditional(child, name)]
    else:
        is_one = name == "reference" and isinstance(node, str) and _CONDITIONAL.fullmatch(node)
        found = [node] if is_one else []
    return list(dict.fromkeys(found))


def subject_of(
    resource: Mapping[str, Any], resolve: Callable[[str], str], path: str = "subject"
) -> str | None:
    """The subject's reference as the message resolves it, if there is one."""
    reference = (resource.get(path) or {}).get("reference")
    return resolve(reference) if isinstance(reference, str) else None


def identifier_of(reference: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """(system, value) of a reference by identifier, where both are there."""
    identifier = (reference or {}).get("identifier") or {}
    system, value = identifier.get("system"), identifier.get("value")
    return (str(system), str(value)) if system and value else None
