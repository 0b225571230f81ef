"""Answers as ours tell them: in a form under its questions, beside a total as its components."""

from typing import Any

from app.domain.instrument import Instrument, Item
from app.domain.score import Answers
from fhir_mappings.local_codes import item_coding, option_coding


def answer_of(instrument: Instrument, item: Item, value: int) -> dict[str, Any]:
    """An option of our Questionnaire, or the number where a number is asked for."""
    option = next((one for one in item.options if one.value == value), None)
    if option is None:
        return {"valueInteger": value}
    system, code, words = option_coding(instrument, item, option)
    return {"valueCoding": {"system": system, "code": code, "display": words}}


def components_of(instrument: Instrument, answers: Answers) -> list[dict[str, Any]]:
    """Each answer under the code of its question; of a single question the value says it all.

    Without the question's words: each of them would be a row of the index (`combo-code:text`).
    """
    if instrument.is_single_question:
        return []
    return [
        _component(instrument, item, answers[item.key])
        for item in instrument.items
        if item.key in answers
    ]


def _component(instrument: Instrument, item: Item, value: int) -> dict[str, Any]:
    system, code, _ = item_coding(instrument, item)
    told = answer_of(instrument, item, value)
    if "valueCoding" in told:
        told = {"valueCodeableConcept": {"coding": [told["valueCoding"]]}}
    return {"code": {"coding": [{"system": system, "code": code}]}, **told}
