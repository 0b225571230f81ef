"""Criteria as conditions on the newest versions of resources.

Whatever a criterion looks through, it ends at `resources`: the rows that row-level security
shows. A chain through a withheld resource finds as much as one through an id that never was.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, and_, false, func, not_, or_, select, true, union_all

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
    IsNamedBy,
    Lacks,
    Leads,
    Period,
)
from app.store.tables import (
    patients,
    resource_dates,
    resource_strings,
    resource_tokens,
    resources,
)
from app.store.transaction import Store


def matching(store: Store, kind: str, criteria: Iterable[Criterion]) -> Select[Any]:
    """The ids of the resources of a type that fit; deleted ones never do."""
    held = resources.alias()
    return select(held.c.resource_id).where(*conditions(store, held, kind, criteria))


def conditions(store: Store, held: Any, kind: str, criteria: Iterable[Criterion]) -> list[Any]:
    """What `held`, resources or an alias of it, has to fit."""
    return [
        held.c.org_id == store.org_id,
        held.c.resource_type == kind,
        held.c.deleted.is_(False),
        *(condition(store, held, kind, one) for one in criteria),
    ]


def condition(store: Store, held: Any, kind: str, criterion: Criterion) -> Any:
    """One criterion as a condition on `held`.

    What is looked for is a set of ids, which the database may begin with; what must not be there
    is looked up for each row that fits the rest.
    """
    match criterion:
        case HasId():
            found = held.c.resource_id.in_(criterion.ids)
            return not_(found) if criterion.negated else found
        case AboutPatient():
            return held.c.patient_id.in_(records_of(store, criterion.fhir_ids))
        case AboutPatientWho():
            who = matching(store, "Patient", criterion.criteria)
            return held.c.patient_id.in_(records_of(store, who))
        case ChangedWhen():
            return or_(*(_changed(held, one) for one in criterion.periods))
        case AnyOf():
            each = [matching(store, kind, [one]) for one in criterion.criteria]
            return held.c.resource_id.in_(union_all(*each)) if each else false()
        case AllOf():
            return and_(true(), *(condition(store, held, kind, o) for o in criterion.criteria))
        case Lacks():
            present = or_(*_present(store, held, kind, criterion))
            return not_(present) if criterion.missing else present
        case HasToken() if criterion.negated:
            return not_(_is_among(held, _ids(store, kind, criterion)))
        case HasToken() | HasDate() | HasText() | Leads() | IsNamedBy():
            return held.c.resource_id.in_(_ids(store, kind, criterion))


def _ids(
    store: Store, kind: str, criterion: HasToken | HasDate | HasText | Leads | IsNamedBy
) -> Select[Any]:
    match criterion:
        case HasToken():
            return _of(store, resource_tokens, kind, criterion.parameter).where(
                or_(false(), *(_choice(*one) for one in criterion.choices))
            )
        case HasDate():
            return _of(store, resource_dates, kind, criterion.parameter).where(
                or_(*(_within(one) for one in criterion.periods))
            )
        case HasText():
            return _of(store, resource_strings, kind, criterion.parameter).where(_text(criterion))
        case Leads():
            names = matching(store, criterion.resource_type, criterion.criteria)
            return _of(store, resource_tokens, kind, criterion.parameter).where(
                resource_tokens.c.system == criterion.resource_type,
                resource_tokens.c.value.in_(names),
            )
        case IsNamedBy():
            return _named_by(store, kind, criterion)


def _of(store: Store, table: Any, kind: str, parameter: str) -> Select[Any]:
    return select(table.c.resource_id).where(
        table.c.org_id == store.org_id,
        table.c.resource_type == kind,
        table.c.parameter == parameter,
    )


def _named_by(store: Store, kind: str, criterion: IsNamedBy) -> Select[Any]:
    """The ids that resources of the other type refer to."""
    if kind == "Patient" and criterion.of_patients:
        return _whom(store, criterion)
    there = resource_tokens.alias()
    names = matching(store, criterion.resource_type, criterion.criteria)
    return select(there.c.value).where(
        there.c.org_id == store.org_id,
        there.c.resource_type == criterion.resource_type,
        there.c.parameter == criterion.parameter,
        there.c.system == kind,
        there.c.resource_id.in_(names),
    )


def _whom(store: Store, criterion: IsNamedBy) -> Select[Any]:
    """The FHIR ids of whom they are about, also of records that were joined with theirs."""
    there = resources.alias()
    about = select(there.c.patient_id).where(
        *conditions(store, there, criterion.resource_type, criterion.criteria),
        there.c.patient_id.is_not(None),
    )
    named = select(patients.c.fhir_id).where(
        patients.c.org_id == store.org_id, patients.c.patient_id.in_(about)
    )
    kin = select(patients.c.fhir_id.label("resource_id"))
    return kin.where(
        patients.c.org_id == store.org_id, patients.c.patient_id.in_(records_of(store, named))
    )


def _choice(system: str | None, value: str | None) -> Any:
    return and_(
        true(),
        *([resource_tokens.c.system == system] if system is not None else []),
        *([resource_tokens.c.value == value] if value is not None else []),
    )


def _text(criterion: HasText) -> Any:
    if criterion.exact:
        return resource_strings.c.whole.in_(criterion.texts)
    word = resource_strings.c.word
    return or_(*(and_(word >= one, word < one + "\U0010ffff") for one in criterion.texts))


def _within(period: Period) -> Any:
    """How an interval compares; `app.domain.criteria.compares` says the same of values."""
    start, end = resource_dates.c.starts_at, resource_dates.c.ends_at
    return _compare(period, start, end)


def _changed(held: Any, period: Period) -> Any:
    """An instant is as long as the database tells instants apart."""
    at = held.c.last_updated
    conditions = {
        "eq": and_(at >= period.start, at < period.end),
        "ne": or_(at < period.start, at >= period.end),
        "gt": at >= period.end,
        "lt": at < period.start,
        "ge": at >= period.start,
        "le": at < period.end,
        "sa": at >= period.end,
        "eb": at < period.start,
        "ap": and_(at >= period.start, at < period.end),
    }
    return conditions[period.comparator]


def _compare(period: Period, start: Any, end: Any) -> Any:
    within = and_(start >= period.start, end <= period.end)
    conditions = {
        "eq": within,
        "ne": not_(within),
        "gt": end > period.end,
        "lt": start < period.start,
        "ge": or_(end > period.end, within),
        "le": or_(start < period.start, within),
        "sa": start >= period.end,
        "eb": end <= period.start,
        "ap": and_(start < period.end, end > period.start),
    }
    return conditions[period.comparator]


def _present(store: Store, held: Any, kind: str, criterion: Lacks) -> list[Any]:
    found = []
    for table in (resource_tokens, resource_dates, resource_strings):
        names = (criterion.parameter, f"{criterion.parameter}:identifier")
        here = select(table.c.resource_id).where(
            table.c.org_id == store.org_id,
            table.c.resource_type == kind,
            table.c.parameter.in_(names),
        )
        found.append(_is_among(held, here))
    return found


def _is_among(held: Any, ids: Select[Any]) -> Any:
    """Whether the id of this very row is among them."""
    (resource_id,) = ids.selected_columns
    return ids.where(resource_id == held.c.resource_id).correlate(held).exists()


def records_of(store: Store, fhir_ids: Any) -> Any:
    """All records of these people: one that was joined with another leads to both."""
    named = select(func.coalesce(patients.c.merged_into_id, patients.c.patient_id)).where(
        patients.c.org_id == store.org_id, patients.c.fhir_id.in_(fhir_ids)
    )
    joined = select(patients.c.patient_id).where(
        patients.c.org_id == store.org_id, patients.c.merged_into_id.in_(named)
    )
    return union_all(named, joined)
