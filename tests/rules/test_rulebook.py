"""The page of rules is what the code says, and each rule names a test that exists."""

import ast
from pathlib import Path

import pytest

from app.domain.rule import Rule
from app.domain.rulebook import RULES, as_markdown

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_code_says() -> None:
    page = (ROOT / "docs" / "clinical-rules.md").read_text(encoding="utf-8")
    assert page == as_markdown(), "run: python -m app rules --write"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_has_a_source_and_a_test_that_exists(rule: Rule) -> None:
    assert rule.says
    assert rule.source
    file, _, name = rule.held_by.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert name in tests, rule.held_by


def test_no_two_rules_share_a_name() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
