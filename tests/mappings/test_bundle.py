"""Bundles: what each entry asks for, and what is refused of them."""

import pytest

from app.errors import NotSupported, RegistryError
from fhir_mappings.asked import InvalidBundle, read_condition, read_version
from fhir_mappings.bundle import JSON_PATCH, MAX_ENTRIES, Entry, read_bundle

BASE = "https://registry.example/fhir"


def entry(method="POST", url="Patient", resource=None, full_url=None, **request):
    made = {
        "request": {"method": method, "url": url, **request},
        "resource": resource or {"resourceType": "Patient"},
    }
    return made | ({"fullUrl": full_url} if full_url else {})


def bundle(*entries, kind="transaction"):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def only(asked):
    found = read_bundle(bundle(asked), BASE).entries[0]
    assert isinstance(found, Entry), found
    return found


def refusal(asked) -> RegistryError:
    found = read_bundle(bundle(asked), BASE).entries[0]
    assert isinstance(found, RegistryError), found
    return found


def test_create_and_update():
    assert only(entry(full_url="urn:uuid:1")).full_url == "urn:uuid:1"
    patient = {"resourceType": "Patient", "id": "85"}
    for url in ("Patient/85", "/Patient/85", f"{BASE}/Patient/85"):
        found = only(entry("PUT", url, patient, ifMatch='W/"3"'))
        assert (found.resource_id, found.conditions.if_match) == ("85", 3)


def test_an_empty_bundle_is_fine():
    assert read_bundle({"resourceType": "Bundle", "type": "batch"}, BASE).entries == ()


@pytest.mark.parametrize("kind", [None, "collection", "message", "searchset", "", 5])
def test_other_bundles_are_refused(kind):
    with pytest.raises(InvalidBundle) as refused:
        read_bundle({"resourceType": "Bundle", "type": kind}, BASE)
    assert refused.value.problems[0].where == "Bundle.type"


def test_a_bundle_has_a_largest_size():
    with pytest.raises(InvalidBundle, match="cannot be read"):
        read_bundle(bundle(*[{}] * (MAX_ENTRIES + 1)), BASE)


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ("text", "request"),
        ({}, "request"),
        ({"request": {"method": "POST", "url": "Patient"}}, "resource"),
        (entry("POST", "Observation"), "request.url"),
        (entry("POST", "Patient/85"), "request.url"),
        (entry("POST", ""), "request.url"),
        (entry("POST", None), "request.url"),
        (entry("PUT", "Patient"), "request.url"),
        (entry("PUT", "Patient/a/b", {"resourceType": "Patient", "id": "a"}), "request.url"),
        (entry("PUT", "Patient/85", {"resourceType": "Patient", "id": "86"}), "resource.id"),
        (entry("PUT", "Patient/85", {"resourceType": "Patient"}), "resource.id"),
        (entry("POST", "Nonsense", {"resourceType": "Nonsense"}), "request.url"),
        (entry("PATCH", "Patient/1"), "resource"),
        (entry("DELETE", "Patient"), "request.url"),
        (entry("DELETE", "Patient/1?active=true"), "request.url"),
        (entry("GET", "https://elsewhere.example/Patient/1"), "request.url"),
        (entry("GET", "Patient/..%2F..%2Fmetadata"), "request.url"),
        (entry("GET", "Patient/a%00b"), "request.url"),
        (entry(ifNoneExist=""), "request.ifNoneExist"),
        (entry("PUT", "Patient/1", ifNoneExist="a=b"), "request.ifNoneExist"),
        (entry(ifNoneMatch='W/"1"'), "request.ifNoneMatch"),
        (entry(ifMatch="newest"), "request.ifMatch"),
    ],
)
def test_what_an_entry_may_not_ask_is_named(asked, where):
    assert refusal(asked).problems[0].where == f"Bundle.entry[0].{where}"


def test_what_is_not_offered_is_told_apart_from_what_is_wrong():
    assert isinstance(refusal(entry("MERGE", "Patient/1")), NotSupported)
    xml = {"resourceType": "Binary", "contentType": "application/xml-patch+xml", "data": "W10="}
    assert isinstance(refusal(entry("PATCH", "Patient/1", xml)), NotSupported)


def test_reads_deletions_and_patches_are_understood():
    read = only(entry("GET", "Observation?code=a%7Cb&_count=2"))
    assert (read.target.kind, read.target.pairs) == (
        "Observation",
        (("code", "a|b"), ("_count", "2")),
    )
    version = only(entry("GET", f"{BASE}/Patient/85/_history/2"))
    assert (version.target.resource_id, version.target.rest) == ("85", ("_history", "2"))
    gone = only(entry("DELETE", "Patient/85", ifMatch='W/"2"'))
    assert (gone.method, gone.conditions.if_match) == ("DELETE", 2)
    patch = {"resourceType": "Binary", "contentType": JSON_PATCH, "data": "W10="}
    assert only(entry("PATCH", "Patient/85", patch)).patch == []


@pytest.mark.parametrize(
    "twins",
    [
        [entry(full_url="urn:uuid:1"), entry(full_url="urn:uuid:1")],
        [entry("PUT", "Patient/85", {"resourceType": "Patient", "id": "85"})] * 2,
    ],
)
def test_entries_that_contradict_each_other_are_named(twins):
    with pytest.raises(InvalidBundle) as refused:
        read_bundle(bundle(*twins), BASE)
    assert len(refused.value.problems) == 2


@pytest.mark.parametrize(
    "condition",
    [
        "identifier=http://h.example|a+1",
        "identifier=http%3A%2F%2Fh.example%7Ca+1",
        "Patient?identifier=http://h.example|a+1",
        "?identifier=http://h.example|a+1",
    ],
)
def test_conditions_on_an_identifier(condition):
    assert read_condition(condition, "here") == ("http://h.example", "a+1")


@pytest.mark.parametrize(
    ("tag", "version"), [('W/"3"', 3), ('"3"', 3), (' W/"12" ', 12), ("3", 3), (None, None)]
)
def test_entity_tags(tag, version):
    assert read_version(tag, "here") == version
