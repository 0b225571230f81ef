"""What may be served with: weak, default and readable secrets, and the ways to a database."""

import hashlib
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.settings import Settings, SettingsNotSafe, load_settings
from app.settings_checks import check_safe, find_problems, find_remarks, secrets_of

ROOT = Path(__file__).resolve().parents[2]
GOOD, OUR_KEY = secrets.token_hex(32), secrets.token_hex(32)
SECRET_SETTINGS = [n for n, f in Settings.model_fields.items() if f.annotation is SecretStr]
KEYS = [name for name in SECRET_SETTINGS if name.endswith("_key")]


def problems(environ: dict[str, str] | None = None, **given: object) -> str:
    """What is wrong with the defaults and these, in one text."""
    values = {"secret_key": OUR_KEY} | {_variable(name): value for name, value in given.items()}
    return "\n".join(
        f"{p.where}: {p.what}" for p in find_problems(Settings(**values), environ or {})
    )


def _variable(name: str) -> str:
    return name.upper() if name.endswith("database_url") else name


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (hashlib.sha256(b"a key").hexdigest()[:30], "32 characters or more"),
        ("k" * 32, "too regular"),
        ("abcabcabcabcabcabcabcabcabcabcabcabc", "too regular"),
        ("please-CHANGEME-before-you-serve-this-0815", "guessing begins"),
        ("0123456789abcdef0123456789abcdef", "guessing begins"),  # the example in every tutorial
    ],
)
def test_no_key_may_be_weak(name: str, value: str, words: str) -> None:
    told = problems(**{name: value})
    assert words in told
    assert value not in told


@pytest.mark.parametrize("name", KEYS)
def test_a_random_key_is_taken_and_no_two_secrets_are_the_same(name: str) -> None:
    assert name.upper() not in problems(**{name: GOOD})
    assert "is the same as" in problems(**{name: GOOD}, smtp_password=GOOD)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://stepwell_app:postgres@localhost/x", "12 characters"),
        ("postgresql://stepwell_app:stepwell-password@localhost/x", "guessing begins"),
        (f"postgresql://stepwell_app:{GOOD}@db.example.org/x", "verify-full"),
        (f"postgresql://stepwell_app:{GOOD}@10.1.2.3/x?ssl=require", "verify-full"),  # encrypted,
        # but to whomever answers
        (f"postgresql://stepwell_app:{GOOD}@[fd00::1]/x", "verify-full"),
        ("postgresql://stepwell_app:x@[nonsense/x", "role:password@host"),
    ],
)
def test_ways_to_a_database_that_are_refused(address: str, words: str) -> None:
    for name in ("database_url", "migration_database_url", "backup_database_url"):
        told = problems(**{name: address})
        assert f"{name.upper()}: " in told
        assert words in told
        assert GOOD not in told


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://stepwell_app:{GOOD}@db.example.org/x?ssl=verify-full",
        f"postgresql://stepwell_app:{GOOD}@postgres:5432/x",  # beside it, in a container network
        f"postgresql://stepwell_app:{GOOD}@127.0.0.1/x",
        "postgresql:///x?host=/run/postgresql",  # a socket: who may open it is the file's to say
    ],
)
def test_ways_to_a_database_that_are_taken(address: str) -> None:
    assert problems(database_url=address) == ""


def test_a_trusted_network_is_said_and_told_as_worth_knowing() -> None:
    address = f"postgresql://stepwell_app:{GOOD}@db.example.org/x"
    assert problems(database_url=address, database_network_trusted=True) == ""
    settings = Settings(database_network_trusted=True)
    assert "not checked" in find_remarks(settings, {})[0].what


def test_ways_in_for_clients_are_told_as_worth_knowing(tmp_path: Path) -> None:
    settings = Settings(lasting_tokens=True, jwks_private_networks=True)
    told = {one.where for one in find_remarks(settings, {})}
    assert {"STEPWELL_LASTING_TOKENS", "STEPWELL_JWKS_PRIVATE_NETWORKS"} <= told
    assert find_remarks(Settings(), {}) == []
    missing = problems(jwks_certificates=str(tmp_path / "none.pem"))
    assert "STEPWELL_JWKS_CERTIFICATES" in missing


def test_a_file_of_a_secret_is_read_and_must_not_be_open_to_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "key"
    kept.write_text(GOOD + "\n")
    monkeypatch.setenv("STEPWELL_WEBHOOK_KEY_FILE", str(kept))
    for mode, wrong in ((0o600, False), (0o640, False), (0o644, True), (0o602, True)):
        kept.chmod(mode)
        assert Settings().webhook_key.get_secret_value() == GOOD
        assert ("chmod" in str(find_problems(Settings()))) is wrong, oct(mode)
    kept.chmod(0o600)
    monkeypatch.setenv("STEPWELL_WEBHOOK_KEY", secrets.token_hex(32))
    assert "keep one of them" in str(find_problems(Settings()))
    monkeypatch.setenv("STEPWELL_SMTP_PASSWORD_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsNotSafe) as refused:
        Settings()
    assert refused.value.problems[0].where == "STEPWELL_SMTP_PASSWORD_FILE"


def test_the_database_address_can_lie_in_a_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    kept = tmp_path / "address"
    kept.write_text(f"postgresql://stepwell_app:{GOOD}@127.0.0.1/x\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(kept))
    assert Settings().application_url == kept.read_text().strip()


def test_no_secret_shows_where_settings_are_printed() -> None:
    given = {_variable(name): f"hush-{index}-{GOOD}" for index, name in enumerate(SECRET_SETTINGS)}
    settings = Settings(**given)  # type: ignore[arg-type]
    assert len(list(secrets_of(settings))) == len(SECRET_SETTINGS) >= 5
    shown = repr(settings) + str(settings) + str(settings.model_dump()) + settings.model_dump_json()
    assert GOOD not in shown
    assert GOOD not in str(find_problems(settings, {})) + str(find_remarks(settings, {}))


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"host": "0.0.0.0"}, "STEPWELL_PUBLIC_BASE_URL"),  # reached from outside without https
        ({"host": "0.0.0.0", "demo": True}, "STEPWELL_HOST"),  # the demo's passwords are public
        ({"public_base_url": "http://registry.example"}, "STEPWELL_PUBLIC_BASE_URL"),
        ({"public_base_url": "https://me:pw@registry.example"}, "STEPWELL_PUBLIC_BASE_URL"),
        ({"public_base_url": "registry.example"}, "STEPWELL_PUBLIC_BASE_URL"),
        ({"trusted_proxies": "*"}, "STEPWELL_TRUSTED_PROXIES"),
    ],
)
def test_how_it_is_reached(given: dict[str, object], where: str) -> None:
    assert where in problems(**given)
    with pytest.raises(SettingsNotSafe):
        check_safe(Settings(**given))  # type: ignore[arg-type]


def test_the_defaults_are_safe_on_this_machine_and_a_demo_may_have_any_keys() -> None:
    assert problems() == ""
    assert problems(demo=True, webhook_key="short", secret_key="") == ""


def test_without_a_secret_key_nothing_but_a_demo_is_served() -> None:
    assert "STEPWELL_SECRET_KEY: " in problems(secret_key="")
    with pytest.raises(SettingsNotSafe):
        check_safe(Settings())
    assert len(Settings(demo=True).secret_keys) == 1


def test_each_of_several_secret_keys_is_judged() -> None:
    assert problems(secret_key=f"{OUR_KEY}\n{GOOD}\n") == ""
    assert "32 characters or more" in problems(secret_key=f"{OUR_KEY} short")
    assert Settings(secret_key=SecretStr(f" {OUR_KEY}\n{GOOD} ")).secret_keys == (OUR_KEY, GOOD)


def test_what_cannot_be_read_names_the_variable_and_not_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STEPWELL_PORT", "eighty-eighty")
    load_settings.cache_clear()
    with pytest.raises(SettingsNotSafe) as refused:
        load_settings()
    load_settings.cache_clear()
    assert refused.value.problems[0].where == "STEPWELL_PORT"
    assert "eighty" not in str(refused.value.problems)


def check(**environ: str) -> subprocess.CompletedProcess[str]:
    mine = {k: v for k, v in os.environ.items() if not k.endswith("DATABASE_URL")}
    return subprocess.run(
        [sys.executable, "-m", "app", "check-settings"],
        cwd=ROOT, env=mine | environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_command_tells_everything_at_once_and_shows_no_secret() -> None:
    weak = "sup3r-secret-and-long-enough-to-be-a-key"
    told = check(
        STEPWELL_HOST="0.0.0.0",
        STEPWELL_WEBHOOK_KEY=weak,
        STEPWELL_SESION_HOURS="1",
        DATABASE_URL=f"postgresql://stepwell_app:{GOOD}@db.example.org/x",
    )
    assert told.returncode == 1
    for words in ("STEPWELL_PUBLIC_BASE_URL: ", "STEPWELL_WEBHOOK_KEY: ", "verify-full", "SESION"):
        assert words in told.stdout, words
    assert weak not in told.stdout + told.stderr
    assert GOOD not in told.stdout + told.stderr
    assert check(STEPWELL_SECRET_KEY=OUR_KEY).returncode == 0


def test_serving_is_refused_with_what_to_change() -> None:
    mine = os.environ | {"STEPWELL_WEBHOOK_KEY": "short"}
    told = subprocess.run(
        [sys.executable, "-m", "app", "serve"],
        cwd=ROOT, env=mine, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "STEPWELL_WEBHOOK_KEY" in told.stderr
    assert "Traceback" not in told.stderr
