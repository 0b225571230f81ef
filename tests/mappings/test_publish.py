"""What goes out: valid FHIR R4, and nothing of the sender's lost."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st

from app.domain.catalogue import INSTRUMENTS
from app.domain.criteria import TokenEntry
from app.domain.patient import PatientDetails
from app.domain.score import Score, score
from fhir_mappings.indexing import index_of
from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.publish import (
    PublishedAssessment,
    render_completed_form,
    render_known_patient,
    render_received,
    render_score,
)
from tests.mappings.examples import part_of, read

NOW = datetime(2026, 11, 23, 12, 0, 0, 5, UTC)


def is_valid(resource):
    with_id = {**resource, "id": "1"}
    get_fhir_model_class(resource["resourceType"]).model_validate(with_id)
    return True


def answered(instrument_id):
    """The second answer to each of up to nine questions."""
    return {one.key: one.values[1] for one in INSTRUMENTS[instrument_id].items[:9]}


def published(instrument_id="phq-9", answers=None, **more):
    return PublishedAssessment(
        **{
            "assessment_id": "a-1",
            "instrument": INSTRUMENTS[instrument_id],
            "patient_fhir_id": "85",
            "answers": answered(instrument_id) if answers is None else answers,
            "total": Decimal(9),
            "prorated": False,
            "severity": "Mild",
            "status": "final",
            "effective_at": datetime(2026, 11, 20, 9, tzinfo=UTC),
            **more,
        }
    )


# the sender's own


def test_id_and_version_are_set_and_the_rest_is_as_it_was():
    body = (
        b'{"meta":{"profile":["p"],"versionId":"77","tag":[{"code":"t"}]},"resourceType":"Observation",'
        b'"_status":{"id":"s"},"valueQuantity":{"value":1.10},"id":"theirs","extension":[{"url":"u",'
        b'"valueDecimal":42.674176102041564}]}'
    )
    assert render_received(body, "Observation", "ours", 3, NOW) == (
        b'{"meta":{"profile":["p"],"versionId":"3","tag":[{"code":"t"}],'
        b'"lastUpdated":"2026-11-23T12:00:00.000005Z"},"resourceType":"Observation",'
        b'"_status":{"id":"s"},"valueQuantity":{"value":1.10},"id":"ours","extension":[{"url":"u",'
        b'"valueDecimal":42.674176102041564}]}'
    )


def test_what_was_not_said_comes_first():
    found = render_received(b'{"resourceType":"Patient","active":true}', "Patient", "85", 1, NOW)
    assert list(read_json(found)) == ["resourceType", "id", "meta", "active"]


_DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=4)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | _DECIMALS
    | st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"))
)
_NAMES = st.text("abcdefgh_", min_size=1, max_size=6)
_TREES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner), max_leaves=20
)


@given(st.dictionaries(_NAMES, _TREES))
def test_everything_else_is_kept_whatever_it_is(said):
    body = write_json({"resourceType": "Observation", **said})
    served = read_json(render_received(body, "Observation", "1", 2, NOW))
    rest = {name: value for name, value in served.items() if name not in ("id", "meta")}
    assert write_json(rest) == body


# our own


@pytest.mark.parametrize("instrument_id", sorted(INSTRUMENTS))
@pytest.mark.parametrize("status", ["final", "amended", "entered-in-error"])
def test_a_total_of_ours_is_valid_and_reads_as_what_it_says(instrument_id, status):
    observation = render_score(published(instrument_id, total=Decimal(3), status=status))
    assert is_valid(observation)
    part = part_of(observation)
    if instrument_id in ("sasq", "sisq"):  # the answer is the total: one code, read as the answer
        assert (part.item_code, part.value) == (INSTRUMENTS[instrument_id].loinc_score, 3)
    else:
        assert (part.instrument_id, part.total) == (instrument_id, 3)
    assert part.reference == "Patient/85"


@pytest.mark.parametrize("instrument_id", sorted(INSTRUMENTS))
def test_a_total_of_ours_carries_the_answers_it_was_made_of(instrument_id):
    instrument = INSTRUMENTS[instrument_id]
    answers = {one.key: one.values[-1] for one in instrument.items}
    total = Decimal(instrument.maximum if not instrument.ordinal else 3)
    observation = render_score(published(instrument_id, answers, total=total))
    assert is_valid(observation)
    if instrument.is_single_question:
        assert "component" not in observation
        return
    assert part_of(observation).answers == {
        key: value for key, value in answers.items() if instrument.item(key).loinc
    }
    codes = [one["code"]["coding"][0]["code"] for one in observation["component"]]
    assert len(codes) == len(set(codes)) == len(answers)


def test_a_total_without_known_answers_has_no_components():
    assert "component" not in render_score(published(answers={}))


def test_a_prorated_total_says_so():
    observation = render_score(published(total=Decimal("12.4"), prorated=True))
    assert is_valid(observation)
    assert observation["valueQuantity"]["value"] == Decimal("12.4")
    assert "Prorated" in observation["note"][0]["text"]


@pytest.mark.parametrize(
    ("level", "code"),
    [
        (0, "c-ssrs-screener-level-0"),  # LL465-6 has no "none": a code of ours
        (1, "LA9194-7"),
        (2, "LA6751-7"),
        (3, "LA9193-9"),
    ],
)
def test_a_risk_level_is_a_coded_answer_and_no_number(level, code):
    observation = render_score(published("c-ssrs-screener", total=Decimal(level)))
    assert is_valid(observation)
    assert "valueQuantity" not in observation
    assert observation["valueCodeableConcept"]["coding"][0]["code"] == code
    assert observation["code"]["coding"][0]["code"] == "93374-7"
    assert part_of(observation).total == level


def test_a_total_that_cannot_be_known_says_that():
    observation = render_score(published(total=None))
    assert is_valid(observation)
    assert "valueQuantity" not in observation
    assert observation["dataAbsentReason"]["coding"][0]["code"] == "unknown"


def test_us_core_screening_assessment_elements_are_there():
    observation = render_score(published(derived_from=("QuestionnaireResponse/q",)))
    assert observation["category"][0]["coding"][0]["code"] == "survey"
    assert observation["derivedFrom"] == [{"reference": "QuestionnaireResponse/q"}]
    assert observation["interpretation"] == [{"text": "Mild"}]
    found = index_of(observation, "", UTC).tokens
    assert TokenEntry("code", "http://loinc.org", "44261-6") in found


@pytest.mark.parametrize("instrument_id", sorted(INSTRUMENTS))
def test_a_form_of_ours_is_valid_and_reads_back_the_same(instrument_id):
    instrument = INSTRUMENTS[instrument_id]
    for choice in range(5):
        answers = {
            item.key: item.values[min(choice, len(item.values) - 1)] for item in instrument.items
        }
        scored = score(instrument, answers)
        assert isinstance(scored, Score)
        form = render_completed_form(
            published(instrument_id, answers, total=scored.total, by="Kim")
        )
        assert is_valid(form)
        part = part_of(form)
        its_own_total = instrument_id in ("sasq", "sisq")
        assert (part.instrument_id, part.answers, part.total) == (
            instrument_id,
            answers,
            None if its_own_total else scored.total,
        )


def test_a_form_without_answers_has_no_empty_list():
    form = render_completed_form(published(answers={}, total=None))
    assert is_valid(form)
    assert "item" not in form


def test_a_patient_of_ours_is_valid_and_reads_back_the_same():
    patient = render_known_patient(
        family="Rivera",
        given="Ana M",
        name="Ana M Rivera",
        birth_on="1980-02-29",
        sex="female",
        identifiers=(("urn:mrn", "1"),),
    )
    assert is_valid(patient)
    content = read(patient).content
    assert isinstance(content, PatientDetails)
    assert content.display_name == "Ana M Rivera"


def test_a_patient_of_whom_little_is_known_is_valid_too():
    patient = render_known_patient(
        family=None,
        given=None,
        name="Name not sent yet",
        birth_on=None,
        sex="unknown",
        identifiers=(),
    )
    assert is_valid(patient)
    assert "birthDate" not in patient


def test_a_text_of_a_million_letters_is_found_by_its_beginning():
    """Each word is an entry: as many as there are words would be a means to stop the service."""
    patient = {"resourceType": "Patient", "name": [{"text": "a " * 500_000}]}
    found = index_of(patient, "", UTC).strings
    assert 0 < len(found) <= 100
