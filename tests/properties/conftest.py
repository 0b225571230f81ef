"""Under ``scripts/mutate``: tables go before properties, and one bad example is enough.

A broken rule is then noticed by the fastest test that can, and nobody waits for the smallest
example of it. The examples are the same in every run, so that a score can be measured again.
"""

import os

import pytest
from hypothesis import Phase, settings

MUTATING = "MUTANT_UNDER_TEST" in os.environ
"""Set by the mutation tester."""

if MUTATING:
    settings.register_profile(
        "mutation",
        max_examples=30,
        derandomize=True,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
    )
    settings.load_profile("mutation")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if MUTATING:
        items.sort(key=lambda item: "tests/properties" in item.nodeid)
