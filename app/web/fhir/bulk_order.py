"""What an export is asked to hold, and what the work on it must know of FHIR."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from app.domain.actor import Actor
from app.domain.criteria import Criterion, types_named_in
from app.domain.scopes import Interaction, covers
from app.errors import Malformed, NotSupported, Problem
from app.use_cases.export_resources import Wanted
from app.web.fhir.parameters import read_search
from fhir_mappings.conformance import PUBLISHED, TYPES
from fhir_mappings.instants import TimeNotUsable, read_instant
from fhir_mappings.json_text import read_json, write_json
from fhir_mappings.operation_inputs import Inputs
from fhir_mappings.shaping import Shape, Summary, shaped

NDJSON = "application/fhir+ndjson"
FORMATS = (NDJSON, "application/ndjson", "ndjson")
MOST_FILTERS = 50
_KNOWN = ("_outputFormat", "_since", "_type", "_typeFilter", "_elements", "patient")
_ONCE = ("_outputFormat", "_since")


def read_wanted(
    inputs: Inputs, actor: Actor, base: str, handling: str | None, *, of_patients: bool
) -> Wanted:
    """What is asked for; raises Malformed naming each fault, InsufficientScope for a type."""
    names = [name for name, _ in inputs.pairs]
    if "includeAssociatedData" in names:
        problem = Problem("includeAssociatedData", "Leave it out; ask for the types by _type.")
        raise NotSupported("Associated data are not offered.", [problem])
    strange = tuple(dict.fromkeys(name for name in names if name not in _KNOWN))
    problems = [Problem(name, "This parameter is not offered here.") for name in strange]
    if handling == "lenient":
        problems = []
    problems += [Problem(name, "Give it once.") for name in _ONCE if names.count(name) > 1]
    problems += [Problem(n, "A NUL is never meant.") for n, text in inputs.pairs if "\x00" in text]
    chosen = inputs.first("_outputFormat")
    if chosen is not None and chosen.replace(" ", "+") not in FORMATS:
        problems.append(Problem("_outputFormat", f"Offered are {', '.join(FORMATS)}."))
    if problems:
        raise Malformed("The export cannot be read.", problems)
    types = _types(inputs, actor)
    return Wanted(
        types=types,
        since=_since(inputs, actor),
        filters=_filters(inputs, types, base, actor),
        elements=tuple(inputs.every("_elements")),
        patients=_patients(inputs, base, of_patients=of_patients),
        of_patients=of_patients,
        scopes=tuple(sorted(actor.scopes)),
        left_aside=strange,
    )


def _types(inputs: Inputs, actor: Actor) -> tuple[str, ...]:
    """Those that are named, else those that the scopes reach; in the table's order."""
    named = inputs.every("_type")
    if set(named) - set(PUBLISHED):
        problem = Problem("_type", f"Offered are {', '.join(PUBLISHED)}.")
        raise Malformed("The export cannot be read.", [problem])
    if named:
        return tuple(one for one in PUBLISHED if one in named)
    found = tuple(one for one in PUBLISHED if covers(actor.scopes, one, Interaction.READ))
    return found or ("Patient",)  # nothing is reached: refused by the use case, by its name


def _since(inputs: Inputs, actor: Actor) -> datetime | None:
    text = inputs.first("_since")
    try:
        zone = ZoneInfo(actor.time_zone)
        return None if text is None else read_instant(text.replace(" ", "+"), zone)
    except TimeNotUsable as error:
        raise Malformed("The export cannot be read.", [Problem("_since", str(error))]) from None


def _filters(
    inputs: Inputs, types: Sequence[str], base: str, actor: Actor
) -> Mapping[str, tuple[str, ...]]:
    """``Observation?code=…`` by its type; each is read once here, so that its faults are told."""
    found: dict[str, list[str]] = {}
    texts = [text for name, text in inputs.pairs if name == "_typeFilter"]
    whole = [one for text in texts for one in _parted(text)]
    if len(whole) > MOST_FILTERS:
        problem = Problem("_typeFilter", f"Give at most {MOST_FILTERS}.")
        raise Malformed("The export cannot be read.", [problem])
    for one in whole:
        kind, mark, query = one.partition("?")
        if kind not in types or not mark:
            words = "Write Type?parameter=value, of a type that is exported."
            raise Malformed("The export cannot be read.", [Problem("_typeFilter", words)])
        for through in sorted(types_named_in(read_filter(kind, query, actor.time_zone, base))):
            actor.require_scope(through, Interaction.READ)
        found.setdefault(kind, []).append(query)
    return {kind: tuple(queries) for kind, queries in found.items()}


def _parted(text: str) -> list[str]:
    """Several in one text are parted by a comma before the next type."""
    found: list[str] = []
    for one in text.split(","):
        kind, mark, _ = one.partition("?")
        if not found or (mark and kind in TYPES):
            found.append(one)
        else:
            found[-1] += f",{one}"
    return [one for one in found if one]


def read_filter(kind: str, query: str, time_zone: str, base: str = "") -> tuple[Criterion, ...]:
    """The criteria of a search; raises Malformed where it is none, or asks for an order."""
    pairs = parse_qsl(query, keep_blank_values=True)
    read = read_search(kind, pairs, base, ZoneInfo(time_zone), handling="strict")
    return read.search.criteria


def _patients(inputs: Inputs, base: str, *, of_patients: bool) -> tuple[str, ...] | None:
    named = inputs.every("patient")
    if not named:
        return None
    if not of_patients:
        problem = Problem("patient", "It is offered for Patient and Group.")
        raise Malformed("The export cannot be read.", [problem])
    local = [one.removeprefix(f"{base}/") for one in named]
    if not all(one.startswith("Patient/") for one in local):
        problem = Problem("patient", "Name Patients: Patient/85.")
        raise Malformed("The export cannot be read.", [problem])
    return tuple(dict.fromkeys(one.removeprefix("Patient/") for one in local))


def shape_lines(lines: bytes, elements: Sequence[str]) -> bytes:
    """Bodies, one to a line, with these elements alone (``Type.element`` for one type)."""
    shape = Shape(Summary.FALSE, tuple(elements))
    return b"\n".join(
        write_json(shaped(read_json(line), shape, searched=False)) for line in lines.split(b"\n")
    )


def deletions(kind: str, ids: Sequence[str]) -> bytes:
    """A transaction Bundle that says what was deleted."""
    entries = [{"request": {"method": "DELETE", "url": f"{kind}/{one}"}} for one in ids]
    return write_json({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def is_about_patients(kind: str) -> bool:
    """Whether resources of the type lie in a patient's compartment."""
    return bool(TYPES[kind].compartment)
