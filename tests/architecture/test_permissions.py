"""Every use case that a face, a job or a command reaches says which permission it asks for."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
USE_CASES = ROOT / "app" / "use_cases"
REACHED_FROM = ("app/web", "app/jobs", "app/commands", "app/auth")
ALONE = ("app/wiring.py", "app/importing.py", "app/main.py", "app/cli.py")
WITHOUT = {
    "reach_people.my_contact": "one's own address, whatever one's role",
    "reach_people.confirm_email": "the same: the link that was sent to it holds for them alone",
    "check_readiness.check_readiness": "asks the database how it is, of no organization",
    "receive_resources.receive_batch": "what takes each entry asks: another for each method",
    "inbound_messages.keep_message": "keeps what the face refused: it must not be refused too",
}
"""Use cases that ask for none, and why. Short, and each line is a decision."""


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def functions(file: Path) -> dict[str, ast.AsyncFunctionDef | ast.FunctionDef]:
    return {
        node.name: node
        for node in tree(file).body
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
    }


def takes_a_store(function: ast.AsyncFunctionDef | ast.FunctionDef) -> bool:
    """A function without a store or database reads nothing: it only reckons."""
    said = {ast.unparse(a.annotation) for a in function.args.args if a.annotation}
    return not said.isdisjoint({"Store", "Database"})


def reached() -> Iterator[str]:
    """``module.function`` of each use case that another room names."""
    files = [*(f for room in REACHED_FROM for f in (ROOT / room).rglob("*.py"))]
    for file in [*files, *(ROOT / one for one in ALONE)]:
        modules: dict[str, str] = {}
        for node in ast.walk(tree(file)):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            if node.module == "app.use_cases":
                modules |= {n.asname or n.name: n.name for n in node.names}
            elif node.module.startswith("app.use_cases."):
                module = node.module.removeprefix("app.use_cases.")
                yield from (f"{module}.{name.name}" for name in node.names)
        for node in ast.walk(tree(file)):
            match node:
                case ast.Attribute(ast.Name(module), name) if module in modules:
                    yield f"{modules[module]}.{name}"


def asks(name: str, file: Path, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a function requires a permission, itself or by a function of its file it calls."""
    known = functions(file)
    for node in ast.walk(known[name]):
        match node:
            case ast.Call(ast.Attribute(party, "require")) if ast.unparse(party).endswith("actor"):
                return True
            case ast.Call(ast.Name(called)) if called in known.keys() - seen - {name}:
                if asks(called, file, seen | {name}):
                    return True
    return False


def verbs() -> list[str]:
    found = set()
    for one in sorted(set(reached())):
        module, _, name = one.rpartition(".")
        file = USE_CASES / f"{module}.py"
        function = functions(file).get(name) if file.exists() else None
        if function is not None and takes_a_store(function):
            found.add(one)
    return sorted(found)


def test_the_walk_finds_what_there_is() -> None:
    found = verbs()
    assert len(found) > 70, "the walk sees imports by name and by module"
    assert {"view_patient.view_patient", "reach_people.set_email"} <= set(found)


@pytest.mark.parametrize("verb", verbs())
def test_a_use_case_that_is_reached_asks_for_a_permission(verb: str) -> None:
    module, _, name = verb.rpartition(".")
    if verb in WITHOUT:
        assert not asks(name, USE_CASES / f"{module}.py"), f"{verb} needs no exception any more"
        return
    assert asks(name, USE_CASES / f"{module}.py"), (
        f"{verb} asks for no permission: call store.actor.require(Permission.…), "
        "or name it in WITHOUT with the reason"
    )


def test_no_exception_is_left_over() -> None:
    assert set(WITHOUT) <= set(verbs())
