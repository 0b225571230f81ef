"""What the CapabilityStatement says is what the searches do, in both directions.

The statement alone is read here, as a client reads it: for each parameter there is a made-up resource
that says something there and one that says nothing.
"""

from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from fhir_mappings.combinations import COMBINATIONS
from fhir_mappings.conformance import PUBLISHED, RENDERED, TYPES
from fhir_mappings.indexing import values_of
from fhir_mappings.parameter import Kind, Parameter
from tests.mappings.examples import make_patient
from tests.web.made_up import made_up, sought
from tests.web.publishing import publish

pytest_plugins = ["tests.web.fhir_face"]

BESIDE_THE_BODY = {"_id", "_lastUpdated"}
OF_PATIENTS = ("patient", "subject", "for")


async def statement(fhir: Any) -> dict[str, dict[str, Any]]:
    rest = (await fhir.get("metadata")).json()["rest"][0]
    return {one["type"]: one for one in rest["resource"]}


async def ids(fhir: Any, search: str) -> list[str]:
    answer = await fhir.get(search)
    assert answer.status_code == 200, f"{search}: {answer.text}"
    return sorted(e["resource"]["id"] for e in answer.json().get("entry", ()))


def resource(kind: str, name: str, *elements: dict[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {"resourceType": kind, "id": name}
    for one in elements:
        whole |= one
    return whole


def is_of_patients(parameter: Parameter) -> bool:
    return parameter.name in OF_PATIENTS and parameter.targets == ("Patient",)


async def world(fhir: Any, kind: str) -> list[tuple[Parameter, str, str]]:
    """(parameter, path, id) of a resource for each path of each parameter, and one that is bare."""
    await fhir.put("Patient/a", make_patient(id="a"))
    cases, about, bodies = [], [], [resource(kind, "bare")]
    for parameter in TYPES[kind].parameters.values():
        for n, path in enumerate(parameter.paths):
            name = f"{parameter.name.replace('_', 'x')}-{n}"
            cases.append((parameter, path, name))
            body = resource(kind, name, made_up(kind, parameter, path))
            (about if is_of_patients(parameter) else bodies).append(body)
    await publish(fhir, *bodies)
    if about:
        await publish(fhir, *about, patient="a")
    return cases


@pytest.mark.parametrize("kind", PUBLISHED)
async def test_each_parameter_that_is_advertised_finds_what_says_so_and_nothing_else(fhir, kind):
    told = (await statement(fhir))[kind]["searchParam"]
    cases = await world(fhir, kind)
    assert {one["name"] for one in told} == {p.name for p, *_ in cases} | BESIDE_THE_BODY
    assert {(one["name"], one["type"]) for one in told} >= {(p.name, p.kind) for p, *_ in cases}
    for parameter, path, name in cases:
        await holds_of(fhir, kind, parameter, path, name, cases)


async def holds_of(
    fhir: Any, kind: str, parameter: Parameter, path: str, name: str, cases: Any
) -> None:
    """Every way of asking by the parameter tells the one that says it from the bare one."""
    text, asked = sought(kind, parameter, path), f"{kind}?_count=200&{parameter.name}"
    found = set(await ids(fhir, f"{asked}={text}"))
    also = {n for p, at, n in cases if says_too(kind, p, at, parameter)}
    assert name in found, (parameter, path)
    assert found - {"a"} <= also, (parameter, path)
    is_derived = (kind, parameter.name) == ("Patient", "deceased")
    if not is_derived:  # of whom nothing is said, lives: it is never missing
        missing = await ids(fhir, f"{asked}:missing=true")
        there = await ids(fhir, f"{asked}:missing=false")
        assert ("bare" in missing, name in there) == (True, True), (parameter, path)
        assert not set(missing) & set(there)
    if parameter.kind is Kind.TOKEN:
        without = await ids(fhir, f"{asked}:not={text}")
        assert (name in without, "bare" in without) == (False, True), (parameter, path)
    if parameter.kind is Kind.STRING:
        assert name in await ids(fhir, f"{asked}:exact={text}")
        assert name not in await ids(fhir, f"{asked}:exact={text.upper()}")
    if parameter.kind in (Kind.DATE, Kind.STRING):
        upward = await ids_in_order(fhir, f"{kind}?_count=200&_sort={parameter.name}")
        assert upward.index(name) < upward.index("bare"), (parameter, path)


def says_too(kind: str, other: Parameter, at: str, parameter: Parameter) -> bool:
    """Whether the resource that was made up for the other says something here as well."""
    made = resource(kind, "x", made_up(kind, other, at))
    return any(True for _ in values_of(made, parameter))


async def ids_in_order(fhir: Any, search: str) -> list[str]:
    answer = await fhir.get(search)
    assert answer.status_code == 200, f"{search}: {answer.text}"
    return [e["resource"]["id"] for e in answer.json().get("entry", ())]


@pytest.mark.parametrize("kind", PUBLISHED)
async def test_each_include_that_is_advertised_brings_what_is_referred_to(fhir, kind):
    told = (await statement(fhir))[kind]
    includes = [one for one in told.get("searchInclude", ()) if one != "*"]
    parameters = [TYPES[kind].parameters[one.partition(":")[2]] for one in includes]
    targets = {one.targets[0] if one.targets else "Observation" for one in parameters}
    await publish(fhir, *(resource(one, "a") for one in sorted(targets - {"Patient"})))
    for parameter, path, name in await world(fhir, kind):
        include = f"{kind}:{parameter.name}"
        if parameter.kind is not Kind.REFERENCE or include not in told["searchInclude"]:
            continue
        search = f"{kind}?_id={name}&_include={include}"
        entries = (await fhir.get(search)).json()["entry"]
        modes = {e["resource"]["id"]: e["search"]["mode"] for e in entries}
        assert modes == {name: "match", "a": "include"}, (parameter, path)


@pytest.mark.parametrize("kind", PUBLISHED)
async def test_each_reverse_include_and_has_finds_what_refers_here(fhir, kind):
    told = (await statement(fhir))[kind]
    if kind == "Patient":
        await fhir.put("Patient/a", make_patient(id="a"))
    else:
        await publish(fhir, resource(kind, "a"))
    for n, reverse in enumerate(told.get("searchRevInclude", ())):
        other, _, name = reverse.partition(":")
        if other in RENDERED:
            continue  # held in test_fhir_provenance
        parameter = TYPES[other].parameters[name]
        pointing = {"reference": f"{kind}/a"}
        body = resource(other, f"r{n}", _pointing(other, parameter, pointing))
        await publish(fhir, body, patient="a" if is_of_patients(parameter) else None)
        entries = (await fhir.get(f"{kind}?_id=a&_revinclude={reverse}&_count=200")).json()["entry"]
        brought = [e["resource"]["id"] for e in entries if e["search"]["mode"] == "include"]
        assert f"r{n}" in brought, reverse
        has = await ids(fhir, f"{kind}?_has:{other}:{name}:_id=r{n}")
        assert has == ["a"], reverse


def _pointing(other: str, parameter: Parameter, pointing: dict[str, str]) -> dict[str, Any]:
    made = made_up(other, parameter, parameter.paths[0])

    def put(node: Any) -> Any:
        if isinstance(node, list):
            return [put(one) for one in node]
        if isinstance(node, str):
            return node
        if isinstance(node.get("reference"), str):
            return pointing
        return {name: put(child) for name, child in node.items()}

    return put(made)  # type: ignore[no-any-return]


NAMES = sorted({name for one in TYPES.values() for name in one.parameters} | {"bodysite", "_text"})
"""Names of parameters that some type has, and some that R4 has and the registry offers nowhere."""


@pytest.mark.parametrize("kind", PUBLISHED)
async def test_no_parameter_works_that_is_not_advertised(fhir, kind):
    told = {one["name"] for one in (await statement(fhir))[kind]["searchParam"]}
    for name in [one for one in NAMES if one not in told]:
        answer = await fhir.get(f"{kind}?{name}=a", Prefer="handling=strict")
        assert answer.status_code == 400, name
        (issue,) = answer.json()["issue"]
        assert issue["expression"] == [name]


@pytest.mark.parametrize("kind", PUBLISHED)
async def test_no_include_works_that_is_not_advertised(fhir, kind):
    told = (await statement(fhir))[kind]
    every = [f"{one.name}:{name}" for one in TYPES.values() for name in one.parameters]
    for way, offered in (("_include", "searchInclude"), ("_revinclude", "searchRevInclude")):
        for one in [o for o in every if o not in told.get(offered, ())][:40]:
            answer = await fhir.get(f"{kind}?{way}={one}")
            assert answer.status_code == 400, (way, one)


async def test_the_statement_is_one_and_its_combinations_are_of_what_is_offered(fhir):
    whole = (await fhir.get("metadata")).json()
    CapabilityStatement.model_validate(whole)
    for one in whole["rest"][0]["resource"]:
        offered = {each["name"] for each in one.get("searchParam", ())}
        for combined in one.get("extension", ()):
            names = {part["valueString"] for part in combined["extension"]}
            assert names <= offered, one["type"]
    assert set(COMBINATIONS) <= {one["type"] for one in whole["rest"][0]["resource"]}
    assert "[]" not in (await fhir.get("metadata")).text


@pytest.mark.parametrize("kind", sorted(COMBINATIONS))
async def test_each_combination_finds_what_says_all_of_it(fhir, kind):
    await fhir.put("Patient/a", make_patient(id="a"))
    every = TYPES[kind].parameters
    for n, names in enumerate(COMBINATIONS[kind]):
        parts = [every[one] for one in names if every[one].paths]
        whole = [made_up(kind, one, one.paths[0]) for one in parts]
        about = "a" if "patient" in names else None
        others = [part for part, one in zip(whole, parts, strict=True) if one.name != "patient"]
        subject = [part for part, one in zip(whole, parts, strict=True) if one.name == "patient"]
        bodies = [resource(kind, f"all-{n}", *whole), resource(kind, f"less-{n}", *subject)]
        await publish(fhir, *bodies, patient=about)
        assert others or "_lastUpdated" in names
        texts = [(one.name, sought(kind, one, one.paths[0])) for one in parts]
        texts += [("_lastUpdated", "gt2020")] if "_lastUpdated" in names else []
        found = await ids(fhir, f"{kind}?" + "&".join(f"{name}={text}" for name, text in texts))
        assert f"all-{n}" in found, names
        assert (f"less-{n}" in found) is not bool(others), names
