"""Where served versions came from: read from the versions themselves, written nowhere else."""

import base64
import binascii
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, false, func, not_, or_, select, true, tuple_

from app.domain.criteria import (
    LONG_NAME,
    AnyOf,
    ChangedWhen,
    Criterion,
    HasDate,
    HasToken,
    Lacks,
    Leads,
    ResourceSearch,
)
from app.errors import Malformed
from app.store.resource_matching import condition, matching
from app.store.resources import is_one_of, same_version
from app.store.tables import clients, part2_programs, resource_tokens, resource_versions, resources
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class OriginFacts:
    """Of one version: whose resource it is, and who wrote it."""

    resource_type: str
    resource_id: str
    version: int
    last_updated: datetime
    deleted: bool
    patient_id: UUID | None
    program_id: UUID | None
    sender_id: UUID | None
    """The client whose resource it is; None: it is ours."""
    sender_name: str | None
    written_by: UUID | None
    """The client in whose transaction the version was written."""
    body: bytes | None
    """Of what is ours."""


@dataclass(frozen=True, slots=True)
class OriginPage:
    """One page of a search, and where the next begins."""

    origins: list[OriginFacts]
    total: int | None
    next_cursor: str | None


def _statement(store: Store, versions: Any) -> Select[Any]:
    programs = select(part2_programs.c.program_id).where(part2_programs.c.org_id == store.org_id)
    # who told first of somebody that others told of since may be a program: it is not named
    sender = and_(
        clients.c.org_id == resources.c.org_id,
        clients.c.client_id == resources.c.client_id,
        or_(clients.c.client_id.not_in(programs), resources.c.program_id.is_not(None)),
    )
    return (
        select(
            resources.c.resource_type,
            resources.c.resource_id,
            resource_versions.c.version,
            resource_versions.c.last_updated,
            resource_versions.c.deleted,
            resources.c.patient_id,
            resources.c.program_id,
            clients.c.client_id,
            clients.c.name,
            resource_versions.c.client_id.label("written_by"),
            case((resources.c.client_id.is_(None), resource_versions.c.body)),
        )
        .join(resource_versions, versions)
        .outerjoin(clients, sender)
        .where(resources.c.org_id == store.org_id)
    )


async def find_origin(
    store: Store, resource_type: str, resource_id: str, version: int | None = None
) -> OriginFacts | None:
    """Of the newest version, or of the one that is named; None where there is none."""
    which = same_version()
    if version is not None:
        which = and_(
            resource_versions.c.org_id == resources.c.org_id,
            resource_versions.c.resource_type == resources.c.resource_type,
            resource_versions.c.resource_id == resources.c.resource_id,
            resource_versions.c.version == version,
        )
    found = await store.connection.execute(
        _statement(store, which).where(
            resources.c.resource_type == resource_type, resources.c.resource_id == resource_id
        )
    )
    row = found.one_or_none()
    return None if row is None else OriginFacts(*row)


async def list_provenance_for(
    store: Store, names: Collection[tuple[str, str]]
) -> list[OriginFacts]:
    """Of the newest versions of these (type, id), as far as they are there and shown."""
    if not names:
        return []
    found = await store.connection.execute(
        _statement(store, same_version())
        .where(is_one_of(resources, names), resources.c.deleted.is_(False))
        .order_by(resources.c.resource_type, resources.c.resource_id)
    )
    return [OriginFacts(*row) for row in found.all()]


async def find_long_name(store: Store, resource_type: str, digest: str) -> str | None:
    """The id of this digest."""
    found: str | None = await store.connection.scalar(
        select(resource_tokens.c.resource_id).where(
            resource_tokens.c.org_id == store.org_id,
            resource_tokens.c.resource_type == resource_type,
            resource_tokens.c.parameter == LONG_NAME,
            resource_tokens.c.value == digest,
        )
    )
    return found


async def search_origins(store: Store, wanted: ResourceSearch, types: Sequence[str]) -> OriginPage:
    """One page of what fits among these types, by target, or by the time that was asked for."""
    narrowed = (
        resources.c.resource_type.in_(types),
        resources.c.deleted.is_(False),
        *(_condition(store, one) for one in wanted.criteria),
    )
    total = None
    if wanted.counted or wanted.count == 0:
        counted = select(func.count()).where(resources.c.org_id == store.org_id, *narrowed)
        total = int(await store.connection.scalar(counted) or 0)
    if wanted.count == 0:
        return OriginPage([], total, None)
    by_time = [one.descending for one in wanted.sort if one.parameter != "_id"][:1]
    keys = [resources.c.last_updated] if by_time else []
    page = _statement(store, same_version()).where(*narrowed)
    if wanted.cursor:
        page = page.where(_after(wanted.cursor, by_time))
    order = [key.desc() if by_time[0] else key.asc() for key in keys]
    page = page.order_by(*order, resources.c.resource_type, resources.c.resource_id)
    rows = (await store.connection.execute(page.limit(wanted.count + 1))).all()
    found = [OriginFacts(*row) for row in rows[: wanted.count]]
    more = len(rows) > wanted.count
    return OriginPage(found, total, _cursor(found[-1], by_time) if more else None)


def _condition(store: Store, criterion: Criterion) -> Any:
    """The criteria of Provenance, as conditions on what it tells of."""
    match criterion:
        case AnyOf():
            return or_(false(), *(_condition(store, one) for one in criterion.criteria))
        case HasDate():  # recorded: when the version was written
            return condition(store, resources, "", ChangedWhen(criterion.periods))
        case HasToken():
            found = or_(false(), *(_is(*one) for one in criterion.choices))
            return not_(found) if criterion.negated else found
        case Lacks():
            of_patients = criterion.parameter == "patient"
            lacking = resources.c.patient_id.is_(None) if of_patients else false()
            return lacking if criterion.missing else not_(lacking)
        case Leads():
            return _leads(store, criterion)
    return condition(store, resources, "", criterion)


def _is(kind: str | None, name: str | None) -> Any:
    named = resources.c.resource_id == name if name is not None else true()
    return and_(resources.c.resource_type == kind, named) if kind is not None else named


def _leads(store: Store, criterion: Leads) -> Any:
    fitting = matching(store, criterion.resource_type, criterion.criteria)
    of_type = resources.c.resource_type == criterion.resource_type
    return and_(of_type, resources.c.resource_id.in_(fitting))


def _cursor(last: OriginFacts, by_time: Sequence[bool]) -> str:
    time = last.last_updated.isoformat() if by_time else ""
    place = json.dumps([list(by_time), time, last.resource_type, last.resource_id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _after(cursor: str, by_time: Sequence[bool]) -> Any:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        order, time, kind, name = json.loads(base64.urlsafe_b64decode(padded))
        if order != list(by_time) or not all(isinstance(one, str) for one in (time, kind, name)):
            raise ValueError(cursor)
        at = datetime.fromisoformat(time) if by_time else None
        if "\x00" in kind + name or (at is not None and at.tzinfo is None):
            raise ValueError(cursor)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise Malformed("The page link is not one of ours; search again from the start.") from None
    later = tuple_(resources.c.resource_type, resources.c.resource_id) > tuple_(kind, name)
    if at is None:
        return later
    moment = resources.c.last_updated
    beyond = moment < at if by_time[0] else moment > at
    return or_(beyond, and_(moment == at, later))
