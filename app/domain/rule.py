"""A clinical or billing rule: what it says, where it is from, what test holds it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Each module of the domain lists its own in `RULES`, beside the code that decides.

    `says` is written from the constants that the code uses, so that the two cannot part.
    """

    id: str
    subject: str
    """The heading it stands under: ``Response and remission``."""
    says: str
    """The rule with its threshold and units, in one sentence."""
    source: str
    held_by: str
    """The test that fails when the rule does: ``tests/rules/test_course.py::test_response``."""
    confirmed: bool = True
    """Whether the source named was read; else the numbers are ours or from memory: check them."""
