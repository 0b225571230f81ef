"""How long the audit is kept, in whole calendar months (UTC)."""

from datetime import date

from app.domain.rule import Rule

LEAST_YEARS = 6
"""HIPAA: documentation of actions is kept six years, 45 CFR 164.316(b)(2)(i)."""
MONTHS_AHEAD = 12
"""For how many months to come there is room: a year in which nobody upgrades (ours)."""


def months_ahead(today: date) -> list[str]:
    """This month and those to come, ``2026-11``."""
    return [_text(_number(today) + step) for step in range(MONTHS_AHEAD + 1)]


def first_kept_month(today: date, years: int = LEAST_YEARS) -> str:
    """The oldest month that is kept: the one in which `today` was, this many years ago.

    A month goes when its last day is more than that many years old. Raises ValueError for
    fewer than six years.
    """
    if years < LEAST_YEARS:
        raise ValueError(f"The audit is kept {LEAST_YEARS} years at least.")
    return _text(_number(today) - 12 * years)


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _text(number: int) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}"


RULES = (
    Rule(
        "audit-kept",
        "Keeping records",
        f"The audit is kept {LEAST_YEARS} years or longer, in whole calendar months; a month is "
        "dropped by the operator's command alone, and the drop is itself in the audit.",
        "HIPAA, 45 CFR 164.316(b)(2)(i): six years for required documentation; its reading as "
        "covering audit logs is common practice, from memory",
        "tests/rules/test_audit_retention.py::test_the_oldest_month_kept",
        confirmed=False,
    ),
)
