"""Charts opened for a while to one who reads none by their role: to whom, why, how long."""

from collections.abc import Iterable
from uuid import UUID

from app.domain.access import Permission, Role, may
from app.domain.rule import Rule
from app.errors import Conflict, Problem, Unprocessable

LONGEST_DAYS = 30
SHORTEST_REASON, LONGEST_REASON = 10, 500
OPENED_TO = frozenset({Role.DIRECTOR, Role.COMPLIANCE, Role.ADMINISTRATOR})
"""Who may need charts for a while without treating anybody."""


class NotToOneself(Conflict):
    """Nobody opens charts to themselves: ask a compliance officer or another administrator."""

    code = "not-to-oneself"


def check_grant(by: UUID | None, to: UUID, roles: Iterable[Role], reason: str, days: int) -> None:
    """Raises NotToOneself, or Unprocessable with all that is wrong."""
    if by == to:
        raise NotToOneself()
    problems = []
    held = frozenset(roles)
    if may(held, Permission.VIEW_PATIENT) or OPENED_TO.isdisjoint(held):
        problems.append(
            Problem("staff", "charts are opened to directors, compliance and administrators alone")
        )
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        problems.append(
            Problem("reason", f"say why, in {SHORTEST_REASON} to {LONGEST_REASON} letters")
        )
    if not 1 <= days <= LONGEST_DAYS:
        problems.append(Problem("days", f"1 to {LONGEST_DAYS}"))
    if problems:
        raise Unprocessable("Nothing was opened.", problems)


RULES = (
    Rule(
        "charts-opened",
        "Who sees whom",
        "Directors, compliance officers and administrators read a chart only while charts are "
        f"opened to them by somebody else, with a reason, for at most {LONGEST_DAYS} days; they "
        "change nothing in it.",
        "45 CFR 164.514(d) asks for minimum necessary; the days are ours",
        "tests/rules/test_chart_grant.py::test_to_whom_charts_are_opened",
        confirmed=False,
    ),
)
