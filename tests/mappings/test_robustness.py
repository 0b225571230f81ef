"""Whatever a sender does to a resource, reading answers or refuses; it never fails."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import RegistryError
from fhir_mappings.bundle import read_bundle
from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.resources import read_resource
from tests.mappings.examples import coded, make_observation, make_patient, make_phq9, setting

WHOLE = [
    make_phq9(0, 1, 2, 3, identifier={"system": "urn:f", "value": "1"}),
    make_observation(
        "44249-1",
        hasMember=[{"reference": "Observation/1"}],
        component=[{"code": {"coding": [{"system": "http://loinc.org", "code": "44250-9"}]}}],
        valueQuantity={"value": 3, "unit": "{score}"},
        identifier=[{"system": "urn:o", "value": "2"}],
    ),
    make_observation(
        "44260-8", valueCodeableConcept={"coding": [coded("LA6569-3")["valueCoding"]]}
    ),
    make_patient(
        telecom=[{"system": "phone", "value": "1"}],
        communication=[{"language": {"coding": [{"code": "en"}]}}],
        link=[{"type": "replaced-by", "other": {"reference": "Patient/2"}}],
    ),
]
ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        " ",
        "x",
        "1e9",
        "Patient/1",
        "2026",
        [],
        {},
        [None],
        [{}],
        {"a": 1},
    ]
) | st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=5)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = node.items() if isinstance(node, dict) else enumerate(node)
    found = []
    for step, child in children:
        found.append((*path, step))
        if isinstance(child, dict | list):
            found += places(child, (*path, step))
    return found


def put(root: Any, path: tuple[Any, ...], value: Any) -> None:
    for step in path[:-1]:
        root = root[step]
    root[path[-1]] = copy.deepcopy(value)


@st.composite
def mutilated(draw: st.DrawFn) -> dict[str, Any]:
    resource = copy.deepcopy(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(resource)))
        if path != ("resourceType",):
            put(resource, path, draw(ODD))
    return resource


@settings(max_examples=300, deadline=None)
@given(mutilated())
def test_a_mutilated_resource_is_read_or_refused(resource):
    try:
        read_resource(read_json(write_json(resource)), setting(resource["resourceType"]))
    except RegistryError as refusal:
        assert refusal.message


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["type", "entry"]), ODD)
    | st.fixed_dictionaries(
        {
            "type": st.just("batch"),
            "entry": st.lists(
                st.fixed_dictionaries(
                    {
                        "request": ODD
                        | st.dictionaries(
                            st.sampled_from(["method", "url", "ifMatch", "ifNoneExist"]),
                            ODD | st.sampled_from(["POST", "PUT"]),
                        )
                    },
                    optional={"fullUrl": ODD, "resource": ODD | mutilated()},
                ),
                max_size=3,
            ),
        }
    )
)
def test_a_mutilated_bundle_is_read_or_refused(bundle):
    try:
        read_bundle({"resourceType": "Bundle", **bundle}, "https://registry.example/fhir")
    except RegistryError as refusal:
        assert refusal.message
