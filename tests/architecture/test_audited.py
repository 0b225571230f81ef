"""Each use case that touches a patient's record leaves a row of the audit.

Read from the code itself: what a use case calls, and what that calls, to the end.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
USE_CASES = ROOT / "app" / "use_cases"
CALLERS = ("web", "auth", "jobs", "commands", "demo", "wiring.py", "importing.py", "publishing")
RECORDS = {"audit.record", "audit.record_each"}
WITHOUT_PATIENTS = {
    "attempts": "failures of signing in",
    "audit_check": "the audit itself, as verify reads it",
    "audit_seals": "the audit's seals",
    "bulk": "how rows are loaded; what they hold is the caller's to say",
    "client_key_sets": "public keys",
    "client_tokens": "digests of tokens",
    "clients": "integration clients",
    "deliveries": "messages to staff, which name no patient",
    "duty": "when staff are there",
    "exports": "how far an export is; what it holds is export_pieces'",
    "handlings": "how flags are handled, and by whom",
    "ids": "new ids",
    "organizations": "organizations and clinics",
    "protocol_choices": "which protocol is in force",
    "protocols": "protocols",
    "recovery": "models made of many courses",
    "rosters": "names of staff and clinics",
    "screening_rules": "whom to screen, by age and clinic",
    "sessions": "sessions of staff",
    "staff": "staff",
    "step_care": "which steps are offered, unless decided (step_decisions)",
}
"""Modules of the store that hold nothing of a patient. A new module counts as one that does."""
EXCEPTIONS = {
    ("inbound_messages", "count_waiting"): "a number",
    ("find_duplicates", "find_duplicates"): "part of what brought the record, which is audited",
    ("read_groups", "list_caseloads"): "names and numbers; who is in them is audited when shown",
    ("read_provenance", "find_long_name"): "an id that was asked for",
    ("read_provenance", "list_origins"): "part of a search, which is audited with whom it shows",
    ("reevaluate_patient", "reevaluate_patient"): "part of the act that changed the course",
    ("reevaluate_patient", "reevaluate_patients"): "part of the act, or of the sweep",
    ("set_referral_days", "view_referral_days"): "the days after which a referral is late",
    ("view_audit", "list_actors"): "names of staff and clients, to choose from",
    ("view_record_trail", "view_record_trail"): "part of the patient's page, which is audited",
}
"""Use cases that touch what patients' modules hold and leave no row, with the reason."""

Name = tuple[str, str]
"""(module of app/use_cases, function)"""


class Calls(ast.NodeVisitor):
    """What a function calls or hands on, as it is written: ``audit.record``, ``flag_row``."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        self.found.add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            self.found.add(f"{node.value.id}.{node.attr}")
        self.generic_visit(node)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(module: str) -> dict[str, ast.AST]:
    """Functions and classes of a module by name; a class stands for its methods."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {n.name: n for n in tree(USE_CASES / f"{module}.py").body if isinstance(n, kinds)}


def imported(module: str) -> dict[str, Name]:
    """Local name → (module, function) of another use case."""
    found = {}
    for node in ast.walk(tree(USE_CASES / f"{module}.py")):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app.use_cases"):
            for alias in node.names:
                source = (node.module or "").removeprefix("app.use_cases").strip(".")
                found[alias.asname or alias.name] = (source or alias.name, alias.name)
    return found


@cache
def calls(name: Name) -> frozenset[str]:
    module, function = name
    node = functions(module).get(function)
    if node is None:
        return frozenset()
    seen = Calls()
    seen.visit(node)
    return frozenset(seen.found)


def reached(name: Name) -> set[str]:
    """Everything that a use case calls, directly or through others."""
    found: set[str] = set()
    waiting, seen = [name], {name}
    while waiting:
        module, _ = one = waiting.pop()
        mine, others = functions(module), imported(module)
        for call in calls(one):
            found.add(call)
            following = (module, call) if call in mine else others.get(call)
            head, _, attribute = call.partition(".")
            if attribute and head in others:
                following = (others[head][0], attribute)
            if following and following not in seen:
                seen.add(following)
                waiting.append(following)
    return found


def use_cases() -> Iterator[Name]:
    """Functions that take the store and are called from outside the room."""
    outside = "\n".join(
        path.read_text(encoding="utf-8")
        for place in CALLERS
        for path in (
            [ROOT / "app" / place]
            if place.endswith(".py")
            else (ROOT / "app" / place).rglob("*.py")
        )
    )
    for path in sorted(USE_CASES.glob("*.py")):
        for name, node in functions(path.stem).items():
            if not isinstance(node, ast.AsyncFunctionDef) or name.startswith("_"):
                continue
            if node.args.args and node.args.args[0].arg == "store" and name in outside:
                yield path.stem, name


STORES = {path.stem for path in (ROOT / "app" / "store").glob("*.py")}
ALL = sorted(use_cases())


def patients_modules(name: Name) -> set[str]:
    """The modules of the store that it reaches and that hold something of a patient."""
    heads = {call.partition(".")[0] for call in reached(name) if "." in call}
    return (heads & STORES) - set(WITHOUT_PATIENTS) - {"audit"}


@pytest.mark.parametrize("name", ALL, ids="/".join)
def test_a_use_case_that_touches_patients_leaves_a_row(name: Name) -> None:
    touched = patients_modules(name)
    audited = bool(RECORDS & reached(name))
    if name in EXCEPTIONS:
        assert touched and not audited, "this is no exception any more: take it off the list"
    elif touched:
        assert audited, f"it reaches {sorted(touched)} and records nothing"


def test_the_lists_are_of_what_is_there() -> None:
    assert len(ALL) > 80
    assert set(WITHOUT_PATIENTS) <= STORES
    assert set(EXCEPTIONS) <= set(ALL)
    watched = [name for name in ALL if patients_modules(name)]
    assert len(watched) > 50, "most use cases touch patients; else this looks at nothing"


def test_one_that_forgets_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rows of the audit, what touches patients fails: this test can fail."""
    monkeypatch.setattr(f"{__name__}.RECORDS", frozenset())
    with pytest.raises(AssertionError, match="records nothing"):
        test_a_use_case_that_touches_patients_leaves_a_row(("view_patient", "view_patient"))
