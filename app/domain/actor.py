"""Who acts: a member of staff, an integration client, or the registry itself."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from app.domain.access import Permission, Role, may
from app.domain.scopes import Interaction, check_scope, covers, permissions_of
from app.errors import Forbidden


class ActorKind(StrEnum):
    """What kind of party acts."""

    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A party that was authenticated, within one organization."""

    org_id: UUID
    kind: ActorKind
    id: UUID | None
    name: str
    roles: frozenset[Role] = field(default_factory=frozenset)
    time_zone: str = "UTC"
    """The organization's time zone (IANA name): "today" for this actor."""
    granted: frozenset[Permission] = field(default_factory=frozenset)
    """What it may do beside its roles: an integration client's, from its token's scopes."""
    scopes: frozenset[str] = field(default_factory=frozenset)
    """The scopes of an integration client's token, in the kept form (see domain/scopes.py)."""

    @property
    def client_id(self) -> UUID | None:
        """The integration client that acts, if one does."""
        return self.id if self.kind is ActorKind.CLIENT else None

    @property
    def staff_id(self) -> UUID | None:
        """The member of staff who acts, if one does."""
        return self.id if self.kind is ActorKind.STAFF else None

    def may(self, permission: Permission) -> bool:
        """Whether the permission table grants this; the registry itself may all it does."""
        if self.kind is ActorKind.SYSTEM or permission in self.granted:
            return True
        return may(self.roles, permission)

    def require(self, permission: Permission) -> None:
        """Raises Forbidden where the permission table does not grant this."""
        if not self.may(permission):
            refusal = Forbidden(f"Your role does not allow this ({permission.value}).")
            refusal.needs = permission.value
            raise refusal

    def reaches(self, resource_type: str, interaction: Interaction) -> bool:
        """Whether the token covers this; the registry itself needs none."""
        return self.kind is ActorKind.SYSTEM or covers(self.scopes, resource_type, interaction)

    def require_scope(self, resource_type: str, interaction: Interaction, where: str = "") -> None:
        """Raises InsufficientScope unless the token covers this; the registry itself needs none."""
        if self.kind is not ActorKind.SYSTEM:
            check_scope(self.scopes, resource_type, interaction, where)


def client(
    org_id: UUID, client_id: UUID, name: str, scopes: frozenset[str], time_zone: str = "UTC"
) -> Actor:
    """An integration client, with the permissions that its scopes carry."""
    return Actor(
        org_id,
        ActorKind.CLIENT,
        client_id,
        name,
        time_zone=time_zone,
        granted=permissions_of(scopes),
        scopes=scopes,
    )


def system(org_id: UUID, time_zone: str = "UTC") -> Actor:
    """The registry acting by itself: sweeps, the command line."""
    return Actor(org_id, ActorKind.SYSTEM, None, "Stepwell", time_zone=time_zone)
