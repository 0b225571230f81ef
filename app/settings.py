"""Typed settings, from the environment. Without DATABASE_URL the embedded Postgres is used."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import Unprocessable

SHORTEST_KEY = 32
CHECKOUT = Path(__file__).resolve().parent.parent


class SettingsNotSafe(Unprocessable):
    """These settings are not safe to serve with."""

    code = "settings-not-safe"


class Settings(BaseSettings):
    """Everything an operator can set; STEPWELL_* but for the two database addresses."""

    model_config = SettingsConfigDict(env_prefix="STEPWELL_", extra="ignore", frozen=True)

    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    migration_database_url: str = Field(default="", validation_alias="MIGRATION_DATABASE_URL")
    backup_database_url: str = Field(default="", validation_alias="BACKUP_DATABASE_URL")
    """Who may dump: a superuser, or a role with BYPASSRLS that can read every table."""
    host: str = "127.0.0.1"
    port: int = 8000
    public_base_url: str | None = None
    demo: bool = False
    max_body_bytes: int = 10 * 1024 * 1024
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
    instruments: Path | None = None
    """A folder of the site's own instruments (docs/instruments.md); read at start."""

    @property
    def owner_url(self) -> str:
        return self.migration_database_url or self.database_url

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
    def https(self) -> bool:
        return bool(self.public_base_url and self.public_base_url.startswith("https://"))


@lru_cache
def load_settings() -> Settings:
    """The settings of this process."""
    return Settings()


def check_safe(settings: Settings) -> None:
    """Raises where the service would be reached from outside without encryption, or as a demo."""
    outside = settings.host not in ("127.0.0.1", "localhost", "::1")
    if settings.demo and outside:
        raise SettingsNotSafe(
            "The demo's accounts are public: it serves on 127.0.0.1 alone. Unset STEPWELL_HOST."
        )
    if outside and not settings.https:
        raise SettingsNotSafe(
            "Set STEPWELL_PUBLIC_BASE_URL to the https address that your proxy serves."
        )
    if settings.smtp_username and settings.smtp_security == "none":
        raise SettingsNotSafe(
            "Credentials are never sent in clear: set STEPWELL_SMTP_SECURITY to starttls or tls."
        )
    if settings.smtp_host and "@" not in settings.smtp_from:
        raise SettingsNotSafe("Set STEPWELL_SMTP_FROM to the address that mail comes from.")
    if 0 < len(settings.webhook_key.get_secret_value()) < SHORTEST_KEY:
        raise SettingsNotSafe(
            f"STEPWELL_WEBHOOK_KEY has {SHORTEST_KEY} characters or more: openssl rand -hex 32"
        )
