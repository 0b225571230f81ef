"""Definitions in memory are searched as everything else is: every parameter, with its modifiers."""

from typing import Any
from urllib.parse import quote

import pytest

from app.web.fhir.shipped import LISTERS
from fhir_mappings.conformance import TYPES
from fhir_mappings.indexing import values_of
from fhir_mappings.parameter import Kind, Parameter

pytest_plugins = ["tests.web.fhir_face"]


def texts(value: Any) -> list[str]:
    """How a client would ask for this value, as far as one word of it goes."""
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        if "value" in value:
            return [f"{value.get('system', '')}|{value['value']}"]
        if "code" in value:
            return [f"{value.get('system', '')}|{value['code']}"]
        return [text for coding in value.get("coding", []) for text in texts(coding)]
    return []


def said(resource: dict[str, Any], parameter: Parameter) -> list[str]:
    return [text for value in values_of(resource, parameter) for text in texts(value)]


async def ids(fhir: Any, search: str) -> set[str]:
    answer = await fhir.get(search)
    assert answer.status_code == 200, f"{search}: {answer.text}"
    return {one["resource"]["id"] for one in answer.json().get("entry", [])}


@pytest.mark.parametrize("kind", sorted(LISTERS))
async def test_each_parameter_of_definitions_finds_what_says_so(fhir, kind):
    every = LISTERS[kind]()
    looked = 0
    for parameter in TYPES[kind].parameters.values():
        if not parameter.paths:
            continue
        by_text = {one["id"]: said(one, parameter) for one in every}
        asked = f"{kind}?_count=200&{parameter.name}"
        known = {name for name, found in by_text.items() if found}
        assert await ids(fhir, f"{asked}:missing=false") == known, parameter.name
        assert await ids(fhir, f"{asked}:missing=true") == by_text.keys() - known, parameter.name
        text = next((found[0] for found in by_text.values() if found), None)
        if text is None:
            continue
        looked += 1
        same = {name for name, found in by_text.items() if text in found}
        exact = ":exact" if parameter.kind is Kind.STRING else ""
        escaped = text.replace(",", "\\,")  # a comma parts two values
        assert await ids(fhir, f"{asked}{exact}={quote(escaped)}") == same, (parameter.name, text)
        if parameter.kind is Kind.TOKEN:
            without = await ids(fhir, f"{asked}:not={quote(escaped)}")
            assert without == by_text.keys() - same, parameter.name
    assert looked >= 4


@pytest.mark.parametrize("kind", sorted(LISTERS))
async def test_by_id_and_by_time(fhir, kind):
    names = sorted(one["id"] for one in LISTERS[kind]())
    assert await ids(fhir, f"{kind}?_id={names[0]},nothing") == {names[0]}
    assert await ids(fhir, f"{kind}?_count=200&_lastUpdated=ge2000") == set(names)
    assert await ids(fhir, f"{kind}?_lastUpdated=lt2000") == set()


async def in_order(fhir: Any, search: str) -> list[str]:
    """Over all pages, each of one."""
    found, path = list[str](), search
    while path:
        page = (await fhir.get(path)).json()
        found += [one["resource"]["id"] for one in page.get("entry", [])]
        links = {one["relation"]: one["url"] for one in page["link"]}
        path = links.get("next", "").removeprefix("https://registry.example/fhir/")
    return found


async def test_they_are_sorted_and_paged(fhir):
    titles = {one["id"]: one["title"] for one in LISTERS["Questionnaire"]()}
    upward = await in_order(fhir, "Questionnaire?_count=3&_sort=title")
    assert sorted(upward) == sorted(titles) and len(upward) == len(titles)
    downward = await in_order(fhir, "Questionnaire?_count=5&_sort=-title")
    assert upward != downward
    assert await in_order(fhir, "Questionnaire?_count=4&_sort=-_id") == sorted(titles, reverse=True)


async def test_what_is_left_aside_is_told(fhir):
    answer = await fhir.get("Questionnaire?colour=red&_count=1", Prefer="handling=lenient")
    modes = [one["search"]["mode"] for one in answer.json()["entry"]]
    assert modes == ["match", "outcome"]
