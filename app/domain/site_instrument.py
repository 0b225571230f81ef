"""Instruments that a site adds as data: read from its files, checked, and kept apart from others.

A pure function of the files' contents; app/site_instruments.py reads them.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.domain.catalogue import MISPLACED, SHARED_LISTS, SHIPPED, TRAPS
from app.domain.definition import InstrumentNotValid, parse_instrument
from app.domain.instrument import Instrument
from app.errors import Problem

LARGEST = 256 * 1024
"""Bytes of a definition; the largest that ships has 8 KB (ours)."""
NOT_OF_THE_SCORE = ("title", "notice", "sources", "not_confirmed", "readminister_days")
"""What may change without the instrument being scored or read in another way."""


@dataclass(slots=True)
class SiteInstruments:
    """What a site's files define, and every mistake in them."""

    instruments: dict[str, Instrument] = field(default_factory=dict)
    """File → what it defines, of the files without a mistake."""
    problems: list[Problem] = field(default_factory=list)
    """Each with its file and the place in it: ``mood.toml: items[2].loinc``."""


def read_definitions(
    files: Mapping[str, bytes], others: Mapping[str, Instrument] | None = None
) -> SiteInstruments:
    """Read definitions by file name; what is not valid, or another's already, is told.

    `others` are definitions of other files that may not be taken either.
    """
    found = SiteInstruments()
    owned = _Owned()
    for shipped in SHIPPED.values():
        owned.claim(shipped, f"the {shipped.short_title} that ships")
    for name, other in (others or {}).items():
        owned.claim(other, name)
    for name, content in files.items():
        instrument, problems = _read(content)
        if instrument:
            problems += owned.clashes(instrument)
            owned.claim(instrument, name)
        found.problems += [Problem(f"{name}: {p.where}".rstrip(": "), p.what) for p in problems]
        if instrument and not problems:
            found.instruments[name] = instrument
    return found


def _read(content: bytes) -> tuple[Instrument | None, list[Problem]]:
    if len(content) > LARGEST:
        return None, [Problem("", f"has {len(content)} bytes; {LARGEST} at most")]
    try:
        data = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return None, [Problem("", f"is not UTF-8 from byte {error.start} on")]
    except RecursionError:
        return None, [Problem("", "is nested too deeply")]
    except ValueError as error:  # a fault of TOML, or a number of thousands of digits
        return None, [Problem("", f"is not TOML: {_first_line(error)}")]
    try:
        instrument = parse_instrument(data, SHARED_LISTS)
    except InstrumentNotValid as refusal:
        return None, list(refusal.problems)
    return replace(instrument, version=f"{instrument.version}+{fingerprint(data)}"), []


def _first_line(error: ValueError) -> str:
    line = str(error).partition("\n")[0][:200]
    return "".join(mark if mark.isprintable() else "?" for mark in line)


def fingerprint(data: Mapping[str, Any]) -> str:
    """Eight characters that change where what is scored or read changes, whoever forgot to say so.

    The order of keys, comments and notices change nothing.
    """
    scored = {key: value for key, value in data.items() if key not in NOT_OF_THE_SCORE}
    named = {str(item["options"]) for item in data["items"] if "options" in item}
    lists = {
        name: [[option.value, option.label] for option in SHARED_LISTS[name]]
        for name in sorted(named & SHARED_LISTS.keys())
    }
    text = json.dumps([scored, lists], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(slots=True)
class _Owned:
    """Which names and codes are somebody's, so that no file changes what another's mean."""

    owners: dict[tuple[str, str], str] = field(default_factory=dict)

    def claim(self, instrument: Instrument, owner: str) -> None:
        for kind, _, name in _claims(instrument):
            self.owners.setdefault((kind, name), owner)

    def clashes(self, instrument: Instrument) -> list[Problem]:
        """Every name and code of this instrument that is another's, or known to be confused."""
        found = []
        same_id = ("id", instrument.id) in self.owners
        for kind, where, name in _claims(instrument):
            owner = self.owners.get((kind, name))
            if same_id and where == "id" and kind != "id":
                continue  # what follows from the id is said with it
            if owner:
                found.append(Problem(where, f"{name} belongs to {owner} already; {_remedy(kind)}"))
            elif kind == "code" and (words := _trap(name)):
                found.append(Problem(where, f"{name} cannot be used. {words}"))
        return found


def _claims(instrument: Instrument) -> Iterator[tuple[str, str, str]]:
    """(kind, place in the file, name) of all that identifies an instrument."""
    yield "id", "id", instrument.id
    yield "title", "short_title", instrument.short_title.casefold()
    told = [("loinc_panel", instrument.loinc_panel), ("loinc_score", instrument.loinc_score)]
    told += [(f"items[{n}].loinc", item.loinc) for n, item in enumerate(instrument.items)]
    yield from (("code", where, code) for where, code in _each_once(told))
    own = [f"{instrument.id}-panel", f"{instrument.id}-score", instrument.id]
    yield from (("local code", "id", code) for code in own)
    for index, address in enumerate(instrument.canonicals[1:]):
        yield "canonical", f"canonicals[{index}]", address
    yield "canonical", "id", instrument.canonicals[0]


def _each_once(told: Sequence[tuple[str, str | None]]) -> Iterable[tuple[str, str]]:
    first: dict[str, str] = {}
    for where, code in told:
        if code:
            first.setdefault(code, where)
    return [(where, code) for code, where in first.items()]


def _remedy(kind: str) -> str:
    return {
        "id": "choose another id",
        "title": "choose another short title",
        "code": "leave it out: what has no code of its own is known by its key and the id",
        "canonical": "leave it out",
    }.get(kind, "choose another id")


def _trap(code: str) -> str | None:
    return TRAPS.get(code) or (MISPLACED[code].words if code in MISPLACED else None)
