"""docs/fhir-conformance.md is what the code says, and each test that it names covers its row."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.scopes import AUDIT
from app.web.fhir import conformance_page as page
from app.web.fhir.capability import capability_statement
from fhir_mappings.operations import OPERATIONS, Operation

ROOT = Path(__file__).resolve().parents[2]
[REST] = capability_statement(page.BASE, "token", "revoke")["rest"]
ROWS = [
    (one["type"], name)
    for one in REST["resource"]
    for name in sorted(page.offered(one))
    if one["type"] != AUDIT
]


def covered(test: str) -> Iterator[Any]:
    """What a test is parametrized with: values of one name, or tuples of several."""
    file, _, name = test.partition("::")
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    function = getattr(module, name)
    for mark in getattr(function, "pytestmark", []):
        if mark.name == "parametrize":
            yield from mark.args[1]


def test_the_page_is_what_the_code_says() -> None:
    text = (ROOT / "docs" / "fhir-conformance.md").read_text(encoding="utf-8")
    assert text == page.as_markdown(), "run: python -m app conformance --write"


@pytest.mark.parametrize(("kind", "interaction"), ROWS)
def test_each_interaction_is_covered_with_its_type(kind: str, interaction: str) -> None:
    assert kind in list(covered(page.EVIDENCE[interaction]))


@pytest.mark.parametrize("kind", [one["type"] for one in REST["resource"]])
def test_the_parameters_of_each_type_are_covered(kind: str) -> None:
    test, bracket, _ = page.shown_by(kind).partition("[")
    if bracket:
        assert kind in list(covered(test))
    else:
        assert (ROOT / test.partition("::")[0]).exists()


@pytest.mark.parametrize("one", OPERATIONS, ids=[one.id for one in OPERATIONS])
def test_each_operation_is_covered(one: Operation) -> None:
    assert one.code in {case[2] for case in covered(page.ANSWERED)}
    assert one.test, "name the file of its tests in fhir_mappings/operations.py"
    assert f"${one.code}" in (ROOT / one.test).read_text(encoding="utf-8")


def test_every_row_stands_on_the_page() -> None:
    text = page.as_markdown()
    for one in REST["resource"]:
        assert f"| {one['type']} |" in text
        for parameter in one["searchParam"]:
            assert f"`{parameter['name']}` ({parameter['type']})" in text
    for operation in OPERATIONS:
        assert f"`${operation.code}`" in text
