"""Typed settings, from the environment. Without DATABASE_URL the embedded Postgres is used.

Every secret can also lie in a file that NAME_FILE names. None is ever shown: not in a
repr, not in a refusal, not by `check-settings`. Whether they may be served with is told by
app/settings_checks.py.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.errors import Problem, Unprocessable

PREFIX = "STEPWELL_"
CHECKOUT = Path(__file__).resolve().parent.parent


class SettingsNotSafe(Unprocessable):
    """These settings are not safe to serve with."""

    code = "settings-not-safe"


def variable_of(name: str, field: FieldInfo) -> str:
    """The environment variable of a setting."""
    alias = field.validation_alias
    return alias if isinstance(alias, str) else f"{PREFIX}{name.upper()}"


class SecretFiles(PydanticBaseSettingsSource):
    """NAME_FILE names the file that holds NAME; the line break at its end is not part of it."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        variable = variable_of(field_name, field)
        path = os.environ.get(f"{variable}_FILE", "")
        if field.annotation is not SecretStr or not path:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except (OSError, ValueError):
            problem = Problem(f"{variable}_FILE", "name a file of text that this process may read")
            raise SettingsNotSafe("A secret's file cannot be read.", [problem]) from None

    def __call__(self) -> dict[str, Any]:
        found = {
            field.validation_alias or name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {str(name): value for name, value in found.items() if value is not None}


class Settings(BaseSettings):
    """Everything an operator can set; STEPWELL_* but for the addresses of databases."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr = Field(default=SecretStr(""), validation_alias="DATABASE_URL")
    migration_database_url: SecretStr = Field(
        default=SecretStr(""), validation_alias="MIGRATION_DATABASE_URL"
    )
    backup_database_url: SecretStr = Field(
        default=SecretStr(""), validation_alias="BACKUP_DATABASE_URL"
    )
    """Who may dump: a superuser, or a role with BYPASSRLS that can read every table."""
    database_network_trusted: bool = False
    """The way to the database is protected by other means than TLS: a tunnel, a mesh."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_base_url: str | None = None
    other_hosts: str = ""
    """More names under which it is reached, with commas: an address inside the clinic's network."""
    trusted_proxies: str = "127.0.0.1"
    """Whose X-Forwarded-For is believed (addresses with commas): throttling counts by it."""
    demo: bool = False
    max_body_bytes: int = Field(default=10 * 1024 * 1024, ge=64 * 1024)
    max_connections: int = Field(default=500, ge=10)
    """Open connections; one more is closed at once."""
    max_requests: int = Field(default=100, ge=5)
    """Requests in work; one more is answered 503."""
    header_seconds: float = Field(default=10, gt=0)
    """How long a sender may take for the head of a request."""
    body_pause_seconds: float = Field(default=10, gt=0)
    """How long a sender may pause within a body."""
    body_seconds: float = Field(default=120, gt=0)
    """How long a whole body may take."""
    answer_seconds: float = Field(default=60, gt=0)
    """How long a reader may leave an answer unread."""
    session_idle_minutes: int = 30
    session_hours: int = 12
    pool_size: int = 10
    sweep_minutes: int = 15
    small_cells_below: int = Field(default=11, ge=1)
    """Counts of fewer people are hidden from roles that see no charts (domain/small_cells.py)."""
    audit_anchor: str = ""
    """Where the heads of the audit's chains are noted: a file, or `syslog` (docs/audit.md)."""
    audit_seal_seconds: int = 5
    escalate_seconds: int = 30
    deliver_seconds: int = 10
    smtp_host: str = ""
    """Without it mail is kept and shown as not sent."""
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = ""
    smtp_timeout_seconds: float = Field(default=20, gt=0, le=60)
    """Below the two minutes for which a sender holds a message."""
    smtp_certificates: str | None = None
    webhook_key: SecretStr = SecretStr("")
    """Each organization's signing secret is derived from it; without it there are no webhooks."""
    webhook_private_networks: bool = False
    """Whether webhooks may reach private networks, and this machine without https."""
    lasting_tokens: bool = False
    """Whether bearer tokens made on the command line are taken, beside those of five minutes."""
    jwks_hosts: str = ""
    """The only hosts that keys are fetched from, with commas; ``.ehr.example`` is all below it."""
    jwks_private_networks: bool = False
    """Whether keys may be fetched from private networks; this machine is never asked."""
    jwks_certificates: str | None = None
    """A file of certificate authorities to trust when keys are fetched; else the usual ones."""
    oidc_secrets: Path | None = None
    """A folder with one file per identity provider, named for it, that holds our secret there."""
    oidc_private_networks: bool = False
    """Whether identity providers may lie in private networks, and on this machine without https."""
    oidc_certificates: str | None = None
    """Certificates of an authority of your own that identity providers are signed by."""
    secret_key: SecretStr = SecretStr("")
    """What second factors are sealed with (auth/sealed_secrets.py); several, one a line or
    parted by spaces, while they are rotated: the first seals, all of them open."""
    exports: Path | None = None
    """Where bulk exports lie until they expire: a folder that all processes share, on a disk that
    is encrypted as the database's is. Without it, in the folder of the checkout."""
    export_seconds: float = 1.0
    """How often a process looks for an export to work on."""
    instruments: Path | None = None
    """A folder of the site's own instruments (docs/instruments.md); read at start."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then the environment, then files of secrets."""
        return init_settings, env_settings, SecretFiles(settings_cls)

    @property
    def application_url(self) -> str:
        return self.database_url.get_secret_value()

    @property
    def owner_url(self) -> str:
        return self.migration_database_url.get_secret_value() or self.application_url

    @property
    def backup_url(self) -> str:
        return self.backup_database_url.get_secret_value() or self.owner_url

    @property
    def base_url(self) -> str:
        """Where people reach this service: what links in messages begin with."""
        return self.public_base_url or f"http://{self.host}:{self.port}"

    @property
    def token_endpoint(self) -> str:
        """What an integration client's assertion names as its audience, to the letter.

        From the settings alone: a Host header would let an assertion for another server in.
        """
        return f"{self.base_url.rstrip('/')}/auth/token"

    @property
    def revocation_endpoint(self) -> str:
        return f"{self.base_url.rstrip('/')}/auth/revoke"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The secret keys, the newest first; a demo that was given none has one of its own."""
        keys = tuple(self.secret_key.get_secret_value().split())
        return keys or (("this-key-of-a-demo-seals-nothing-of-anybody",) if self.demo else ())

    @property
    def exports_folder(self) -> Path:
        return self.exports or CHECKOUT / ".stepwell" / "exports"

    @property
    def https(self) -> bool:
        return bool(self.public_base_url and self.public_base_url.startswith("https://"))


@lru_cache
def load_settings() -> Settings:
    """The settings of this process. Raises SettingsNotSafe for what cannot be read."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsNotSafe("A setting cannot be read.", _unreadable(error)) from None


def _unreadable(error: ValidationError) -> list[Problem]:
    """Which variable, and what is asked for; never what it holds."""
    fields = Settings.model_fields
    return [
        Problem(variable_of(name, fields[name]) if name in fields else name, one["msg"].lower())
        for one in error.errors(include_input=False, include_context=False, include_url=False)
        for name in [str(one["loc"][0])]
    ]
