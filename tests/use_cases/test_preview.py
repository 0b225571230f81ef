"""The preview counts by the summaries what judging all the facts would find."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import event

from app.demo.load import ORG, ZONE, load
from app.domain.actor import system
from app.domain.condition import Condition
from app.domain.evaluate import evaluate_episode
from app.domain.flag import FlagKind
from app.domain.own_protocol import Draft, amend, numbers_of
from app.domain.protocol import BAO_SOWA, PROTOCOLS, Protocol
from app.migrating import migrate
from app.settings import Settings
from app.store import episodes
from app.store.transaction import Store
from app.use_cases.judging import facts_in_care
from app.use_cases.preview_protocols import preview
from app.use_cases.reevaluate_patient import load_facts
from app.wiring import build_services
from tests import postgres
from tests.postgres import Server

TODAY = date(2026, 11, 24)
PATIENTS = 120


@pytest.fixture
def fresh(server: Server) -> Iterator[str]:
    with postgres.database(server, "previewed") as name:
        migrate(server.url(name))
        yield server.url(name)


@pytest.fixture
async def demo(fresh: str) -> AsyncIterator[Store]:
    """A transaction in a caseload of every kind of story."""
    services = build_services(Settings(), fresh)
    await load(services.database, PATIENTS, 7, TODAY, lambda _: None)
    async with services.database.transaction(system(ORG, ZONE)) as store:
        yield store
    await services.database.engine.dispose()


async def found_by_all_the_facts(store: Store, condition: Condition, protocol: Protocol) -> int:
    """How many open episodes carry the finding, with every assessment looked at."""
    ids = await episodes.list_patients_treated_for(store, condition)
    known = [facts_in_care(facts) for facts in await load_facts(store, ids)]
    return sum(
        any(
            finding.kind is FlagKind.NOT_RESPONDING
            for finding in evaluate_episode(replace(one, protocol=protocol), TODAY)
        )
        for one in known
        if one is not None
    )


async def test_the_preview_is_what_the_judgement_would_be(demo: Store) -> None:
    draft = Draft("Ours", "Why.", {n.key: n.value for n in numbers_of(BAO_SOWA)})
    changes: dict[str, int | None] = {"stage-1-after_days": 35, "stage-1-reduction": 60}
    own = amend(BAO_SOWA, replace(draft, numbers={**draft.numbers, **changes}), 9)
    told = await preview(demo, [*PROTOCOLS.values(), own], TODAY)
    conditions = [one.condition for one in told]
    in_care = [await episodes.list_patients_treated_for(demo, one) for one in conditions]
    assert [one.in_care for one in told] == [len(ids) for ids in in_care]
    assert sum(map(len, in_care)) > PATIENTS * 0.9  # some were discharged
    counts = set()
    for one in told:
        for candidate in one.candidates:
            expected = await found_by_all_the_facts(demo, one.condition, candidate.protocol)
            assert candidate.flagged == expected, (one.condition, candidate.protocol.name)
            moved = candidate.newly.count - candidate.no_longer.count
            assert candidate.flagged == one.flagged_now + moved
            assert not candidate.chosen or moved == 0
            counts.add((one.condition, expected))
    assert len(counts) > 4, "the protocols differ over this caseload"


async def test_the_summaries_are_read_once_however_many_protocols(demo: Store) -> None:
    told: list[str] = []

    def note(_a: object, _b: object, statement: str, *_: object) -> None:
        told.append(statement)

    engine = demo.connection.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await preview(demo, list(PROTOCOLS.values()), TODAY)
    event.remove(engine, "before_cursor_execute", note)
    assert sum("episode_instruments" in statement for statement in told) == 1
    assert not any("FROM assessments" in statement for statement in told)
