"""What this face needs of the running application; wiring provides it."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from fastapi import Request

from app.domain.actor import Actor


class Settings(Protocol):
    """The settings that matter here."""

    @property
    def public_base_url(self) -> str | None:
        """Where the service is reached from outside, when that is not what requests say."""

    @property
    def token_endpoint(self) -> str: ...

    @property
    def revocation_endpoint(self) -> str: ...

    @property
    def max_body_bytes(self) -> int: ...

    @property
    def exports_folder(self) -> Path: ...


class Database(Protocol):
    """What opens the one transaction."""

    def transaction(
        self, actor: Actor, *, request_id: str | None = None, place: str | None = None
    ) -> AbstractAsyncContextManager[Any]: ...


class Services(Protocol):
    """The running application."""

    @property
    def settings(self) -> Settings: ...

    @property
    def database(self) -> Database: ...

    def now(self) -> datetime: ...


def services_of(request: Request) -> Services:
    return cast(Services, request.app.state.services)


def base_of(request: Request) -> str:
    """Where this face is reached, without a slash at its end."""
    told = services_of(request).settings.public_base_url
    return fhir_base(told or str(request.base_url))


def fhir_base(address: str) -> str:
    return f"{address.rstrip('/')}/fhir"
