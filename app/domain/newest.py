"""The newest of each kind of observation, as FHIR's lastn groups them."""

from collections.abc import Sequence
from dataclasses import dataclass

Code = tuple[str, str]
"""(system, code)."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Something that was observed, without what came of it."""

    name: str
    codes: frozenset[Code]
    """Every coding that says what was observed: translations of each other."""


def newest_of_each(observed: Sequence[Observed], most: int) -> list[str]:
    """The names of the first `most` of each group, in their order; the newest come first.

    What shares a coding is one group, also by way of a third that has both; without a coding
    each stands alone (hl7.org/fhir/R4/observation-operation-lastn.html).
    """
    group_of: dict[Code, int] = {}
    groups: list[set[Code]] = []
    for one in observed:
        _join(one.codes, group_of, groups)
    taken: dict[int, int] = {}
    found = []
    for one in observed:
        if not one.codes:
            found.append(one.name)
            continue
        group = group_of[next(iter(one.codes))]
        taken[group] = taken.get(group, 0) + 1
        if taken[group] <= most:
            found.append(one.name)
    return found


def _join(codes: frozenset[Code], group_of: dict[Code, int], groups: list[set[Code]]) -> None:
    """Let these codings be one group, with all that any of them was one with."""
    known = {group_of[one] for one in codes if one in group_of}
    whole = set(codes).union(*(groups[one] for one in known))
    groups.append(whole)
    for one in whole:
        group_of[one] = len(groups) - 1
