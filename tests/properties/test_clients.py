"""What clients send, whatever it is: scopes never widen, and nothing but a refusal comes of noise."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from app.auth.assertions import AssertionRefused, read_assertion
from app.auth.key_fetching import KeysUnreachable, read_jwks_url
from app.auth.key_sets import KeysNotFit, read_key_set, usable_keys
from app.domain.scopes import (
    ANY,
    RESOURCE_TYPES,
    Interaction,
    ScopeNotFit,
    covers,
    grant,
    permissions_of,
    read_scopes,
    scope_text,
)

LETTERS = st.sets(st.sampled_from("cruds"), min_size=1).map(
    lambda found: "".join(one for one in "cruds" if one in found)
)
ONE = st.tuples(st.sampled_from((ANY, *RESOURCE_TYPES)), LETTERS).map(
    lambda pair: f"system/{pair[0]}.{pair[1]}"
)
SCOPES = st.lists(ONE, max_size=6).map(lambda words: read_scopes(" ".join(words)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = ("kty", "kid", "n", "e", "x", "y", "crv", "use", "alg", "key_ops", "d", "iss", "sub", "exp")
PARTS = st.dictionaries(st.sampled_from(NAMES), JSON | st.sampled_from(["RSA", "EC", "P-384"]))


@given(SCOPES, SCOPES)
def test_granted_is_exactly_what_both_cover(
    registered: frozenset[str], requested: frozenset[str]
) -> None:
    granted = grant(registered, requested)
    for resource_type in (*RESOURCE_TYPES, "AuditEvent"):
        for one in Interaction:
            both = covers(registered, resource_type, one) and covers(requested, resource_type, one)
            assert covers(granted, resource_type, one) == both
    assert permissions_of(granted) <= permissions_of(registered) & permissions_of(requested)


@given(SCOPES)
def test_what_is_told_is_read_back_the_same(scopes: frozenset[str]) -> None:
    assert read_scopes(scope_text(scopes)) == scopes


@given(st.text() | st.text(alphabet="system/*.crudPatien? \n"))
def test_any_text_is_scopes_or_a_refusal(text: str) -> None:
    try:
        read = read_scopes(text)
    except ScopeNotFit as refusal:
        assert text == "" or refusal.message.isascii()
        return
    assert all(one.startswith("system/") for one in read)


@given(JSON, JSON, st.text())
def test_any_noise_is_a_refused_assertion(header: object, claims: object, end: str) -> None:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    for compact in (f"{part(header)}.{part(claims)}.{end}", end, f"{end}.{end}.{end}"):
        try:
            read_assertion(compact)
        except AssertionRefused:
            continue
        raise AssertionError("noise was read")


@given(st.lists(PARTS, max_size=3).map(lambda keys: json.dumps({"keys": keys})) | st.text())
def test_any_noise_is_no_key(text: str) -> None:
    for read in (read_key_set, usable_keys):
        try:
            read(text)
        except KeysNotFit:
            continue
        raise AssertionError("noise was registered")


@given(st.text() | st.text(alphabet="htps:/.@#[]?0123456789abc%\\ "))
def test_any_text_is_an_https_address_or_a_refusal(text: str) -> None:
    try:
        read = read_jwks_url(text)
    except KeysUnreachable:
        return
    assert read is None or read.lower().startswith("https://")
