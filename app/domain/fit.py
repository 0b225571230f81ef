"""Whether the parts of an instrument's definition fit one another: what no part shows by itself."""

from collections.abc import Mapping

from app.domain.instrument import Instrument, Missing
from app.domain.sheet import Sheet


def judge_fit(found: Instrument, sheet: Sheet, sound: Mapping[str, bool]) -> None:
    """Note where parts do not fit; what was not read without a mistake is left aside."""
    if sound["items"]:
        _judge_items(found, sheet)
    if sound["items"] and sound["range"]:
        _judge_range(found, sheet)
    if sound["bands"] and sound["range"]:
        _judge_bands(found, sheet)
    _judge_cutoffs(found, sheet)
    _judge_codes(found, sheet)
    if sound["range"]:
        _judge_cutoff_totals(found, sheet)


def _judge_items(found: Instrument, sheet: Sheet) -> None:
    gates = [item for item in found.items if item.role == "gate"]
    if not found.scored_items:
        sheet.note("items", "holds none that is scored")
    if (found.missing.kind is Missing.GATE) != (len(gates) == 1) or any(
        item.scored for item in gates
    ):
        sheet.note(
            "items",
            "one of them, and one only, has the role gate and scored = false where "
            "missing.kind is gate; elsewhere none",
        )
    least = {Missing.AUDIT_SKIP: 9, Missing.AUDIT_C_SKIP: 2}.get(found.missing.kind, 1)
    if len(found.scored_items) < least:
        sheet.note("missing.kind", f"needs {least} scored items at least")
    if found.triage and any(item.reverse or item.most is not None for item in found.items):
        sheet.note("triage", "goes with items of yes and no: none reversed, none a number")
    if found.missing.most >= len(found.scored_items):
        sheet.note("missing.most", "must leave at least one item to be answered")


def _judge_codes(found: Instrument, sheet: Sheet) -> None:
    """Each LOINC code names one thing; a single question alone is its own total."""
    items = [item.loinc for item in found.items if item.loinc]
    if found.loinc_panel and found.loinc_panel in (found.loinc_score, *items):
        sheet.note("loinc_panel", "is the code of the total or of an item too")
    if found.loinc_score in items and len(found.items) > 1:
        sheet.note("loinc_score", "is the code of an item; only a single question is its own total")


def _judge_range(found: Instrument, sheet: Sheet) -> None:
    if found.triage:
        low, high = 0, max(rule.level for rule in found.triage)
        what = "the risk levels go from"
    else:
        counts = [[i.counts_for(v) for v in i.values] for i in found.scored_items]
        low = sum(min(one, default=0) for one in counts) * found.multiplier
        high = sum(max(one, default=0) for one in counts) * found.multiplier
        what = "the items add to"
    if (low, high) != (found.minimum, found.maximum):
        told = f"{found.minimum} to {found.maximum}"
        sheet.note("range", f"is {told}; {what} {low} to {high}")


def _judge_bands(found: Instrument, sheet: Sheet) -> None:
    expected = found.minimum
    for index, band in enumerate(found.bands):
        if band.minimum != expected or band.maximum < band.minimum:
            sheet.note(f"bands[{index}]", f"begins at {expected} and does not end before")
            return
        if found.triage and band.maximum != band.minimum:
            sheet.note(f"bands[{index}]", "of a risk level names that level alone")
        expected = band.maximum + 1
    if expected != found.maximum + 1:
        sheet.note("bands", f"end at {found.maximum}")


def _judge_cutoffs(found: Instrument, sheet: Sheet) -> None:
    sexes = [cutoff.sex for cutoff in found.cutoffs]
    if len(set(sexes)) != len(sexes):
        sheet.note("cutoffs", "names one sex twice")
    if sexes and "any" not in sexes and not {"male", "female", "unknown"} <= set(sexes):
        sheet.note("cutoffs", "by sex are three: male, female and unknown (not recorded)")
    if "any" in sexes and len(set(sexes)) > 1:
        sheet.note("cutoffs", "is either for any sex or by sex")


def _judge_cutoff_totals(found: Instrument, sheet: Sheet) -> None:
    for index, cutoff in enumerate(found.cutoffs):
        if not found.minimum <= cutoff.total <= found.maximum:
            sheet.note(f"cutoffs[{index}]", "lies outside the range")
