"""What a form asks when, and how it adds up, in the words of SDC: conditions and FHIRPath.

Only where every question that counts is answered is there a total: a mean that stands for what is
missing is the registry's to make and to mark (RULES: prorated), never a renderer's.
"""

from collections.abc import Iterator

from app.domain.instrument import Instrument, Item, Missing, TriageRule
from fhir_mappings.local_codes import option_coding, score_coding
from fhir_mappings.totals import level_code

ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


def link_id(item: Item) -> str:
    """What an item is called in forms of ours: its LOINC code, else its key."""
    return f"/{item.loinc}" if item.loinc else item.key


def total_link_id(instrument: Instrument) -> str:
    """What the result is called in forms of ours."""
    return f"/{score_coding(instrument)[1]}"


def enabled_by(instrument: Instrument, item: Item) -> tuple[Item, ...]:
    """The items of which one must be answered above 0 for this one to be asked; none: always."""
    if item.asked_if:
        return (instrument.item(item.asked_if),)
    gates = tuple(one for one in instrument.items if one.role == "gate")
    if gates and item.scored and item not in gates:
        return gates
    scored = instrument.scored_items
    place = scored.index(item) if item in scored else 0
    kind = instrument.missing.kind
    if kind is Missing.AUDIT_SKIP and 3 <= place <= 7:
        return scored[1:3]
    if (kind is Missing.AUDIT_C_SKIP and place) or (kind is Missing.AUDIT_SKIP and 1 <= place <= 2):
        return scored[:1]
    return ()


def variables(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """(name, FHIRPath) of what each answer adds to the total."""
    if not instrument.ordinal:
        for item in instrument.scored_items:
            yield _name(instrument, item), _adds(item)


def total_expression(instrument: Instrument) -> str:
    """FHIRPath of the result, empty until it is certain."""
    if instrument.ordinal:
        return _level(instrument)
    terms = " + ".join(_term(instrument, item) for item in instrument.scored_items)
    return terms if instrument.multiplier == 1 else f"({terms}) * {instrument.multiplier}"


def _name(instrument: Instrument, item: Item) -> str:
    """An id of FHIR (no underscore), and an identifier of FHIRPath (no hyphen)."""
    return f"adds{instrument.scored_items.index(item) + 1}"


def _answer(item: Item) -> str:
    return f"%resource.item.where(linkId = '{link_id(item)}').answer.value"


def _adds(item: Item) -> str:
    if item.most is not None:
        return _answer(item)
    options = f"%questionnaire.item.where(linkId = '{link_id(item)}').answerOption"
    chosen = f"{options}.where(value.code = {_answer(item)}.code)"
    return f"{chosen}.extension.where(url = '{ORDINAL}').value"


def _term(instrument: Instrument, item: Item) -> str:
    skipped = _skipped(instrument, item)
    return (
        f"iif({skipped}, 0, %{_name(instrument, item)})"
        if skipped
        else f"%{_name(instrument, item)}"
    )


def _skipped(instrument: Instrument, item: Item) -> str:
    """FHIRPath of whether the form itself does not ask it; '' where it always does."""
    conditions = enabled_by(instrument, item)
    if not conditions:
        return ""
    return " and ".join(_is_out(instrument, one) for one in conditions)


def _is_out(instrument: Instrument, item: Item) -> str:
    """It is answered 0, or was itself not asked."""
    further = _skipped(instrument, item)
    none = _answered(instrument, item, above=False)
    return f"({none} or ({further}))" if further else f"({none})"


def _answered(instrument: Instrument, item: Item, *, above: bool) -> str:
    """FHIRPath: answered above 0, or answered 0."""
    if item.most is not None:
        return f"{_answer(item)} > 0" if above else f"{_answer(item)} = 0"
    codes = [
        option_coding(instrument, item, option)[1]
        for option in item.options
        if (option.value > 0) is above
    ]
    return " or ".join(f"{_answer(item)}.code = '{code}'" for code in codes) or "false"


def _level(instrument: Instrument) -> str:
    """The gravest level that an answer reaches, unless what is missing could reach a graver one."""
    lowest = min(band.minimum for band in instrument.bands)
    expression = _option_of_level(instrument, lowest)
    for rule in sorted(instrument.triage, key=lambda one: one.level):
        expression = (
            f"iif({_reached(instrument, rule)}, {_option_of_level(instrument, rule.level)}, "
            f"iif({_open(instrument, rule)}, {{}}, {expression}))"
        )
    return expression


def _reached(instrument: Instrument, rule: TriageRule) -> str:
    items = [instrument.item(key) for key in rule.any_of]
    return " or ".join(_answered(instrument, item, above=True) for item in items)


def _open(instrument: Instrument, rule: TriageRule) -> str:
    """Whether an item that would reach the level was asked, or is still to be, and not answered."""
    items = [instrument.item(key) for key in rule.any_of]
    return " or ".join(_is_missing(instrument, item) for item in items)


def _is_missing(instrument: Instrument, item: Item) -> str:
    empty = f"{_answer(item)}.empty()"
    skipped = _skipped(instrument, item)
    return f"({empty} and iif({skipped}, false, true))" if skipped else f"({empty})"


def _option_of_level(instrument: Instrument, level: int) -> str:
    band = next(one for one in instrument.bands if one.minimum == level)
    code = level_code(instrument, band)[1]
    options = f"%questionnaire.item.where(linkId = '{total_link_id(instrument)}').answerOption"
    return f"{options}.value.where(code = '{code}')"


def is_extractable(item: Item) -> bool:
    """Whether an Observation of its own is made of the answer.

    Of what has a LOINC code, or nobody could read it. Not of a number typed in: LHC-Forms 40.1
    extracts it as text (``"valueInteger": "3"``), which no server may take, and a transaction
    would be refused with the form in it. The form itself tells the number.
    """
    return item.loinc is not None and item.most is None


def required(instrument: Instrument, item: Item) -> bool:
    """Whether a completed form needs it: what the total needs, where the mean stands for nothing.

    What is not asked needs no answer, by FHIR's own rule.
    """
    gate = item.role == "gate"
    return instrument.missing.kind is not Missing.PRORATE and (item.scored or gate)
