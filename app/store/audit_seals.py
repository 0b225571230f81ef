"""The chain of seals: its head, what waits to be sealed, and adding to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, not_, select, text

from app.domain.audit_chain import AuditRow, Seal
from app.store.tables import audit_events, audit_sealed, audit_seals
from app.store.transaction import Store

EVENT = tuple(audit_events.c[name] for name in AuditRow.__dataclass_fields__)
"""The columns of an AuditRow, in its order."""
SEAL = [audit_seals.c[name] for name in Seal.__dataclass_fields__]
ONE_SEALER = 5_741_022_119


async def take_turn(store: Store) -> bool:
    """Whether this transaction may seal; False where another one is at it just now."""
    held = await store.connection.scalar(
        text("SELECT pg_try_advisory_xact_lock(:one, hashtext(:org))"),
        {"one": ONE_SEALER % 2**31, "org": str(store.org_id)},
    )
    return bool(held)


async def find_head(store: Store) -> Seal | None:
    """The newest seal."""
    found = await store.connection.execute(
        select(*SEAL)
        .where(audit_seals.c.org_id == store.org_id)
        .order_by(audit_seals.c.seq.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return None if row is None else Seal(*row)


async def list_unsealed(store: Store, since: datetime | None, limit: int) -> list[AuditRow]:
    """Rows of this time or later that no seal covers, the oldest first; none of the future."""
    wanted = unsealed(store, since).where(audit_events.c.at <= store.now)
    for way in ("hashjoin", "sort", "seqscan"):  # along both indexes, and no further than needed
        await store.connection.execute(text(f"SET LOCAL enable_{way} = off"))
    found = await store.connection.execute(wanted.limit(limit))
    return [to_row(tuple(one)) for one in found.all()]


def unsealed(store: Store, since: datetime | None = None) -> Select[Any]:
    """Rows that no seal covers, the oldest first."""
    covered = select(audit_sealed.c.at).where(same_row())
    wanted = select(*EVENT).where(audit_events.c.org_id == store.org_id)
    if since is not None:  # said of both, so that either index begins there
        covered = covered.where(audit_sealed.c.at >= since)
        wanted = wanted.where(audit_events.c.at >= since)
    return wanted.where(not_(covered.exists())).order_by(audit_events.c.at, audit_events.c.audit_id)


def same_row() -> Any:
    """A row and what seals it."""
    return and_(
        audit_sealed.c.org_id == audit_events.c.org_id,
        audit_sealed.c.at == audit_events.c.at,
        audit_sealed.c.audit_id == audit_events.c.audit_id,
    )


def to_row(values: Sequence[Any]) -> AuditRow:
    """A row as the columns of EVENT give it."""
    people = values[_PEOPLE]
    whole: list[Any] = list(values)
    whole[_PEOPLE] = None if people is None else tuple(people)
    return AuditRow(*whole)


_PEOPLE = [column.name for column in EVENT].index("patient_ids")


async def add_seal(
    store: Store, seal: Seal, covered: Sequence[tuple[datetime, UUID, bytes]]
) -> None:
    """Add a seal and say which rows, (at, id, digest) in their places, it covers."""
    values = {name: getattr(seal, name) for name in Seal.__dataclass_fields__}
    await store.connection.execute(audit_seals.insert().values(org_id=store.org_id, **values))
    if covered:
        await store.connection.execute(_COVER, _columns(store, seal.seq, covered))


_COVER = text(
    "INSERT INTO audit_sealed (org_id, seq, at, audit_id, digest, place) "
    "SELECT :org, :seq, c.at, c.id, c.digest, c.place - 1 FROM unnest("
    "CAST(:at AS timestamptz[]), CAST(:id AS uuid[]), CAST(:digest AS bytea[])) "
    "WITH ORDINALITY AS c (at, id, digest, place)"
)


def _columns(
    store: Store, seq: int, covered: Sequence[tuple[datetime, UUID, bytes]]
) -> Mapping[str, Any]:
    at, ids, digests = (list(column) for column in zip(*covered, strict=True))
    return {"org": store.org_id, "seq": seq, "at": at, "id": ids, "digest": digests}
