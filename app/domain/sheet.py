"""One table of a definition file, read key by key; what is wrong is noted, never raised."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from app.errors import Problem

LONGEST_TEXT = 2000
"""Characters; no question is longer (ours)."""
LONGEST_LIST = 200
"""Entries of any list (ours)."""


@dataclass(slots=True)
class Sheet:
    """A table, the place of it in the file, and the mistakes found so far in the whole file."""

    content: Mapping[str, Any]
    where: str
    problems: list[Problem]
    known: set[str] = field(default_factory=set)

    def note(self, name: str, what: str) -> None:
        """One mistake, at its place: ``items[2].text``."""
        self.problems.append(Problem(shown(self.at(name), 120), what))

    def at(self, name: str) -> str:
        return ".".join(part for part in (self.where, name) if part)

    def has(self, name: str) -> bool:
        self.known.add(name)
        return name in self.content

    def text(self, name: str, default: str | None = None, most: int = LONGEST_TEXT) -> str:
        """A text in one line; needed where there is no default."""
        if not self.has(name):
            if default is None:
                self.note(name, "is needed, as text")
            return default or ""
        return self._line(self.content[name], name, most)

    def _line(self, value: object, name: str, most: int) -> str:
        if not isinstance(value, str):
            self.note(name, f"is {_kind(value)}; write a text, in quotation marks")
        elif not value.strip():
            self.note(name, "is empty")
        elif len(value) > most:
            self.note(name, f"has {len(value)} characters; {most} at most")
        elif not value.isprintable():
            self.note(name, "has a line break, tab or control character; write it in one line")
        else:
            return value
        return ""

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; none where it is left out."""
        entries = self._list(name)
        return tuple(
            self._line(one, f"{name}[{index}]", LONGEST_TEXT) for index, one in enumerate(entries)
        )

    def _list(self, name: str) -> list[Any]:
        if not self.has(name):
            return []
        value = self.content[name]
        if not isinstance(value, list):
            self.note(name, f"is {_kind(value)}; write a list, in [ ]")
            return []
        if len(value) > LONGEST_LIST:
            self.note(name, f"has {len(value)} entries; {LONGEST_LIST} at most")
            return []
        return value

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number within limits; needed where there is no default."""
        if not self.has(name):
            if default is None:
                self.note(name, f"is needed, as a whole number from {low} to {high}")
            return low if default is None else default
        return self._within(self.content[name], name, low, high)

    def optional(self, name: str, low: int, high: int) -> int | None:
        """A whole number, or None where it is left out."""
        return self.whole(name, low, high) if self.has(name) else None

    def wholes(self, name: str, low: int, high: int, count: int) -> tuple[int, ...]:
        """A list of exactly so many whole numbers; needed."""
        if not self.has(name):
            self.note(name, f"is needed, as a list of {count} whole numbers")
            return (low,) * count
        entries = self._list(name)
        if len(entries) != count:
            self.note(name, f"is a list of {count} whole numbers")
            return (low,) * count
        return tuple(
            self._within(one, f"{name}[{index}]", low, high) for index, one in enumerate(entries)
        )

    def _within(self, value: object, name: str, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            self.note(name, f"is {_kind(value)}; write a whole number")
        elif not low <= value <= high:
            self.note(name, f"lies outside {low} to {high}")
        else:
            return value
        return low

    def share(self, name: str) -> float | None:
        """A part of 1, above 0; None where it is left out."""
        if not self.has(name):
            return None
        value = self.content[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.note(name, f"is {_kind(value)}; write a number such as 0.5")
        elif not 0 < value <= 1:
            self.note(name, "is a part of 1, such as 0.5 for half")
        else:
            return value
        return None

    def flag(self, name: str, default: bool) -> bool:
        if not self.has(name):
            return default
        value = self.content[name]
        if not isinstance(value, bool):
            self.note(name, f"is {_kind(value)}; write true or false")
            return default
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """One of some words; needed where there is no default."""
        found = self.text(name, default)
        if found and found not in choices:
            self.note(name, f"is none of {', '.join(choices)}")
            return ""
        return found

    def table(self, name: str, needed: bool) -> "Sheet | None":
        if not self.has(name):
            if needed:
                self.note(name, f"is needed, as a table: [{name}]")
            return None
        return self._sheet(self.content[name], name)

    def tables(self, name: str, needed: bool = False) -> Iterator["Sheet"]:
        """The tables of a list, ``[[items]]``; what is no table is noted."""
        if needed and not self.has(name):
            self.note(name, f"is needed: at least one [[{name}]]")
        entries = self._list(name)
        if needed and name in self.content and self.content[name] == []:
            self.note(name, f"is empty: at least one [[{name}]] is needed")
        for index, one in enumerate(entries):
            sheet = self._sheet(one, f"{name}[{index}]")
            if sheet is not None:
                yield sheet

    def _sheet(self, value: object, name: str) -> "Sheet | None":
        if isinstance(value, dict):
            return Sheet(value, self.at(name), self.problems)
        self.note(name, f"is {_kind(value)}; write a table")
        return None

    def done(self) -> None:
        """Note every key that nothing reads: a misspelt one would be passed over in silence."""
        for name in self.content:
            if name not in self.known:
                near = get_close_matches(name, sorted(self.known), 1)
                meant = f"; did you mean {near[0]}?" if near else ""
                self.note(shown(name), f"is not a key that is known here{meant}")


def shown(text: str, most: int = 60) -> str:
    """A name out of a file as it may be printed: short, in one line, without control marks."""
    return "".join(mark if mark.isprintable() else "?" for mark in text[:most])


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a whole number", float: "a decimal number"}
    names |= {str: "a text", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")
