"""Consents: what patients agreed to, every version of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.consent import Consent, ConsentKind, Purpose, Scope
from app.errors import NotFound, VersionConflict
from app.store.tables import consent_versions, consents
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class StoredConsent:
    """A consent's row."""

    consent_id: UUID
    patient_id: UUID
    version: int
    kind: str
    program_id: UUID | None
    discloser: str
    recipient: str
    recipient_name: str
    purposes: Sequence[str]
    scope: Sequence[str]
    given_on: date
    manner: str
    signature: str
    begins_at: datetime
    expires_on: date | None
    expires_when: str
    ends_at: datetime | None
    revoked_at: datetime | None
    revoked_how: str | None
    revoked_by_id: UUID | None
    recorded_by_id: UUID | None
    recorded_at: datetime

    @property
    def consent(self) -> Consent:
        """As the domain judges it."""
        return Consent(
            kind=ConsentKind(self.kind),
            discloser=self.discloser,
            recipient=self.recipient,
            recipient_name=self.recipient_name,
            purposes=frozenset(map(Purpose, self.purposes)),
            scope=frozenset(map(Scope, self.scope)),
            begins_at=self.begins_at,
            ends_at=self.ends_at,
            revoked_at=self.revoked_at,
        )


_COLUMNS = [consents.c[name] for name in StoredConsent.__dataclass_fields__]


def _consent(row: Row[Any]) -> StoredConsent:
    return StoredConsent(*tuple(row))


async def get_consent(store: Store, consent_id: UUID) -> StoredConsent:
    found = await store.connection.execute(
        select(*_COLUMNS).where(
            consents.c.org_id == store.org_id, consents.c.consent_id == consent_id
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such consent.")
    return _consent(row)


async def list_consents(store: Store, patient_id: UUID) -> list[StoredConsent]:
    """A patient's consents, the newest first, revoked ones too."""
    found = await store.connection.execute(
        select(*_COLUMNS)
        .where(consents.c.org_id == store.org_id, consents.c.patient_id == patient_id)
        .order_by(consents.c.given_on.desc(), consents.c.recorded_at.desc(), consents.c.consent_id)
    )
    return [_consent(row) for row in found.all()]


async def add_consent(store: Store, values: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """Add a consent with its first version, once per form; whether it was added now."""
    added = await store.connection.execute(
        insert(consents)
        .values(org_id=store.org_id, version=1, recorded_at=store.now, **values)
        .on_conflict_do_nothing(index_elements=["org_id", "request_key"])
        .returning(consents.c.consent_id)
    )
    if added.one_or_none() is None:
        return False
    await _keep_version(store, values["consent_id"], 1, content, "recorded")
    return True


async def change_consent(
    store: Store, held: StoredConsent, values: Mapping[str, Any], content: Mapping[str, Any]
) -> None:
    """Give a consent its next version; raises VersionConflict where somebody was faster."""
    changed = await store.connection.execute(
        update(consents)
        .where(
            consents.c.org_id == store.org_id,
            consents.c.consent_id == held.consent_id,
            consents.c.version == held.version,
        )
        .values(**values, version=held.version + 1)
    )
    if changed.rowcount != 1:
        raise VersionConflict("Somebody else changed this consent at the same moment.")
    await _keep_version(store, held.consent_id, held.version + 1, content, "revoked")


async def _keep_version(
    store: Store, consent_id: UUID, version: int, content: Mapping[str, Any], reason: str
) -> None:
    await store.connection.execute(
        consent_versions.insert().values(
            org_id=store.org_id,
            consent_id=consent_id,
            version=version,
            content=dict(content),
            reason=reason,
            recorded_at=store.now,
            recorded_by_id=store.actor.staff_id,
        )
    )
