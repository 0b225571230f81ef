"""Of whom a second factor is asked, how codes are read, and what sealing holds."""

from datetime import UTC, datetime

import pytest

from app.auth.authenticator import matching_step, picture_of
from app.auth.sealed_secrets import CannotUnseal, Sealer
from app.auth.secrets import new_code
from app.auth.throttle import network_of
from app.domain.access import Role
from app.domain.second_factor import (
    SecondFactorPolicy,
    is_asked,
    read_app_code,
    read_recovery_code,
    recovery_code_words,
)

CHARTS, EVERYBODY, NOBODY = SecondFactorPolicy
OLD = "the older key of the two, which opens"
NEW = "the newer key of the two, which seals"


@pytest.mark.parametrize(
    ("policy", "roles", "asked"),
    [
        (CHARTS, {Role.CARE_MANAGER}, True),
        (CHARTS, {Role.PSYCHIATRIST}, True),
        (CHARTS, {Role.CLINICIAN}, True),
        (CHARTS, {Role.MEDICAL_ASSISTANT}, True),  # enters answers of patients
        (CHARTS, {Role.OPERATOR}, True),  # reads messages that hold patients
        (CHARTS, {Role.ADMINISTRATOR}, True),  # could come in as anybody
        (CHARTS, {Role.DIRECTOR}, False),  # counts alone
        (CHARTS, {Role.DIRECTOR, Role.CARE_MANAGER}, True),
        (CHARTS, set(), False),
        (EVERYBODY, {Role.DIRECTOR}, True),
        (NOBODY, {Role.CARE_MANAGER}, False),
    ],
)
def test_of_whom_a_second_factor_is_asked(
    policy: SecondFactorPolicy, roles: set[Role], asked: bool
) -> None:
    assert is_asked(policy, roles) is asked


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("000000", "000000"),  # leading zeros count
        ("12345", None),
        ("1234567", None),
        ("12345a", None),
        ("١٢٣٤٥٦", None),  # digits of another script are none of the app's
        ("", None),
    ],
)
def test_a_code_of_an_app_as_it_is_typed(typed: str, code: str | None) -> None:
    assert read_app_code(typed) == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("abcd-efgh-jkmn-pqrs", "abcdefghjkmnpqrs"),
        ("ABCD EFGH JKMN PQRS", "abcdefghjkmnpqrs"),
        ("abcdefghjkmnpqrs", "abcdefghjkmnpqrs"),
        ("abcd‑efgh–jkmn‐pqrs", "abcdefghjkmnpqrs"),  # dashes of a word processor
        ("abcd-efgh-jkmn-pqr0", None),  # no zero among our letters
        ("abcd-efgh-jkmn", None),
        ("", None),
    ],
)
def test_a_recovery_code_as_it_is_typed(typed: str, code: str | None) -> None:
    assert read_recovery_code(typed) == code


def test_recovery_codes_are_read_as_they_are_shown() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(read_recovery_code(recovery_code_words(one)) == one for one in codes)


RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("seconds", "code"),
    # RFC 6238 appendix B for SHA-1, its last six digits
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert matching_step(RFC_SECRET, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


def test_a_picture_holds_itself() -> None:
    drawn = picture_of("otpauth://totp/Stepwell:maya?secret=ABCDEFGH&issuer=Stepwell")
    assert drawn.startswith("data:image/svg+xml") and "script" not in drawn


def test_what_is_sealed_is_opened_by_its_key_for_its_purpose_alone() -> None:
    sealer = Sealer.of([OLD])
    sealed = sealer.seal("the secret", "of maya")
    assert "secret" not in sealed
    assert sealed != sealer.seal("the secret", "of maya")
    assert sealer.open(sealed, "of maya") == "the secret"
    for other, about, kept in (
        (sealer, "of lind", sealed),
        (Sealer.of([NEW]), "of maya", sealed),
        (sealer, "of maya", sealed[:-4] + ("AAAA" if sealed[-4:] != "AAAA" else "BBBB")),
        (Sealer(), "of maya", sealed),
        (sealer, "of maya", ""),
        (sealer, "of maya", "1.short"),
    ):
        with pytest.raises(CannotUnseal):
            other.open(kept, about)
    with pytest.raises(CannotUnseal):
        Sealer().seal("the secret", "of maya")


def test_keys_are_rotated_without_a_pause() -> None:
    kept = Sealer.of([OLD]).seal("the secret", "of maya")
    both = Sealer.of([NEW, OLD])
    assert both.open(kept, "of maya") == "the secret"
    assert not both.is_newest(kept)
    fresh = both.seal("the secret", "of maya")
    assert both.is_newest(fresh)
    assert Sealer.of([NEW]).open(fresh, "of maya") == "the secret"


def test_a_key_is_never_shown() -> None:
    assert OLD not in repr(Sealer.of([OLD]))


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),  # the same address, the longer way
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_addresses_are_counted_by_network(address: str, counted: str) -> None:
    assert network_of(address) == counted
