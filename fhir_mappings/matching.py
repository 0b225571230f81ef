"""Criteria carried out in memory, over resources that lie in no table (definitions)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain.criteria import (
    AboutPatient,
    AboutPatientWho,
    AllOf,
    AnyOf,
    ChangedWhen,
    Criterion,
    HasDate,
    HasId,
    HasText,
    HasToken,
    Index,
    IsNamedBy,
    Lacks,
    Leads,
    SortKey,
    compares,
)

_AN_INSTANT = timedelta(microseconds=1)
"""As long as the database tells instants apart."""


@dataclass(frozen=True, slots=True)
class Findable:
    """A resource as it is found in memory."""

    resource_id: str
    last_updated: datetime
    index: Index


def fits_all(found: Findable, criteria: Iterable[Criterion]) -> bool:
    """Whether it fits each of the criteria."""
    return all(fits(found, one) for one in criteria)


def fits(found: Findable, criterion: Criterion) -> bool:
    """Whether it fits. Nothing in memory is about a patient or is referred to."""
    match criterion:
        case HasId():
            return (found.resource_id in criterion.ids) is not criterion.negated
        case HasToken():
            return _has_token(found.index, criterion) is not criterion.negated
        case HasDate():
            dates = [one for one in found.index.dates if one.parameter == criterion.parameter]
            return any(compares(p, d.start, d.end) for p in criterion.periods for d in dates)
        case ChangedWhen():
            start, end = found.last_updated, found.last_updated + _AN_INSTANT
            return any(compares(one, start, end) for one in criterion.periods)
        case HasText():
            return _has_text(found.index, criterion)
        case Lacks():
            return _lacks(found.index, criterion.parameter) is criterion.missing
        case AllOf():
            return fits_all(found, criterion.criteria)
        case AnyOf():
            return any(fits(found, one) for one in criterion.criteria)
        case AboutPatient() | AboutPatientWho() | Leads() | IsNamedBy():
            return False


def _has_token(index: Index, wanted: HasToken) -> bool:
    return any(
        entry.parameter == wanted.parameter
        and system in (None, entry.system)
        and value in (None, entry.value)
        for entry in index.tokens
        for system, value in wanted.choices
    )


def _has_text(index: Index, wanted: HasText) -> bool:
    entries = [one for one in index.strings if one.parameter == wanted.parameter]
    if wanted.exact:
        return any(one.whole in wanted.texts for one in entries)
    return any(one.word.startswith(text) for one in entries for text in wanted.texts)


def _lacks(index: Index, parameter: str) -> bool:
    names = {one.parameter for one in index.tokens}
    names |= {one.parameter for one in index.dates} | {one.parameter for one in index.strings}
    return names.isdisjoint({parameter, f"{parameter}:identifier"})


def in_order(every: Sequence[Findable], sort: Sequence[SortKey]) -> list[Findable]:
    """As pages are ordered in the store: by each key, what lacks it last, ties by id."""
    ordered = sorted(every, key=lambda one: one.resource_id)
    for key in reversed(sort):
        told = [(_sorted_by(one, key), one) for one in ordered]
        there = [(value, one) for value, one in told if value is not None]
        there.sort(key=lambda pair: pair[0], reverse=key.descending)
        ordered = [one for _, one in there] + [one for value, one in told if value is None]
    return ordered


def _sorted_by(found: Findable, key: SortKey) -> Any:
    """The first of its values, or the last downwards; None where it has none."""
    if key.parameter == "_id":
        return found.resource_id
    if key.parameter == "_lastUpdated":
        return found.last_updated
    values: list[Any]
    if key.of_texts:
        values = [one.word for one in found.index.strings if one.parameter == key.parameter]
    else:
        values = [one.start for one in found.index.dates if one.parameter == key.parameter]
    return (max if key.descending else min)(values, default=None)
