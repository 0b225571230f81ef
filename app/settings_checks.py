"""Whether the settings may be served with: each thing that is wrong, and what to change."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr

from app.errors import Problem
from app.settings import Settings, SettingsNotSafe, variable_of

SHORTEST_KEY = 32
"""Characters of a key: 128 bits where they are hexadecimal digits."""
SHORTEST_PASSWORD = 12
"""Characters of the password of a role in the database."""
FEWEST_KINDS = 8
"""Different characters in a secret; a random one of 32 hexadecimal digits has 10 or more
with a chance above 99.9 % (ours)."""
GUESSED_FIRST = (
    "changeme", "change-me", "change_me", "changethis", "default", "dummy", "example", "hunter2",
    "insecure", "letmein", "notsecure", "password", "passwort", "placeholder", "postgres", "qwerty",
    "replaceme", "sample", "secret", "stepwell", "welcome", "0123456789", "1234567890",
    "abcdefgh", "demo-only",
)  # fmt: skip
"""No secret holds one of these: they stand in examples and where guessing begins."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAKE_ONE = "make one with: openssl rand -hex 32"


def check_safe(settings: Settings) -> None:
    """Raises SettingsNotSafe with everything that forbids serving."""
    found = find_problems(settings)
    if found:
        raise SettingsNotSafe("These settings are not safe to serve with.", found)


def find_problems(settings: Settings, environ: Mapping[str, str] = os.environ) -> list[Problem]:
    """What forbids serving: where, and what to change. No value of a secret is among it."""
    found = [*_address(settings), *_mail(settings), *_keys(settings), *_files(environ)]
    if not settings.demo:
        found += [*_secrets(settings), *_secret_keys(settings), *_databases(settings)]
    return found


def find_remarks(settings: Settings, environ: Mapping[str, str] = os.environ) -> list[Problem]:
    """What is allowed and yet worth knowing: for `check-settings`."""
    known = {variable_of(name, field) for name, field in Settings.model_fields.items()}
    found = [
        Problem(name, "there is no such setting: look for a slip of the pen")
        for name in sorted(environ)
        if name.startswith("STEPWELL_") and name.removesuffix("_FILE") not in known
    ]
    if settings.webhook_private_networks:
        where = "STEPWELL_WEBHOOK_PRIVATE_NETWORKS"
        found.append(Problem(where, "a director can make this service call inside your network"))
    if settings.jwks_private_networks:
        where = "STEPWELL_JWKS_PRIVATE_NETWORKS"
        found.append(
            Problem(where, "an administrator can make this service call inside your network")
        )
    if settings.lasting_tokens:
        where = "STEPWELL_LASTING_TOKENS"
        found.append(Problem(where, "whoever has such a token can use it for as long as it lasts"))
    if settings.database_network_trusted:
        where = "STEPWELL_DATABASE_NETWORK_TRUSTED"
        found.append(Problem(where, "the way to the database is not checked"))
    return found


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that is set."""

    variable: str
    value: str

    @property
    def is_address(self) -> bool:
        return self.variable.endswith("DATABASE_URL")


def secrets_of(settings: Settings) -> Iterator[Secret]:
    """Every secret setting that is set."""
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr) and value.get_secret_value():
            yield Secret(variable_of(name, field), value.get_secret_value())


def _address(settings: Settings) -> Iterator[Problem]:
    outside = settings.host not in LOOPBACK
    if settings.demo and outside:
        yield Problem(
            "STEPWELL_HOST", "the demo's accounts are public: unset it, to serve on 127.0.0.1 alone"
        )
    base = urlsplit(settings.public_base_url or "")
    if settings.public_base_url and not _is_origin(settings.public_base_url):
        yield Problem(
            "STEPWELL_PUBLIC_BASE_URL", "write scheme and host alone: https://registry.example.org"
        )
    if not settings.demo and (outside or settings.public_base_url) and base.scheme != "https":
        yield Problem("STEPWELL_PUBLIC_BASE_URL", "set it to the https address your proxy serves")
    if "*" in settings.trusted_proxies:
        yield Problem("STEPWELL_TRUSTED_PROXIES", "name each proxy: with * anybody is believed")


def _is_origin(address: str) -> bool:
    try:
        told = urlsplit(address)
        extra = told.username or told.password or told.query or told.fragment
        return bool(told.hostname) and not extra and told.port != 0
    except ValueError:
        return False


def _mail(settings: Settings) -> Iterator[Problem]:
    if settings.smtp_username and settings.smtp_security == "none":
        yield Problem(
            "STEPWELL_SMTP_SECURITY", "credentials are never sent in clear: set starttls or tls"
        )
    if settings.smtp_host and "@" not in settings.smtp_from:
        yield Problem("STEPWELL_SMTP_FROM", "set it to the address that mail comes from")


def _keys(settings: Settings) -> Iterator[Problem]:
    if settings.jwks_certificates and not Path(settings.jwks_certificates).is_file():
        yield Problem("STEPWELL_JWKS_CERTIFICATES", "there is no such file")


def _files(environ: Mapping[str, str]) -> Iterator[Problem]:
    """Files of secrets that others may read, or that are named beside the secret itself."""
    for name, field in Settings.model_fields.items():
        variable = variable_of(name, field)
        path = environ.get(f"{variable}_FILE", "")
        if field.annotation is not SecretStr or not path:
            continue
        if environ.get(variable):
            yield Problem(variable, f"{variable}_FILE is set too: keep one of them")
        if open_to_all(Path(path)):
            yield Problem(f"{variable}_FILE", f"everybody can read it: chmod o-rwx {path}")


def open_to_all(path: Path) -> bool:
    """Whether anybody on this machine may read or change the file."""
    try:
        return bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))
    except OSError:
        return False  # that it cannot be read is told where it is read


def _secrets(settings: Settings) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for secret in secrets_of(settings):
        if secret.is_address:
            continue
        if secret.value in seen:
            yield Problem(secret.variable, f"it is the same as {seen[secret.value]}: {MAKE_ONE}")
        seen[secret.value] = secret.variable
        is_key = secret.variable.endswith("_KEY")
        shortest = SHORTEST_KEY if is_key else 0  # a mail server chooses its own passwords
        yield from _weak(secret.variable, secret.value, shortest, MAKE_ONE if is_key else "")


def _secret_keys(settings: Settings) -> Iterator[Problem]:
    """Without one no second factor can be sealed; each of several is judged by itself."""
    where = "STEPWELL_SECRET_KEY"
    if not settings.secret_keys:
        yield Problem(
            where,
            "name a file that holds a random key in STEPWELL_SECRET_KEY_FILE: "
            "(umask 077; openssl rand -hex 32 > stepwell.key). Keep a copy elsewhere: without "
            "it everybody sets up their second factor anew",
        )
    if len(settings.secret_keys) > 1:  # a single one is judged with the other secrets
        for one in settings.secret_keys:
            yield from _weak(where, one, SHORTEST_KEY, MAKE_ONE)


def _weak(where: str, value: str, shortest: int, advice: str) -> Iterator[Problem]:
    tail = f"; {advice}" if advice else ""
    low = value.casefold()
    if len(value) < shortest:
        yield Problem(where, f"it has {shortest} characters or more{tail}")
    elif len(set(value)) < min(FEWEST_KINDS, shortest):
        yield Problem(where, f"it is too regular to be random{tail}")
    elif any(word in low for word in GUESSED_FIRST):
        yield Problem(where, f"it holds a word that guessing begins with{tail}")


def _databases(settings: Settings) -> Iterator[Problem]:
    for secret in secrets_of(settings):
        if secret.is_address:
            yield from _database(secret, settings.database_network_trusted)


def _database(secret: Secret, trusted: bool) -> Iterator[Problem]:
    try:
        told = urlsplit(secret.value)
        host, password = told.hostname or "", unquote(told.password or "")
    except ValueError:
        yield Problem(secret.variable, "write postgresql://role:password@host:5432/database")
        return
    options = parse_qs(told.query)
    if password:
        yield from _weak(secret.variable, password, SHORTEST_PASSWORD, "openssl rand -hex 24")
    secure = {*options.get("ssl", ()), *options.get("sslmode", ())} & {"verify-full", "verify-ca"}
    if not secure and not trusted and _leaves_the_machine(host):
        yield Problem(
            secret.variable,
            "add ?ssl=verify-full, so that nobody on the way reads along (or, where a tunnel "
            "or a mesh encrypts it, set STEPWELL_DATABASE_NETWORK_TRUSTED=true)",
        )


def _leaves_the_machine(host: str) -> bool:
    """A socket, this machine and a name without dots (a container network's) do not."""
    return bool(host) and host not in LOOPBACK and ("." in host or ":" in host)
