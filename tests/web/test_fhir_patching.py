"""Patches: small changes to a resource of one's own, checked as an update is."""

import asyncio

import pytest

from tests.mappings.examples import make_observation, make_patient

pytest_plugins = ["tests.web.fhir_face"]

JSON_PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture
async def known(fhir):
    await fhir.put("Patient/p1", make_patient(id="p1"))
    await fhir.put("Observation/t", make_observation("44261-6", id="t", valueInteger=12))
    return fhir


async def patch(face, path, *operations, **headers):
    return await face.request("PATCH", path, list(operations), **{**JSON_PATCH, **headers})


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


async def test_a_patch_changes_what_it_names(known):
    answer = await patch(known, "Observation/t", replace("/valueInteger", 14))
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    assert answer.json()["valueInteger"] == 14
    (assessment,) = await known.assessments()
    assert (assessment.total, assessment.status) == (14, "amended")


async def test_decimals_keep_their_digits(known):
    extension = b'[{"op":"add","path":"/extension","value":[{"url":"u","valueDecimal":1.10}]}]'
    answer = await known.request("PATCH", "Observation/t", extension, **JSON_PATCH)
    assert answer.status_code == 200, answer.text
    again = await patch(known, "Observation/t", replace("/status", "amended"))
    assert '"valueDecimal":1.10' in again.text


async def test_a_test_that_does_not_hold_changes_nothing(known):
    test = {"op": "test", "path": "/valueInteger", "value": 11}
    answer = await patch(known, "Observation/t", test, replace("/valueInteger", 14))
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == ["patch[0]"]
    assert (await known.get("Observation/t")).headers["etag"] == 'W/"1"'


@pytest.mark.parametrize(
    ("operations", "status", "where"),
    [
        ([{"op": "spoil", "path": "/a"}], 400, "[0]"),
        ([{"op": "replace", "path": "/status"}], 400, "[0]"),
        ([{"op": "copy", "path": "/a"}], 400, "[0]"),
        (["text"], 400, "[0]"),
        ([replace("/nothing/here", 1)], 422, "patch[0]"),
        ([replace("status", "final")], 422, "patch[0]"),
        ([replace("/id", "other")], 422, "Observation.id"),
        ([replace("/resourceType", "Patient")], 422, "Observation.resourceType"),
        ([{"op": "remove", "path": ""}], 422, ""),
        ([replace("/valueInteger", "twelve")], 400, "Observation.valueInteger"),
        ([replace("/status", "nonsense")], 400, "Observation.status"),
        ([replace("/valueInteger", 99)], 422, "Observation.value"),
    ],
)
async def test_what_a_patch_cannot_do_is_told_and_where(known, operations, status, where):
    answer = await known.request("PATCH", "Observation/t", operations, **JSON_PATCH)
    assert answer.status_code in (status, 422), answer.text
    issue = answer.json()["issue"][0]
    assert issue.get("expression", [""])[0].startswith(where.split(".")[0])
    assert (await known.get("Observation/t")).headers["etag"] == 'W/"1"'


async def test_a_patch_never_moves_a_record_to_another_patient(known):
    await known.put(
        "Patient/p2", make_patient(id="p2", identifier=[{"system": "urn:mrn", "value": "2"}])
    )
    answer = await patch(known, "Observation/t", replace("/subject/reference", "Patient/p2"))
    assert answer.status_code == 422
    assert "another patient" in answer.json()["issue"][0]["diagnostics"]


async def test_nobody_patches_what_is_anothers(known, colleague_fhir):
    probe = {"op": "test", "path": "/valueInteger", "value": 12}
    answer = await patch(colleague_fhir, "Observation/t", probe)
    assert answer.status_code == 403  # whether the test holds is not told
    assert (await patch(known, "Observation/none", probe)).status_code == 404


async def test_a_patch_that_doubles_itself_is_stopped(known):
    grow = {"op": "add", "path": "/extension", "value": [{"url": "u", "valueString": "x" * 1000}]}
    copies = [{"op": "copy", "from": "/extension", "path": "/extension/-"}] * 150
    answer = await patch(known, "Observation/t", grow, *copies)
    assert answer.status_code in (400, 422)
    assert (await patch(known, "Observation/t", *[grow] * 201)).status_code == 400


async def test_the_version_that_is_meant_is_patched(known):
    await patch(known, "Observation/t", replace("/valueInteger", 14))
    late = await patch(known, "Observation/t", replace("/valueInteger", 3), **{"If-Match": "1"})
    assert late.status_code == 412
    await known.request("DELETE", "Observation/t")
    assert (await patch(known, "Observation/t", replace("/valueInteger", 3))).status_code == 410


async def test_patches_at_the_same_time_lose_nothing(known):
    notes = [{"op": "add", "path": "/note/-", "value": {"text": f"note {n}"}} for n in range(5)]
    await patch(
        known, "Observation/t", {"op": "add", "path": "/note", "value": [{"text": "first"}]}
    )
    answers = await asyncio.gather(*(patch(known, "Observation/t", one) for one in notes))
    assert {one.status_code for one in answers} == {200}
    assert len((await known.get("Observation/t")).json()["note"]) == 6


async def test_a_merge_patch_is_taken_from_clients_that_send_one(known):
    for kind in ("application/merge-patch+json", "application/json"):
        part = {"valueInteger": 15, "effectiveDateTime": "2026-11-20T09:00:00Z", "note": None}
        answer = await known.request("PATCH", "Observation/t", part, **{"Content-Type": kind})
        assert answer.status_code == 200, answer.text
        assert answer.json()["valueInteger"] == 15


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/fhir+json", {"resourceType": "Parameters"}),
        ("application/json", {"resourceType": "Parameters"}),
        ("application/xml-patch+xml", b"<diff/>"),
        ("application/json-patch+json", {"valueInteger": 1}),
        ("application/merge-patch+json", []),
        ("application/json-patch+json; charset=iso-8859-1", []),
    ],
)
async def test_other_patches_are_told_apart(known, kind, content):
    answer = await known.request("PATCH", "Observation/t", content, **{"Content-Type": kind})
    assert answer.status_code == 415
