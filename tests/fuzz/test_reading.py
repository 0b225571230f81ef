"""48,000 mutated messages are read: each is understood or refused, and none breaks the reading."""

import pytest

from app.errors import RegistryError
from app.use_cases.arrivals import NotKept
from fhir_mappings.json_text import read_json
from fhir_mappings.operation_outcome import refusal_issues
from tests.fuzz.cases import Case, case, read
from tests.fuzz.seeds import SECRET

CASES = 48_000
CHUNK = 3_000


def _read(one: Case) -> bool:
    """Whether it was understood; what is understood keeps everything that was said."""
    try:
        message = read(one)
    except RegistryError as refusal:
        told = str(refusal_issues(refusal))
        assert refusal.message
        assert SECRET not in told, told
        return False
    said = message.said
    for index, slot in enumerate(message.slots):
        if slot.arrival and not isinstance(slot.arrival.content, NotKept):
            resource = said if one.path else said["entry"][index]["resource"]
            assert read_json(slot.arrival.body({})) == resource
    return True


@pytest.mark.parametrize("start", range(0, CASES, CHUNK))
def test_mutated_messages_are_read_or_refused(start):
    understood = 0
    for number in range(start, start + CHUNK):
        one = case(number)
        try:
            understood += _read(one)
        except Exception as error:
            pytest.fail(f"{type(error).__name__}: {error} in {one.words}")
    assert CHUNK * 0.02 < understood < CHUNK * 0.6  # else it tries only one side of the door
