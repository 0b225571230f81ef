"""Two records of one person are joined and parted, and nothing is lost on the way."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.patient import Patient as R4Patient

from app.errors import Conflict, NotFound, Unprocessable
from app.store import merges, merging
from app.store.care import list_treatment_events
from app.store.episodes import list_episodes
from app.store.patients import RecordJoined, find_by_fhir_id, search_patients
from app.store.tables import tenant_tables
from app.use_cases.discharge_patient import DischargeForm, discharge_patient
from app.use_cases.enrol_patient import EnrolForm, enrol_patient
from app.use_cases.merge_patients import MergeForm, merge_patients
from app.use_cases.record_assessment import FormByHand, record_by_hand
from app.use_cases.unmerge_patients import list_arrived_since, unmerge_patients
from tests.mappings.examples import make_patient
from tests.web.records import NUMBERS, SEVERE, UNSAFE, WELL, Records, make_records
from tests.web.site import Site


async def joined(records: Records, winner: UUID, loser: UUID, kept: UUID | None = None) -> UUID:
    form = MergeForm(winner, loser, "Same person: spoke with her", kept)
    found: UUID = await records.act(merge_patients, form, records.today)
    return found


async def two(records: Records) -> tuple[UUID, UUID]:
    return await records.patient("p1"), await records.patient("p2")


def test_every_table_that_refers_to_a_patient_is_named() -> None:
    referring = set(merging.referring_tables())
    assert referring == set(merging.FATES), "say whether its rows move, or why they stay"
    for name in (n for n, fate in merging.FATES.items() if fate == merging.MOVES):
        assert merging.referring_tables()[name] == ["patient_id"]
    with_the_column = {t.name for t in tenant_tables() if "patient_id" in t.c}
    as_written = {
        "audit_events",
        "audit_shown",
        "resource_versions",
    }  # what tells of acts stays as it was written
    assert with_the_column - referring == as_written


async def test_everything_moves_and_both_records_lead_to_it(records: Records) -> None:
    one, other = await two(records)
    await records.screened("p1", "q1", SEVERE, 60)
    await records.screened("p2", "q2", UNSAFE, 1)
    episode = await records.enrolled(other)
    await joined(records, one, other)
    assert len(await records.assessments(one)) == 2
    assert await records.assessments(other) == []
    assert len(await records.flags(one)) == 1, "the safety flag came along"
    (course,) = await records.act(list_episodes, one)
    assert course.episode_id == episode
    for number in ("p1", "p2"):
        (found,) = await records.act(search_patients, [], None, number, 5)
        assert found.patient_id == one, "either number finds the record that goes on"


async def test_the_fhir_face_tells_of_the_link_and_a_search_by_either_finds_all(
    records: Records,
) -> None:
    one, other = await two(records)
    await records.screened("p1", "q1", SEVERE, 60)
    await records.screened("p2", "q2", SEVERE, 30)
    before = await records.read("Patient/p2")
    merge_id = await joined(records, one, other)
    lost, kept = await records.read("Patient/p2"), await records.read("Patient/p1")
    assert lost["active"] is False
    assert [(x["type"], x["other"]["reference"]) for x in lost["link"]] == [
        ("replaced-by", "Patient/p1")
    ]
    assert [(x["type"], x["other"]["reference"]) for x in kept["link"]] == [
        ("replaces", "Patient/p2")
    ]
    for resource in (lost, kept):
        R4Patient.model_validate(resource)
        assert resource["meta"]["versionId"] == "2"
    for who in ("p1", "p2"):
        found = await records.found(f"QuestionnaireResponse?patient=Patient/{who}")
        assert {"QuestionnaireResponse/q1", "QuestionnaireResponse/q2"} <= found
    assert await records.read("Patient/p2/_history/1") == before, "as it was served then"

    await records.put(make_patient(id="p2", active=True, identifier=[_number("p2")]))
    lost = await records.read("Patient/p2")
    assert (lost["active"], len(lost["link"])) == (False, 1), "its sender cannot part them"

    await records.act(unmerge_patients, merge_id, "Two sisters", records.today)
    lost, kept = await records.read("Patient/p2"), await records.read("Patient/p1")
    assert lost["active"] is True
    assert "link" not in lost
    assert "link" not in kept
    assert "_active" not in lost
    assert "QuestionnaireResponse/q2" not in await records.found(
        "QuestionnaireResponse?patient=Patient/p1"
    )


def _number(value: str) -> dict[str, str]:
    return {"system": NUMBERS, "value": value}


async def test_a_later_post_for_the_losing_record_is_filed_and_told(records: Records) -> None:
    one, other = await two(records)
    await joined(records, one, other)
    told = await records.screened("p2", "q9", UNSAFE)
    assert "joined-record" in told.text
    assert "Patient/p1" in told.text
    assert len(await records.assessments(one)) == 1
    assert len(await records.flags(one)) == 1, "a positive item 9 is never refused"
    again = await records.screened("p2", "q9", UNSAFE)
    assert again.status_code == 200
    assert len(await records.assessments(one)) == 1, "the same again is the same"


async def test_the_sender_may_join_its_own_records_afterwards(records: Records) -> None:
    """Its surviving Patient then carries both numbers: no conflict, the two are one person."""
    one, other = await two(records)
    await joined(records, one, other)
    await records.put(make_patient(id="p1", identifier=[_number("p1"), _number("p2")]))
    stranger = make_patient(id="p3", identifier=[_number("p2")])
    told = await records.site.send(stranger, "/fhir/Patient/p3", "PUT")
    assert told.status_code == 409


async def test_what_a_sender_says_of_a_replacement_is_a_persons_to_decide(records: Records) -> None:
    await two(records)
    link = [{"type": "replaced-by", "other": {"reference": "Patient/p1"}}]
    told = await records.put(
        make_patient(id="p2", active=False, link=link, identifier=[_number("p2")])
    )
    assert told.status_code == 200
    lost = await records.act(find_by_fhir_id, "p2")
    assert (lost.merged_into_id, lost.replaced_by_id) == (None, await records.id_of("p1"))
    told = await records.screened("p2", "q1", UNSAFE)
    assert "replaced-record" in told.text
    assert len(await records.flags(lost.patient_id)) == 1, "judged where it was sent until then"


async def test_of_two_open_episodes_a_person_chooses_and_the_other_is_closed(
    records: Records,
) -> None:
    one, other = await two(records)
    first, second = await records.enrolled(one, 90), await records.enrolled(other, 30)
    await records.screened("p2", "q1", SEVERE, 5)
    with pytest.raises(Unprocessable, match="Both records have an open episode"):
        await joined(records, one, other)
    assert len(await records.act(list_episodes, other)) == 1, "nothing half done"
    merge_id = await joined(records, one, other, kept=first)
    courses = {e.episode_id: e for e in await records.act(list_episodes, one)}
    assert (courses[first].status, courses[second].status) == ("active", "closed")
    told = [e.words for e in await records.act(list_treatment_events, second)]
    assert any("joined" in words for words in told)
    (measured,) = await records.assessments(one)
    assert measured.episode_id == first, "what was measured belongs to the one that goes on"
    await records.act(unmerge_patients, merge_id, "Two people", records.today)
    (back,) = await records.act(list_episodes, other)
    assert (back.episode_id, back.status, back.ended_on) == (second, "active", None)


async def test_the_same_measurement_from_two_records_counts_and_asks_once(
    records: Records,
) -> None:
    one, other = await two(records)
    await records.screened("p1", "q1", UNSAFE, 2)
    await records.screened("p2", "q2", UNSAFE, 2)
    await joined(records, one, other)
    assert len(await records.flags(one)) == 1
    assert "corrected" not in (await records.flags(one))[0].words


ROWS = ("assessments", "assessment_parts", "episodes", "flags", "patients", "contacts")
COUNTED = {"version", "updated_at"}


def plain(rows: merging.Rows) -> dict[str, dict[str, Any]]:
    """Rows without what goes on counting."""
    return {
        table: {
            key: {name: value for name, value in row.items() if name not in COUNTED}
            for key, row in found.items()
        }
        for table, found in rows.items()
    }


STORIES = [
    # (first record's screens, second's, enrolled first, enrolled second, which episode goes on)
    ([(WELL, 40), (SEVERE, 3)], [(UNSAFE, 2)], True, False, None),
    ([(SEVERE, 60), (SEVERE, 2)], [(SEVERE, 60), (SEVERE, 2)], True, True, 0),  # twins
    ([(UNSAFE, 50), (WELL, 1)], [(SEVERE, 20)], True, True, 1),  # the winner's episode closes
    ([], [(UNSAFE, 30), (SEVERE, 5)], False, True, None),
    ([(SEVERE, 400)], [(UNSAFE, 1)], False, False, None),
    ([(SEVERE, 65), (SEVERE, 1)], [(WELL, 30)], True, True, 0),  # not responding, then joined
]


@pytest.mark.parametrize("story", STORIES, ids=range(len(STORIES)))
async def test_joined_and_parted_every_row_is_as_it_was(records: Records, story: Any) -> None:
    first, second, in_care, other_in_care, goes_on = story
    one, other = await two(records)
    for who, screens in (("p1", first), ("p2", second)):
        for n, (answers, days_ago) in enumerate(screens):
            await records.screened(who, f"{who}-{n}", answers, days_ago)
    opened = [
        await records.enrolled(who, 70) if enrolled else None
        for who, enrolled in ((one, in_care), (other, other_in_care))
    ]
    before = plain(await records.rows(one, other))
    kept = opened[goes_on] if goes_on is not None else None
    merge_id = await joined(records, one, other, kept)
    assert plain(await records.rows(one, other)) != before
    await records.act(unmerge_patients, merge_id, "Two people", records.today)
    after = plain(await records.rows(one, other))
    for table, rows in before.items():
        for key, row in rows.items():
            assert after[table][key] == row, (table, key)
    # what is there besides tells of the joining: closed flags, and what stands on the chart
    for key in after["flags"].keys() - before["flags"].keys():
        assert after["flags"][key]["state"] == "closed"
    assert after["assessments"].keys() == before["assessments"].keys()
    assert after["episodes"].keys() == before["episodes"].keys()


async def test_what_came_since_stays_and_is_listed(records: Records) -> None:
    one, other = await two(records)
    await records.screened("p2", "old", SEVERE, 30)
    merge_id = await joined(records, one, other)
    await records.screened("p2", "new", UNSAFE, 1)
    await records.screened("p2", "old", UNSAFE, 30)  # a correction of what was there before
    merge = await records.act(merges.get_merge, merge_id)
    assert len(await records.act(list_arrived_since, merge)) == 1
    await records.act(unmerge_patients, merge_id, "Two people", records.today)
    assert len(await records.assessments(one)) == 1
    (back,) = await records.assessments(other)
    assert back.item_nine_value == 2, "the correction went back with what it corrects"
    assert len(await records.flags(one)) == len(await records.flags(other)) == 1


async def test_chains_are_undone_from_their_end(records: Records) -> None:
    a, b = await two(records)
    c = await records.patient("p3")
    await records.screened("p1", "q1", UNSAFE)
    first = await joined(records, b, a)
    second = await joined(records, c, b)
    assert (await records.act(find_by_fhir_id, "p1")).merged_into_id == c, "one step to the end"
    told = await records.screened("p1", "q2", SEVERE)
    assert "Patient/p3" in told.text
    with pytest.raises(Conflict, match="undo that first"):
        await records.act(unmerge_patients, first, "x", records.today)
    await records.act(unmerge_patients, second, "x", records.today)
    assert (await records.act(find_by_fhir_id, "p1")).merged_into_id == b
    await records.act(unmerge_patients, first, "x", records.today)
    assert len(await records.assessments(a)) == 1
    assert len(await records.flags(a)) == 1


async def test_what_cannot_be_joined(records: Records, other_site: Site) -> None:
    one, other = await two(records)
    theirs = await (await make_records(other_site)).patient("p9")
    with pytest.raises(Unprocessable):  # into itself
        await joined(records, one, one)
    with pytest.raises(NotFound):  # across organizations: as if it never was
        await joined(records, one, theirs)
    with pytest.raises(Unprocessable, match="not joined"):  # no reason
        await records.act(merge_patients, MergeForm(one, other, "  "), records.today)
    merge_id = await joined(records, one, other)
    assert await joined(records, one, other) == merge_id, "sent twice, done once"
    third = await records.patient("p3")
    with pytest.raises(Conflict):  # already joined
        await joined(records, third, other)
    with pytest.raises(Conflict):  # the other way round
        await joined(records, other, one)


async def test_nothing_is_written_to_a_joined_record_by_hand(records: Records) -> None:
    one, other = await two(records)
    await joined(records, one, other)
    form = FormByHand("phq-9", {"q1": 1}, datetime.now(UTC))
    with pytest.raises(RecordJoined):
        await records.act(record_by_hand, other, form, records.today)
    with pytest.raises(RecordJoined):
        await records.act(
            enrol_patient, other, EnrolForm(records.clinic_id, None, records.today), records.today
        )


async def test_a_screening_that_arrives_while_records_are_joined_is_not_lost(
    records: Records,
) -> None:
    """Both at once, many times, in both orders: every screening ends with the one who goes on."""
    for turn in range(8):
        one, other = f"a{turn}", f"b{turn}"
        winner, loser = await records.patient(one), await records.patient(other)
        if turn % 2:
            winner, loser = loser, winner
        sent = [records.screened(other, f"q{turn}-{n}", UNSAFE, n + 1) for n in range(3)]
        await asyncio.gather(*sent, joined(records, winner, loser))
        assert len(await records.assessments(winner)) == 3
        assert len(await records.flags(winner)) == 3
        assert await records.assessments(loser) == []


async def test_two_joinings_at_once_leave_one(records: Records) -> None:
    one, other = await two(records)
    third = await records.patient("p3")
    await records.screened("p2", "q1", UNSAFE)
    told = await asyncio.gather(
        joined(records, one, other), joined(records, third, other), return_exceptions=True
    )
    assert sum(isinstance(one, UUID) for one in told) == 1
    assert sum(isinstance(one, Conflict) for one in told) == 1
    moved = [await records.assessments(who) for who in (one, third)]
    assert sorted(map(len, moved)) == [0, 1]


async def test_an_episode_that_cannot_reopen_stays_closed(records: Records) -> None:
    """The winner's was closed by the joining; since then it was enrolled anew."""
    one, other = await two(records)
    mine, theirs = await records.enrolled(one, 90), await records.enrolled(other, 30)
    merge_id = await joined(records, one, other, kept=theirs)
    kept = next(e for e in await records.act(list_episodes, one) if e.episode_id == theirs)
    ending = DischargeForm("moved", "Moved away", {}, kept.version, "an ending")
    await records.act(discharge_patient, theirs, ending, records.today)
    await records.enrolled(one, 0)
    await records.act(unmerge_patients, merge_id, "Two people", records.today)
    mine_now = {e.episode_id: e.status for e in await records.act(list_episodes, one)}
    assert mine_now[mine] == "closed"
    assert sorted(mine_now.values()) == ["active", "closed"]
    (back,) = await records.act(list_episodes, other)
    assert (back.episode_id, back.status) == (theirs, "closed"), "a person closed it since"


async def test_links_are_found_among_any_number_of_patients(records: Records) -> None:
    """A roster publishes twenty thousand at once: more than one statement may name."""
    one, other = await two(records)
    await joined(records, one, other)
    found = await records.act(merges.list_links, ["p1", "p2", *(f"x{n}" for n in range(40_000))])
    assert found == {"p1": merges.Links(None, ("p2",)), "p2": merges.Links("p1", ())}
