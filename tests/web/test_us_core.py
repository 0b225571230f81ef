"""What public suites ask of a US Core server, as a table: every search that US Core 7.0.0 says
SHALL or SHOULD of a type that is kept, by GET and by POST, with values of a resource that is there.

Inferno's US Core test kit builds the same searches from what it finds; the values here are those of
the resources below, each sent by an EHR.
"""

from typing import Any
from urllib.parse import urlencode

import pytest

from app.domain.scopes import read_scopes
from tests.mappings.examples import make_patient
from tests.web.fhir_face import make_client
from tests.web.site import Site
from tests.web.smart_client import make_vendor
from tests.web.us_core_world import AFTER, BEFORE, DATES, SEARCHES, SENT

pytest_plugins = ["tests.web.fhir_face"]


async def world(fhir: Any) -> None:
    for kind, body in SENT.items():
        told = await fhir.put(f"{kind}/{body['id']}", body)
        assert told.status_code == 201, f"{kind}: {told.text}"


def found(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    entries = answer.json().get("entry", [])
    return [one["resource"]["id"] for one in entries if one["search"]["mode"] == "match"]


async def test_every_search_of_us_core_finds_it_by_get_and_by_post(fhir) -> None:
    """One world for all of them: it is only read."""
    await world(fhir)
    said = {"Content-Type": "application/x-www-form-urlencoded"}
    for kind, asked in SEARCHES:
        query = urlencode(asked)
        got = found(await fhir.get(f"{kind}?{query}"))
        posted = found(await fhir.request("POST", f"{kind}/_search", query.encode(), **said))
        assert SENT[kind]["id"] in got, (kind, asked)
        assert posted == got, (kind, asked)


async def test_a_patient_is_named_by_its_id_or_by_its_type_and_id_or_by_its_address(fhir) -> None:
    await world(fhir)
    for kind in sorted({kind for kind, asked in SEARCHES if "patient" in asked}):
        whole = found(await fhir.get(f"{kind}?patient=85"))
        assert SENT[kind]["id"] in whole
        assert found(await fhir.get(f"{kind}?patient=Patient/85")) == whole
        assert (
            found(await fhir.get(f"{kind}?patient=https://registry.example/fhir/Patient/85"))
            == whole
        )
        assert found(await fhir.get(f"{kind}?patient=nobody")) == []
        assert SENT[kind]["id"] in found(await fhir.get(f"Patient/85/{kind}"))


@pytest.mark.parametrize(
    ("kind", "name"),
    sorted({(kind, name) for kind, asked in SEARCHES for name in asked if name in DATES[:-1]}),
)
async def test_comparators(fhir, kind, name) -> None:
    await world(fhir)
    ours = SENT[kind]["id"]
    for value, there in (
        (f"gt{BEFORE}", True),
        (f"ge{BEFORE}", True),
        (f"lt{AFTER}", True),
        (f"le{AFTER}", True),
        (f"gt{AFTER}", False),
        (f"lt{BEFORE}", False),
        ("2026-03-02", True),
        ("2026-03", True),
        ("2026-04", False),
    ):
        listed = found(await fhir.get(f"{kind}?patient=85&{name}={value}"))
        assert (ours in listed) is there, (kind, name, value)


@pytest.mark.parametrize(
    ("search", "included"),
    [
        ("Encounter?_id=visit&_include=Encounter:location", "Location"),
        (
            "PractitionerRole?practitioner=lind&_include=PractitionerRole:practitioner",
            "Practitioner",
        ),
        ("Observation?_id=score&_include=Observation:subject", "Patient"),
        ("CareTeam?patient=85&_include=CareTeam:participant", "Practitioner"),
        ("Condition?patient=85&_include=Condition:encounter", "Encounter"),
    ],
)
async def test_includes(fhir, search, included) -> None:
    await world(fhir)
    entries = (await fhir.get(search)).json()["entry"]
    along = [
        one["resource"]["resourceType"] for one in entries if one["search"]["mode"] == "include"
    ]
    assert included in along


async def test_the_capability_statement_is_as_suites_want_it(fhir) -> None:
    told = (await fhir.get("metadata")).json()
    assert (told["resourceType"], told["status"], told["kind"]) == (
        "CapabilityStatement",
        "active",
        "instance",
    )
    assert told["fhirVersion"] == "4.0.1"
    assert {"application/fhir+json", "json"} <= set(told["format"])
    assert told["implementation"]["url"] == "https://registry.example/fhir"
    us_core = "http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server"
    assert any(one.startswith(us_core) for one in told["instantiates"])
    [rest] = told["rest"]
    assert rest["mode"] == "server"
    assert rest["security"]["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    by_type = {one["type"]: one for one in rest["resource"]}
    assert len(by_type) == len(rest["resource"]), "each type once"
    for kind, asked in SEARCHES:
        names = {one["name"] for one in by_type[kind]["searchParam"]}
        assert set(asked) <= names, (kind, set(asked) - names)
        codes = {one["code"] for one in by_type[kind]["interaction"]}
        assert {"read", "search-type"} <= codes
    for kind in ("Patient", "Condition", "Observation", "CarePlan", "CareTeam", "Encounter"):
        assert by_type[kind]["supportedProfile"]
        assert "Provenance:target" in by_type[kind]["searchRevInclude"]


async def test_a_token_is_asked_for_and_its_scopes_hold(
    site: Site, engine, open_face, fhir
) -> None:
    http = await site.open()
    for headers in ({}, {"Authorization": "Bearer made.up"}, {"Authorization": "Basic x"}):
        answer = await http.get("/fhir/Patient", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["resourceType"] == "OperationOutcome"
    few = read_scopes("system/Patient.rs")
    reader = await open_face(await make_client(engine, fhir.actor.org_id, "Reader", few))
    assert (await reader.get("Patient")).status_code == 200
    assert (await reader.get("Condition")).status_code == 403
    assert (await reader.post("Patient", make_patient())).status_code == 403


async def test_the_smart_configuration_is_as_backend_services_want_it(site: Site) -> None:
    http = await site.open()
    told = (await http.get("/fhir/.well-known/smart-configuration")).json()
    assert told["token_endpoint"].startswith("https://")
    assert "client_credentials" in told["grant_types_supported"]
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert {"ES384", "RS384"} <= set(told["token_endpoint_auth_signing_alg_values_supported"])
    assert "client-confidential-asymmetric" in told["capabilities"]
    assert "permission-v2" in told["capabilities"]
    assert "system/*.cruds" in told["scopes_supported"]
    vendor = await make_vendor(site, "system/*.cruds")
    answer = await vendor.ask(scope="system/*.rs")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["token_type"].lower() == "bearer"
    assert 0 < body["expires_in"] <= 300
    assert body["scope"] == "system/*.rs"


async def test_what_is_not_known_is_refused_or_left_aside_as_is_wished(fhir) -> None:
    await world(fhir)
    strict = await fhir.get("Patient?colour=red", Prefer="handling=strict")
    assert strict.status_code == 400
    assert strict.json()["issue"][0]["expression"] == ["colour"]
    lenient = await fhir.get("Patient?colour=red&_id=85", Prefer="handling=lenient")
    assert found(lenient) == ["85"]
    [link] = [one["url"] for one in lenient.json()["link"] if one["relation"] == "self"]
    assert "colour" not in link
    modes = [one["search"]["mode"] for one in lenient.json()["entry"]]
    assert "outcome" in modes, "it is told what was left aside"
