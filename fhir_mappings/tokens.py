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
    for coding in codings_of(resource.get("code")):
        yield _token("code", coding, "code")
    for category in resource.get("category") or ():
        for coding in codings_of(category):
            yield _token("category", coding, "code")
    identifiers = resource.get("identifier") or ()
    for identifier in [identifiers] if isinstance(identifiers, Mapping) else identifiers:
        yield _token("identifier", identifier, "value")


def _token(parameter: str, element: Mapping[str, Any], name: str) -> Token:
    return Token(parameter, str(element.get("system") or ""), str(element.get(name) or ""))
