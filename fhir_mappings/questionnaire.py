"""An instrument as a Questionnaire that SDC tools show, score and send back."""

import re
from collections.abc import Iterator
from typing import Any

from app.domain.catalogue import INSTRUMENTS
from app.domain.instrument import Instrument, Item, Missing, Option
from fhir_mappings.edition import edition
from fhir_mappings.form_logic import (
    ORDINAL,
    enabled_by,
    is_extractable,
    link_id,
    required,
    total_expression,
    total_link_id,
    variables,
)
from fhir_mappings.local_codes import (
    Coded,
    item_coding,
    level_coding,
    option_coding,
    panel_coding,
    score_coding,
)
from fhir_mappings.publish import own_canonical

CHANGED_ON = "2026-11-25"
"""The day on which what is made here last changed for the same instrument."""
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
_CORE = "http://hl7.org/fhir/StructureDefinition/"
PROFILES = tuple(
    f"{_SDC}{name}"
    for name in (
        "sdc-questionnaire",
        "sdc-questionnaire-behave",
        "sdc-questionnaire-extr-obsn",
    )
)
_SURVEY = {
    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
    "code": "survey",
    "display": "Survey",
}
_LOINC_NOTICE = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright © "
    "Regenstrief Institute, Inc. and the LOINC Committee, and is available at no cost under the "
    "license at http://loinc.org/license."
)


def version_of(instrument: Instrument) -> str:
    """The instrument's version as it may stand behind the bar of a canonical."""
    return re.sub(r"[^A-Za-z0-9.+_]+", "-", instrument.version).strip("-")


def list_questionnaires() -> list[dict[str, Any]]:
    """One for each instrument of the catalogue, the site's own among them."""
    return [edition(render_questionnaire(one), CHANGED_ON) for one in INSTRUMENTS.values()]


def render_questionnaire(instrument: Instrument) -> dict[str, Any]:
    """The instrument as an SDC Questionnaire; the same for everybody."""
    return {
        "resourceType": "Questionnaire",
        "id": instrument.id,
        "meta": {"profile": list(PROFILES)},
        "url": own_canonical(instrument),
        "version": version_of(instrument),
        "name": _name(instrument),
        "title": instrument.title,
        "status": "active",
        "experimental": False,
        "subjectType": ["Patient"],
        "date": CHANGED_ON,
        "publisher": "Stepwell",
        "description": _description(instrument),
        "copyright": f"{instrument.notice} {_LOINC_NOTICE}".strip(),
        "code": [_coding(panel_coding(instrument))],
        "item": list(_items(instrument)),
    }


def _name(instrument: Instrument) -> str:
    """As a program may name it (que-0): a capital first, then letters, digits and _."""
    name = re.sub(r"\W+", "", instrument.short_title, flags=re.ASCII)
    return f"{name[:1].upper()}{name[1:]}" if name[:1].isalpha() else f"Q{name}"


_MISSING = {
    Missing.PRORATE: "The total is calculated where every question is answered. With up to {most} "
    "left out the registry takes the mean of the others, and marks it; send the form as it is.",
    Missing.ALL_REQUIRED: "The total needs every question that counts.",
    Missing.GATE: "The rest is asked only after a yes to the first question; else the total is 0.",
    Missing.AUDIT_SKIP: "Who never drinks skips questions 2 to 8, who drinks little 4 to 8: these "
    "then count as 0.",
    Missing.AUDIT_C_SKIP: "Who never drinks skips the rest, which then counts as 0.",
}


def _description(instrument: Instrument) -> str:
    words = _MISSING[instrument.missing.kind].format(most=instrument.missing.most)
    if instrument.ordinal:
        words = "The result is a risk level by the instrument's own triage, and no sum."
    return f"{instrument.title}. {words}"


def _coding(coded: Coded, *, display: bool = False) -> dict[str, Any]:
    """Names of LOINC's are LOINC's to give: what we call it stands in the text."""
    system, code, words = coded
    told = {"system": system, "code": code}
    return told | ({"display": words} if display or not system.endswith("loinc.org") else {})


def _items(instrument: Instrument) -> Iterator[dict[str, Any]]:
    for item in instrument.items:
        yield _item(instrument, item)
    if not instrument.is_single_question:
        yield _total(instrument)


def _item(instrument: Instrument, item: Item) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "linkId": link_id(item),
        "code": [_coding(item_coding(instrument, item))],
        "text": item.text,
        "type": "choice" if item.most is None else "integer",
        "required": required(instrument, item),
        "repeats": False,
    }
    extensions = _extracted() if is_extractable(item) else []
    if item.most is not None:
        extensions += [_extension(f"{_CORE}minValue", "Integer", 0)]
        extensions += [_extension(f"{_CORE}maxValue", "Integer", item.most)]
    else:
        extensions.append(_RADIO)
        asked["answerOption"] = [_option(instrument, item, one) for one in item.options]
    conditions = list(_conditions(instrument, item))
    if conditions:
        asked |= {"enableWhen": conditions, "enableBehavior": "any"}
    return _with(extensions, asked)


_RADIO = {
    "url": f"{_CORE}questionnaire-itemControl",
    "valueCodeableConcept": {
        "coding": [
            {"system": "http://hl7.org/fhir/questionnaire-item-control", "code": "radio-button"}
        ]
    },
}
"""Every answer is to be seen without opening a list."""


def _option(instrument: Instrument, item: Item, option: Option) -> dict[str, Any]:
    """With what it adds to the total, as R4 and as SDC 4 spell it."""
    coding = _coding(option_coding(instrument, item, option), display=True)
    if not item.scored:
        return {"valueCoding": coding}
    adds = item.counts_for(option.value)
    weighed = {"extension": [_extension(f"{_CORE}itemWeight", "Decimal", adds)], **coding}
    return {"extension": [_extension(ORDINAL, "Decimal", adds)], "valueCoding": weighed}


def _conditions(instrument: Instrument, item: Item) -> Iterator[dict[str, Any]]:
    """One of these answers, each above 0, and it is asked."""
    for one in enabled_by(instrument, item):
        told: dict[str, Any] = {"question": link_id(one)}
        if one.most is not None:
            yield {**told, "operator": ">", "answerInteger": 0}
        for option in one.options:
            if option.value > 0:
                coding = _coding(option_coding(instrument, one, option), display=True)
                yield {**told, "operator": "=", "answerCoding": coding}


def _total(instrument: Instrument) -> dict[str, Any]:
    """The result, calculated while the form is filled in."""
    coded = score_coding(instrument)
    extensions = [
        _extension(f"{_CORE}variable", "Expression", _expression(path, name))
        for name, path in variables(instrument)
    ]
    calculated = _expression(total_expression(instrument))
    extensions.append(
        _extension(f"{_SDC}sdc-questionnaire-calculatedExpression", "Expression", calculated)
    )
    extensions += _extracted()
    total: dict[str, Any] = {
        "linkId": total_link_id(instrument),
        "code": [_coding(coded)],
        "text": coded[2],
        "type": "choice" if instrument.ordinal else "decimal",
        "required": False,
        "repeats": False,
        "readOnly": True,
    }
    if instrument.ordinal:
        total["answerOption"] = list(_levels(instrument))
    else:
        extensions.append(_extension(f"{_CORE}questionnaire-unit", "Coding", _POINTS))
    return _with(extensions, total)


_POINTS = {"system": "http://unitsofmeasure.org", "code": "{score}", "display": "{score}"}


def _levels(instrument: Instrument) -> Iterator[dict[str, Any]]:
    for band in instrument.bands:
        yield {"valueCoding": _coding(level_coding(instrument, band), display=True)}


def _extracted() -> list[dict[str, Any]]:
    """An Observation is made of the answer, in the category of screenings."""
    category = {"coding": [_SURVEY]}
    return [
        _extension(f"{_SDC}sdc-questionnaire-observationExtract", "Boolean", True),
        _extension(
            f"{_SDC}sdc-questionnaire-observation-extract-category", "CodeableConcept", category
        ),
    ]


def _expression(path: str, name: str = "") -> dict[str, str]:
    told = {"language": "text/fhirpath", "expression": path}
    return {"name": name} | told if name else told


def _extension(url: str, kind: str, value: Any) -> dict[str, Any]:
    return {"url": url, f"value{kind}": value}


def _with(extensions: list[dict[str, Any]], element: dict[str, Any]) -> dict[str, Any]:
    return {"extension": extensions, **element} if extensions else element
