"""Sums in words, so that a person can check on paper what the registry decided."""

from collections.abc import Sequence
from decimal import Decimal

from app.domain.words import number_words


def plain(number: Decimal | int) -> str:
    """A number without idle zeros: ``10``, ``7.5``, ``11.25``."""
    return number_words(Decimal(number).normalize())


def left_of(baseline: Decimal, share: Decimal) -> tuple[str, Decimal]:
    """What is left of a baseline without a share of it: ``20 − 50 % = 10``."""
    left = baseline * (1 - share)
    return f"{plain(baseline)} − {plain(share * 100)} % = {plain(left)}", left


def minus(baseline: Decimal, points: int) -> tuple[str, Decimal]:
    """A baseline less some points: ``20 − 5 = 15``."""
    left = baseline - points
    return f"{plain(baseline)} − {points} = {plain(left)}", left


def at_most(latest: Decimal, limit: Decimal) -> str:
    """``10 or less`` or ``above 10``, as it is."""
    return f"{plain(limit)} or less" if latest <= limit else f"above {plain(limit)}"


def under(latest: Decimal, limit: int) -> str:
    """``below 10`` or ``not below 10``, as it is."""
    return f"below {limit}" if latest < limit else f"not below {limit}"


def compared(sums: Sequence[str], latest: Decimal, found: Sequence[str]) -> str:
    """All of it: ``20 − 50 % = 10; 11 is above 10 and not below 10``."""
    return "; ".join([*sums, f"{plain(latest)} is {' and '.join(found)}"])


def rise(previous: Decimal, latest: Decimal, limit: int) -> str:
    """``17 − 11 = 6; 6 is 5 or more``."""
    gap = latest - previous
    reached = f"{limit} or more" if gap >= limit else f"less than {limit}"
    return f"{plain(latest)} − {plain(previous)} = {plain(gap)}; {plain(gap)} is {reached}"
