"""2,000 mutated messages come to the whole face over a real database: none fails, and none that is
refused leaves anything behind."""

import pytest
from sqlalchemy import func, literal_column, select, union_all

from app.errors import RegistryError
from app.store.tables import tenant_tables
from tests.fuzz.cases import Case, case, read
from tests.fuzz.seeds import SECRET
from tests.mappings.examples import make_patient
from tests.web.fhir_face import Face

pytest_plugins = ["tests.web.fhir_face"]

FIRST = 1_000_000
"""Other cases than those that are only read."""
CASES = 2_000
CHUNK = 200
_TELLS_OF_REFUSALS = frozenset({"inbound_messages", "audit_events", "audit_shown"})
"""What may grow although nothing was taken."""


async def _rows(fhir: Face) -> list[tuple[str, int]]:
    """How many rows every table of the organization holds."""
    counts = [
        select(literal_column(f"'{table.name}'").label("name"), func.count().label("rows"))
        .select_from(table)
        .where(table.c.org_id == fhir.actor.org_id)
        for table in tenant_tables()
        if table.name not in _TELLS_OF_REFUSALS
    ]
    async with fhir.database.transaction(fhir.actor) as store:
        found = (await store.connection.execute(union_all(*counts))).all()
    return sorted((name, rows) for name, rows in found)


async def _send(fhir: Face, one: Case) -> bool:
    """Whether it was taken."""
    answer = await fhir.request(
        one.method, one.path, one.body, **{"Content-Type": one.headers["content-type"]}
    )
    assert answer.status_code < 500, (answer.status_code, one.words)
    if answer.status_code < 300:
        return True
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome", one.words
    assert all(issue["diagnostics"] for issue in outcome["issue"]), one.words
    assert SECRET not in answer.text, one.words
    return False


def _may_be_taken(one: Case) -> bool:
    """Whether the reading lets it through; then the rows are counted before it may add to them."""
    try:
        read(one)
    except RegistryError:
        return False
    return True


@pytest.mark.parametrize("start", range(FIRST, FIRST + CASES, CHUNK))
async def test_a_mutated_message_is_taken_whole_or_not_at_all(fhir, start):
    for name in ("p1", "85"):
        known = make_patient(id=name, identifier=[{"system": "urn:m", "value": name}])
        assert (await fhir.put(f"Patient/{name}", known)).status_code == 201
    before, taken, refused = await _rows(fhir), 0, list[int]()
    for number in range(start, start + CHUNK):
        one = case(number)
        if refused and _may_be_taken(one):
            assert await _rows(fhir) == before, f"one of the cases {refused} left something"
            refused.clear()
        if await _send(fhir, one):
            before, taken = await _rows(fhir), taken + 1
        else:
            refused.append(number)
    assert await _rows(fhir) == before, f"one of the cases {refused} left something"
    assert taken
