"""Resources to read, built from what a test is about; and the real ones beside the repository."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.reading import PartReading, Reading, Setting, Unkept
from fhir_mappings.resources import read_resource

SHARED = Path(__file__).resolve().parents[3] / "shared" / "fhir"

PHQ9_CODES = [
    "44250-9",
    "44255-8",
    "44259-0",
    "44254-1",
    "44251-7",
    "44258-2",
    "44252-5",
    "44253-3",
    "44260-8",
]
FREQUENCY = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
LOINC = "http://loinc.org"


def shared_file(name: str) -> bytes:
    """A real example's bytes; where the folder is absent the test says so and is skipped."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the real examples are not beside this repository: ../shared/fhir/{name}")
    return path.read_bytes()


def shared_resource(name: str) -> dict[str, Any]:
    return read_json(shared_file(name))


def setting(where: str = "Observation", **more: Any) -> Setting:
    return Setting(where=where, zone=UTC, received_on=date(2026, 11, 23), **more)


def read(resource: Mapping[str, Any], **more: Any) -> Reading:
    """Read a resource as the face does: after a trip through JSON."""
    trip = json.loads(json.dumps(resource, default=_number), parse_float=Decimal)
    return read_resource(trip, setting(str(resource.get("resourceType")), **more))


def _number(value: Decimal) -> float:
    return float(value)


def part_of(resource: Mapping[str, Any], **more: Any) -> PartReading:
    content = read(resource, **more).content
    assert isinstance(content, PartReading), content
    return content


def unkept(resource: Mapping[str, Any]) -> Unkept:
    content = read(resource).content
    assert isinstance(content, Unkept), content
    return content


def words_of(resource: Mapping[str, Any]) -> str:
    """Everything that is remarked on while reading, in one text."""
    return " ".join(f"{one.where}: {one.words}" for one in read(resource).remarks)


def loinc(code: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": code}]}


def make_observation(loinc_code: str, /, **more: Any) -> dict[str, Any]:
    """An Observation of this LOINC code; more elements by name, None takes one away."""
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": loinc(loinc_code),
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-20T10:00:00+01:00",
    }
    return _with(resource, more)


def coded(code: str) -> dict[str, Any]:
    """A valueCoding of a LOINC answer."""
    return {"valueCoding": {"system": LOINC, "code": code}}


def make_response(
    answers: Mapping[str, Mapping[str, Any]],
    questionnaire: str | None = "http://loinc.org/q/44249-1",
    **more: Any,
) -> dict[str, Any]:
    """A QuestionnaireResponse with one item for each linkId."""
    resource = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": questionnaire,
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "authored": "2026-11-20T10:00:00+01:00",
        "item": [{"linkId": link, "answer": [dict(answer)]} for link, answer in answers.items()],
    }
    return _with(resource, {"questionnaire": questionnaire, **more})


def make_phq9(*values: int, **more: Any) -> dict[str, Any]:
    """A PHQ-9 with these option values for its first items."""
    answers = {
        f"/{code}": coded(FREQUENCY[value]) for code, value in zip(PHQ9_CODES, values, strict=False)
    }
    return make_response(answers, **more)


def make_patient(**more: Any) -> dict[str, Any]:
    resource = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:mrn", "value": "1001"}],
        "name": [{"use": "official", "family": "Rivera", "given": ["Ana", "M"]}],
        "gender": "female",
        "birthDate": "1980-02-29",
    }
    return _with(resource, more)


def _with(resource: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    both = {**resource, **more}
    return {name: value for name, value in both.items() if value is not None}


def again(body: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The same body after a change to its content."""
    resource = read_json(body)
    change(resource)
    return write_json(resource)
