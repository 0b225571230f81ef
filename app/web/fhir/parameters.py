"""Search parameters: which are offered, and how their values are read."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from app.errors import Malformed, Problem
from app.use_cases.read_resources import ResourceSearch, fold
from fhir_mappings.conformance import TYPES
from fhir_mappings.instants import TimeNotUsable, read_span
from fhir_mappings.record import SHAPES

_COMMON = {"_id": "token", "_lastUpdated": "date"}
_RECORD = {"patient": "reference", "subject": "reference", "status": "token"}


def _of_records(kind: str) -> dict[str, str]:
    """What records are found by: those of the table that the search reads so far."""
    offered = ("patient", "identifier", "status", "code", "category")
    table = TYPES[kind].parameters
    return {**_COMMON, **{one: table[one].kind.value for one in offered if one in table}}


PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "Patient": {**_COMMON, "identifier": "token", "name": "string", "birthdate": "date"},
    "QuestionnaireResponse": {
        **_COMMON,
        **_RECORD,
        "identifier": "token",
        "questionnaire": "reference",
        "authored": "date",
    },
    "Observation": {
        **_COMMON,
        **_RECORD,
        "identifier": "token",
        "code": "token",
        "category": "token",
        "date": "date",
    },
    "Encounter": {**_COMMON, **_RECORD, "identifier": "token", "date": "date"},
    **{kind: _of_records(kind) for kind in SHAPES},
}
RESULT_PARAMETERS = ("_count", "_cursor", "_format", "_pretty")
MAX_COUNT = 200
DEFAULT_COUNT = 50

_PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb")
_COMMA = re.compile(r"(?<!\\),")
_BAR = re.compile(r"(?<!\\)\|")
_DATES = {
    "date": "dates",
    "authored": "dates",
    "birthdate": "birth_dates",
    "_lastUpdated": "last_updated",
}

Pairs = Sequence[tuple[str, str]]


def read_search(
    kind: str, pairs: Pairs, base: str, zone: tzinfo, *, lenient: bool = False
) -> tuple[ResourceSearch, Pairs]:
    """The search, and the parameters that were used; raises Malformed naming each fault.

    An unknown parameter is refused unless the caller asks for leniency: left aside, it
    would answer with more patients than were meant.
    """
    problems = [
        Problem(name, "This parameter is not offered here.")
        for name, _ in pairs
        if not _is_known(kind, name) and not lenient
    ]
    problems += [Problem(name, "A NUL cannot be found.") for name, text in pairs if "\x00" in text]
    if problems:
        raise Malformed("The search cannot be read.", problems)
    used = [(name, text) for name, text in pairs if _is_known(kind, name)]
    asked = _Asked(kind, base, zone)
    for name, text in used:
        asked.add(name, text)
    return ResourceSearch(kind, **asked.found), used


def _is_known(kind: str, name: str) -> bool:
    return name in PARAMETERS[kind] or name in RESULT_PARAMETERS


class _Asked:
    """The criteria as they are read, one parameter after the other."""

    def __init__(self, kind: str, base: str, zone: tzinfo) -> None:
        self.kind, self.base, self.zone = kind, base, zone
        self.found: dict[str, Any] = {"count": DEFAULT_COUNT}

    def add(self, name: str, text: str) -> None:
        if name in _DATES:
            self._extend(_DATES[name], [self._period(name, text)])
        elif name in ("identifier", "code", "category"):
            self._extend("tokens", [(name, tuple(_token(one) for one in _choices(text)))])
        elif name in _READERS:
            _READERS[name](self, name, text)

    def _extend(self, field: str, values: Sequence[Any]) -> None:
        self.found[field] = (*self.found.get(field, ()), *values)

    def _narrow(self, field: str, name: str, values: Sequence[str]) -> None:
        """A list that is any-of within one parameter and all-of across several."""
        earlier = self.found.get(field)
        kept = [value for value in values if earlier is None or value in earlier]
        # an empty list would mean "any"; a value that nothing has finds nothing
        self.found[field] = tuple(kept) or ("",)

    def ids(self, name: str, text: str) -> None:
        self._narrow("ids", name, _choices(text))

    def statuses(self, name: str, text: str) -> None:
        self._narrow("statuses", name, [_BAR.split(one)[-1] for one in _choices(text)])

    def questionnaires(self, name: str, text: str) -> None:
        self._narrow("questionnaires", name, _choices(text))

    def patients(self, name: str, text: str) -> None:
        self._narrow("patients", name, [self._patient(name, one) for one in _choices(text)])

    def _patient(self, name: str, text: str) -> str:
        kind, slash, resource_id = text.removeprefix(f"{self.base}/").rpartition("/")
        if slash and kind != "Patient":
            raise Malformed("The search cannot be read.", [Problem(name, "Name a Patient.")])
        return resource_id

    def names(self, name: str, text: str) -> None:
        if len(_choices(text)) > 1:
            words = "One name at a time; repeat the parameter to narrow."
            raise Malformed("The search cannot be read.", [Problem(name, words)])
        self._extend("names", fold(text))

    def count(self, name: str, text: str) -> None:
        if not text.isdecimal() or len(text) > 9:
            raise Malformed("The search cannot be read.", [Problem(name, "Give a number.")])
        self.found["count"] = min(int(text), MAX_COUNT)

    def cursor(self, name: str, text: str) -> None:
        self.found["cursor"] = text

    def _period(self, name: str, text: str) -> tuple[str, datetime, datetime]:
        prefix, value = (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)
        try:
            start, end = read_span(value, UTC if name == "birthdate" else self.zone)
        except TimeNotUsable as error:
            raise Malformed("The search cannot be read.", [Problem(name, str(error))]) from None
        if prefix not in _PREFIXES:
            words = f"Offered prefixes: {', '.join(_PREFIXES)}."
            raise Malformed("The search cannot be read.", [Problem(name, words)])
        return prefix, start, end


_READERS: Mapping[str, Callable[[_Asked, str, str], None]] = {
    "_id": _Asked.ids,
    "_count": _Asked.count,
    "_cursor": _Asked.cursor,
    "status": _Asked.statuses,
    "questionnaire": _Asked.questionnaires,
    "patient": _Asked.patients,
    "subject": _Asked.patients,
    "name": _Asked.names,
}


def _choices(text: str) -> list[str]:
    return [one for one in _COMMA.split(text) if one]


def _token(text: str) -> tuple[str | None, str | None]:
    """``system|code``, ``|code`` (no system), ``system|`` (any code), ``code`` (any system)."""
    parts = [_unescaped(part) for part in _BAR.split(text)]
    if len(parts) == 1:
        return None, parts[0]
    return parts[0], "|".join(parts[1:]) or None


def _unescaped(text: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", text)
