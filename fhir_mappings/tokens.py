"""The coded values that searches find a resource by."""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_mappings.codings import codings_of
from fhir_mappings.reading import Token


def tokens_in(resource: Mapping[str, Any]) -> tuple[Token, ...]:
    """Codes, categories and identifiers, each once; a system that was not said is ''."""
    return tuple(dict.fromkeys(token for token in _tokens(resource) if token.value))


def tokens_of(resource: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """The same as plain (parameter, system, value)."""
    return tuple((one.parameter, one.system, one.value) for one in tokens_in(resource))


def _tokens(resource: Mapping[str, Any]) -> Iterator[Token]:
    for name in ("code", "category"):
        for concept in _each(resource.get(name)):
            for coding in codings_of(concept):
                yield _token(name, coding, "code")
    for identifier in _each(resource.get("identifier")):
        yield _token("identifier", identifier, "value")


def _each(found: Any) -> list[Mapping[str, Any]]:
    """The elements under a name, which holds one or a list of them, whatever the type."""
    return [
        one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping)
    ]


def _token(parameter: str, element: Mapping[str, Any], name: str) -> Token:
    return Token(parameter, str(element.get("system") or ""), str(element.get(name) or ""))
