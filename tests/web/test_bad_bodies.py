"""Bodies that nobody honest sends: bounded in time and memory, and never answered 500."""

import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable

import hypothesis
import pytest
from httpx import Response
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.web.site import Site, Visitor, phq9

SECONDS = 10
"""Of one body: two orders above what they take on a quiet machine."""
MIB = 1024 * 1024


def patient(value: str) -> bytes:
    return f'{{"resourceType": "Patient", "birthDate": {value}}}'.encode()


def observation(value: str) -> bytes:
    return (
        '{"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": '
        '"http://loinc.org", "code": "44261-6"}]}, "subject": {"reference": "Patient/1"}, '
        f'"effectiveDateTime": "2026-03-04", "valueInteger": {value}}}'
    ).encode()


BODIES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "spaces": lambda: b" " * MIB,
    "a NUL": lambda: b"\x00",
    "NULs in a text": lambda: patient('"a\\u0000b"'),
    "a raw NUL": lambda: b'{"resourceType": "Patient\x00"}',
    "half a character": lambda: patient('"\\ud800"'),
    "not UTF-8": lambda: b'{"resourceType": "\xff\xfe"}',
    "UTF-16": lambda: '{"resourceType": "Patient"}'.encode("utf-16"),
    "overlong UTF-8": lambda: b'{"resourceType": "\xc0\xafPatient"}',
    "a byte order mark": lambda: b"\xef\xbb\xbf" + patient('"1979-05-04"'),
    "two byte order marks": lambda: b"\xef\xbb\xbf" * 2 + patient('"1979-05-04"'),
    "arrays a hundred thousand deep": lambda: b"[" * 100_000,
    "objects a hundred thousand deep": lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "extensions 60 deep": lambda: patient('{"extension":[' * 60 + "1" + "]}" * 60),
    "a huge integer": lambda: observation("9" * 1_000_000),
    "a huge exponent": lambda: observation("1e999999999"),
    "a tiny exponent": lambda: observation("1e-999999999"),
    "many digits": lambda: observation("0." + "1" * 1_000_000),
    "not a number": lambda: observation("NaN"),
    "infinity": lambda: observation("-Infinity"),
    "a million numbers": lambda: patient("[" + ",".join(["1"] * 1_000_000) + "]"),
    "a million wrong identifiers": lambda: (
        b'{"resourceType": "Patient", "identifier": [' + b",".join([b"1"] * 1_000_000) + b"]}"
    ),
    "a hundred thousand names": lambda: _object(100_000),
    "names that come twice": lambda: b'{"resourceType": "Patient", "id": "1", "id": "2"}',
    "a name twice, far down": lambda: patient('{"a": [{"b": 1, "b": 2}]}'),
    "ten megabytes of text": lambda: patient('"' + "x" * (10 * MIB - 200) + '"'),
    "more than is taken": lambda: patient('"' + "x" * (11 * MIB) + '"'),
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10,
    "two documents": lambda: patient('"1979-05-04"') * 2,
    "a bundle of ten thousand": lambda: _bundle(10_000),
    "a bundle that holds itself": lambda: _nested_bundles(40),
    "a million backslashes": lambda: b'{"a": "' + b"\\\\" * 500_000 + b'"}',
    "a date that never ends": lambda: patient('"' + "1979-" * 100_000 + '"'),
}


def _object(names: int) -> bytes:
    return json.dumps({"resourceType": "Patient"} | {f"n{n}": n for n in range(names)}).encode()


def _bundle(entries: int) -> bytes:
    entry = {"resource": {"resourceType": "Device"}, "request": {"method": "POST", "url": "Device"}}
    told = {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * entries}
    return json.dumps(told).encode()


def _nested_bundles(levels: int) -> bytes:
    found: dict[str, object] = {"resourceType": "Bundle", "type": "batch"}
    for _ in range(levels // 2):
        inner = {"resource": found, "request": {"method": "POST", "url": ""}}
        found = {"resourceType": "Bundle", "type": "batch", "entry": [inner]}
    return json.dumps(found).encode()


async def post(site: Site, path: str, body: bytes, **headers: str) -> Response:
    visitor = await site.visit()
    given = {"Authorization": f"Bearer {site.token}", "Content-Type": "application/fhir+json"}
    return await visitor.http.post(path, content=body, headers=given | headers)


@pytest.mark.parametrize("name", list(BODIES))
async def test_a_bad_body_is_refused_in_time_and_keeps_no_memory(site: Site, name: str) -> None:
    body = BODIES[name]()
    paths = (
        ("/fhir", "/fhir/Patient", "/fhir/Observation") if len(body) < MIB else ("/fhir/Patient",)
    )
    for path in paths:
        begun = time.process_time()
        told = await post(site, path, body)
        assert 200 <= told.status_code < 500, told.text[:300]
        assert told.json()["resourceType"] in ("OperationOutcome", "Bundle", "Patient")
        assert len(told.content) < 2 * MIB
        assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize(
    "name",
    [
        "a million numbers",
        "a million wrong identifiers",
        "ten megabytes of text",
        "objects a hundred thousand deep",
    ],
)
async def test_memory_stays_within_a_multiple_of_the_body(site: Site, name: str) -> None:
    body = BODIES[name]()
    await post(site, "/fhir/Patient", b"{}")
    tracemalloc.start()
    try:
        await post(site, "/fhir/Patient", body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * len(body) + 30 * MIB


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip", "identity, gzip"])
async def test_a_bomb_is_not_unpacked(site: Site, encoding: str) -> None:
    """A hundred megabytes in a hundred kilobytes: what is packed is refused as it is."""
    whole = bytes(100 * MIB)
    bomb = zlib.compress(whole) if encoding == "deflate" else gzip.compress(whole)
    for path in ("/fhir", "/fhir/Patient"):
        told = await post(site, path, bomb, **{"Content-Encoding": encoding})
        assert told.status_code == 415
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": encoding}
    for path in ("/sign-in", "/auth/token", "/fhir/Patient/_search"):
        assert 400 <= (await post(site, path, bomb, **form)).status_code < 500


async def test_a_good_message_is_taken_after_all_of_them(site: Site) -> None:
    for name in ("objects a hundred thousand deep", "a huge integer", "NULs in a text"):
        await post(site, "/fhir/Patient", BODIES[name]())
    assert (await site.send(phq9("800", [1] * 9, 1, "Rosa Alvarez"))).status_code == 200


TEXTS = st.text(st.characters(codec=None), max_size=12) | st.sampled_from(
    ["\x00", "\ud800", "2026-13-45", "'; DROP TABLE patients; --", "{{7*7}}", "http://[", "-0"]
)
NUMBERS = st.integers() | st.floats() | st.just(10**400)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
async def ehr(site: Site) -> Visitor:
    """A visitor with the EHR's token, made once for all examples."""
    made = await site.visit()
    made.http.headers["Authorization"] = f"Bearer {site.token}"
    made.http.headers["Content-Type"] = "application/fhir+json"
    return made


@hypothesis.settings(
    max_examples=60, derandomize=True, database=None, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(data=st.data())
async def test_any_part_of_a_message_may_be_anything(ehr: Visitor, data: st.DataObject) -> None:
    """One part of a message that would be taken is put aside for something else."""
    message = phq9("800", [1] * 9, 1, "Rosa Alvarez")
    if data.draw(st.booleans()):
        message["type"] = "batch"
    holder, step = data.draw(st.sampled_from(list(_places(message))))
    holder[step] = data.draw(VALUES)
    body = json.dumps(message, allow_nan=True).encode("utf-8", errors="surrogatepass")
    told = await ehr.http.post("/fhir", content=body)
    assert told.status_code < 500, body[:2000]


def _places(value: object) -> list[tuple[object, object]]:
    """Every (container, step) of a message."""
    steps = (
        list(value.items()) if isinstance(value, dict)
        else list(enumerate(value)) if isinstance(value, list) else []
    )  # fmt: skip
    return [(value, step) for step, _ in steps] + [p for _, inner in steps for p in _places(inner)]
