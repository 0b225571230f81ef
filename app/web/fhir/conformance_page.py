"""What the FHIR face offers and the test that shows each thing: docs/fhir-conformance.md.

It is made from the CapabilityStatement, which is made from the code, so that the page, the
statement and what is answered are one.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from app.domain.scopes import AUDIT
from app.web.fhir.capability import capability_statement
from app.web.fhir.shipped import LISTERS
from fhir_mappings.operations import OPERATIONS, Operation

BASE = "https://registry.example/fhir"
_INTERACTIONS = "tests/web/test_fhir_interactions.py"
_OFFERED = "tests/web/test_fhir_offered.py"

EVIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "read": f"{_INTERACTIONS}::test_read",
        "vread": f"{_INTERACTIONS}::test_vread",
        "create": f"{_INTERACTIONS}::test_create",
        "update": f"{_INTERACTIONS}::test_update",
        "patch": f"{_INTERACTIONS}::test_patch",
        "delete": f"{_INTERACTIONS}::test_delete",
        "search-type": f"{_INTERACTIONS}::test_search",
        "history-instance": f"{_INTERACTIONS}::test_history_of_one",
        "history-type": f"{_INTERACTIONS}::test_history_of_a_type",
        "conditional create": f"{_INTERACTIONS}::test_conditional_create",
        "conditional update": f"{_INTERACTIONS}::test_conditional_update",
        "conditional delete": f"{_INTERACTIONS}::test_conditional_delete",
    }
)
"""By interaction: the test that does it with each type for which it is listed."""
PARAMETERS = (
    f"{_OFFERED}::test_each_parameter_that_is_advertised_finds_what_says_so_and_nothing_else"
)
"""The test of every search parameter of a type."""
OF_DEFINITIONS = (
    "tests/web/test_fhir_shipped.py::test_each_parameter_of_definitions_finds_what_says_so"
)
OF_THE_AUDIT = "tests/web/test_fhir_audit_events.py"
OF_RENDERED = {
    "Provenance": "tests/web/test_fhir_provenance.py",
    "Group": "tests/web/test_fhir_groups.py",
}
ANSWERED = "tests/web/test_fhir_operations.py::test_each_operation_is_answered_where_it_is_offered"

_HEAD = """# What the FHIR face offers, and what shows it

FHIR R4 (4.0.1). This page is generated from the CapabilityStatement, which is generated from the
code (`python -m app conformance --write`); `tests/web/test_fhir_conformance_page.py` compares the
three and holds that each test named here exists and covers the row it stands in.
[fhir.md](fhir.md) tells how to use it.

A test that is named with `[…]` runs for each type of its table.
"""


def as_markdown() -> str:
    """The page."""
    [rest] = capability_statement(BASE, "token", "revoke")["rest"]
    parts = [
        _HEAD,
        _interactions(rest["resource"]),
        _parameters(rest["resource"]),
        _operations(OPERATIONS),
    ]
    return "\n".join(parts)


def conditional(resource: Mapping[str, Any]) -> Iterator[str]:
    """What can be done with a type by a condition, in the words of EVIDENCE."""
    if resource.get("conditionalCreate"):
        yield "conditional create"
    if resource.get("conditionalUpdate"):
        yield "conditional update"
    if resource.get("conditionalDelete", "not-supported") != "not-supported":
        yield "conditional delete"


def offered(resource: Mapping[str, Any]) -> set[str]:
    """Every interaction of a type, in the words of EVIDENCE."""
    return {one["code"] for one in resource["interaction"]} | set(conditional(resource))


def _interactions(resources: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        _row([one["type"], *("x" if name in offered(one) else "" for name in EVIDENCE)])
        for one in resources
    ]
    shown = [f"- {name}: `{test}[…]`" for name, test in EVIDENCE.items()]
    audit = f"- {AUDIT}: `{OF_THE_AUDIT}`"
    return "\n".join(
        [
            "## Interactions\n",
            *_table(["type", *EVIDENCE], rows),
            "",
            "Shown by\n",
            *shown,
            audit,
            "",
        ]
    )


def _parameters(resources: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for one in resources:
        told = [f"`{each['name']}` ({each['type']})" for each in one["searchParam"]]
        rows.append(_row([one["type"], ", ".join(told), f"`{shown_by(one['type'])}`"]))
    return "\n".join(
        ["## Search parameters\n", *_table(["type", "parameters", "shown by"], rows), ""]
    )


def shown_by(kind: str) -> str:
    """The test of the search parameters of a type."""
    if kind == AUDIT:
        return OF_THE_AUDIT
    if kind in OF_RENDERED:
        return OF_RENDERED[kind]
    return f"{OF_DEFINITIONS if kind in LISTERS else PARAMETERS}[{kind}]"


def _operations(operations: Iterable[Operation]) -> str:
    rows = []
    for one in operations:
        every = len(one.types) > 5
        types = "every type" if every else ", ".join(one.types) or "the base"
        levels, methods = ", ".join(one.levels), ", ".join(one.methods)
        cells = [f"`${one.code}`", types, levels, methods, one.scopes, f"`{one.test}`"]
        rows.append(_row(cells))
    head = ["operation", "of", "level", "methods", "scopes", "shown by"]
    words = f"That each is answered where it is offered: `{ANSWERED}[…]`."
    return "\n".join(["## Operations\n", *_table(head, rows), "", words, ""])


def _table(head: list[str], rows: list[str]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *rows]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
