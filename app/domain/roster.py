"""A roster: the list of patients that a clinic without an EHR interface begins with.

Reading a file of unknown making into lines, each right or told what is wrong with it. Nothing
here knows who is registered already.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from app.domain.patient import fold
from app.domain.rule import Rule
from app.errors import Malformed, Problem, TooLarge

MAX_BYTES = 5 * 1024 * 1024
MAX_LINES = 25_000
MAX_COLUMNS = 60
MAX_CELL = 300
"""Characters: no name, number or note of a roster is longer (ours)."""
EARLIEST_BIRTH = date(1900, 1, 1)

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "family name": ("family", "last name", "surname", "lastname", "patient last name"),
        "given name": ("given", "first name", "forename", "firstname", "given names"),
        "birth date": ("dob", "date of birth", "birthdate", "born", "birthday"),
        "sex": ("gender", "administrative sex", "administrative gender"),
        "record number": ("mrn", "medical record number", "chart number", "patient id", "id"),
        "phone": ("phone number", "telephone", "mobile", "cell", "cell phone"),
        "language": ("preferred language", "lang"),
        "clinic": ("site", "location", "practice"),
        "care manager": ("care manager login", "caremanager", "login"),
        "primary-care clinician": ("pcp", "primary care clinician", "primary care provider"),
        "enrolled on": ("enrolled", "enrollment date", "enrolment date", "start date"),
        "phq-9 total": ("phq9", "phq 9", "phq9 total", "phq9 score"),
        "phq-9 date": ("phq9 date", "phq9 on"),
        "gad-7 total": ("gad7", "gad 7", "gad7 total", "gad7 score"),
        "gad-7 date": ("gad7 date", "gad7 on"),
    }
)
"""Column → what else it may be called; case, spaces and punctuation make no difference."""
NEEDED = ("family name", "given name", "birth date")
SEXES: Mapping[str, str] = MappingProxyType(
    {
        "f": "female", "female": "female", "w": "female", "woman": "female",
        "m": "male", "male": "male", "man": "male",
        "o": "other", "other": "other", "x": "other", "nonbinary": "other", "non binary": "other",
        "u": "unknown", "unknown": "unknown", "": "unknown", "not recorded": "unknown",
    }
)  # fmt: skip
LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "english": "en", "spanish": "es", "español": "es", "chinese": "zh", "mandarin": "zh",
        "vietnamese": "vi", "arabic": "ar", "somali": "so", "portuguese": "pt", "ukrainian": "uk",
        "russian": "ru", "french": "fr", "haitian creole": "ht", "korean": "ko", "tagalog": "tl",
    }
)  # fmt: skip
TOTALS = ("phq-9", "gad-7")
MOST = {"phq-9": 27, "gad-7": 21}


@dataclass(frozen=True, slots=True)
class Total:
    """A total that is known without its answers: what was asked in item 9 stays unknown."""

    instrument_id: str
    total: int
    on: date


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One patient as the file tells of them; `number` is the line in the file, header = 1."""

    number: int
    family: str
    given: str
    birth_on: date | None
    sex: str
    record_number: str
    phone: str
    language: str | None
    clinic: str
    care_manager: str
    primary_care_clinician: str
    enrolled_on: date | None
    totals: tuple[Total, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}".strip()

    @property
    def is_right(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Roster:
    """A file that was read: its lines, and what a person should know of the reading."""

    lines: tuple[RosterLine, ...]
    remarks: tuple[str, ...]


def read_roster(content: bytes, today: date) -> Roster:
    """The lines of a file; raises Malformed or TooLarge where it is no roster at all."""
    if len(content) > MAX_BYTES:
        raise TooLarge(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB; send it in parts.")
    text, encoding = decode(content)
    separator = _separator(text)
    rows = _rows(text, separator)
    header, unread = _header(rows)
    body = [(n, row) for n, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]
    if not body:
        raise Malformed("The file has a header and no patients.")
    if len(body) > MAX_LINES:
        raise TooLarge(f"The file has more than {MAX_LINES} patients; send it in parts.")
    lines = [_line(n, row, header, len(rows[0]), today) for n, row in body]
    names = {",": "comma", ";": "semicolon", "\t": "tab"}
    remarks = [f"Read as {encoding}, separated by {names[separator]}."]
    if unread:
        remarks.append(f"Left aside, since no such column is known: {', '.join(unread)}.")
    return Roster(tuple(_once(lines)), tuple(remarks))


def decode(content: bytes) -> tuple[str, str]:
    """The text and the name of its encoding; raises Malformed where it is no text."""
    for mark, encoding, name in (
        (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
        (b"\xff\xfe", "utf-16", "UTF-16"),
        (b"\xfe\xff", "utf-16", "UTF-16"),
    ):
        if content.startswith(mark):
            return _checked(_decoded(content, encoding, name)), name
    try:
        return _checked(content.decode("utf-8")), "UTF-8"
    except UnicodeDecodeError:
        text = _decoded(content, "cp1252", "Windows-1252")
        return _checked(text), "Windows-1252 (check names with accents)"


def _decoded(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Malformed(
            f"The file is neither UTF-8 nor {name} text. Save it as CSV (UTF-8)."
        ) from None


def _checked(text: str) -> str:
    if "\x00" in text:
        raise Malformed("The file holds NUL characters: it is no CSV. Save it as CSV (UTF-8).")
    if not text.strip():
        raise Malformed("The file is empty.")
    return text


def _separator(text: str) -> str:
    """The one that the header holds most of."""
    header = text.lstrip().splitlines()[0]
    return max((",", ";", "\t"), key=header.count)


def _rows(text: str, separator: str) -> list[list[str]]:
    held = csv.field_size_limit(MAX_CELL * 100)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        told = "a cell is too long" if "field larger" in str(error) else "a quote is not closed"
        raise Malformed(f"The file cannot be read as CSV: {told}.") from None
    finally:
        csv.field_size_limit(held)


def _plain(words: str) -> str:
    return " ".join(re.findall(r"\w+", words.casefold().replace("_", " ")))


_KNOWN = {_plain(name): column for column, also in COLUMNS.items() for name in (column, *also)}
_KNOWN |= {name.replace(" ", ""): column for name, column in list(_KNOWN.items())}


def _header(rows: Sequence[Sequence[str]]) -> tuple[dict[str, int], list[str]]:
    """Column → place, and the headings that are not known; raises where it is no header."""
    first = [cell.strip() for cell in rows[0]]
    if len(first) > MAX_COLUMNS:
        raise Malformed(f"The file has more than {MAX_COLUMNS} columns.")
    found: dict[str, int] = {}
    problems, unread = [], []
    for place, cell in enumerate(first):
        plain = _plain(cell)
        column = _KNOWN.get(plain) or _KNOWN.get(plain.replace(" ", ""))
        if column is None:
            if cell:
                unread.append(cell[:40])
        elif column in found:
            problems.append(Problem(f"column {place + 1}", f"a second column for {column}"))
        else:
            found[column] = place
    problems += [Problem("header", f"no column for {n}") for n in NEEDED if n not in found]
    if problems:
        raise Malformed(
            "The first line must name the columns, each once. The template shows them.", problems
        )
    return found, unread


@dataclass(slots=True)
class _Cells:
    """One line on its way: what its cells say, and what is wrong with them."""

    row: Sequence[str]
    places: Mapping[str, int]
    today: date
    problems: list[Problem] = field(default_factory=list)

    def text(self, column: str) -> str:
        place = self.places.get(column)
        cell = self.row[place] if place is not None and place < len(self.row) else ""
        words = " ".join(cell.split())
        if len(words) > MAX_CELL:
            self.wrong(column, f"longer than {MAX_CELL} characters")
            return ""
        return _unquoted(words)

    def needed(self, column: str) -> str:
        words = self.text(column)
        if not words and not any(p.where == column for p in self.problems):
            self.wrong(column, "is empty")
        return words

    def wrong(self, column: str, what: str) -> None:
        self.problems.append(Problem(column, what))

    def day(self, column: str) -> date | None:
        words = self.text(column)
        if not words:
            return None
        try:
            found = read_day(words)
        except ValueError as error:
            self.wrong(column, str(error))
            return None
        if found > self.today:
            self.wrong(column, "lies in the future")
        if found < EARLIEST_BIRTH:
            self.wrong(column, "lies before 1900; check the year")
        return found

    def choice(self, column: str, known: Mapping[str, str]) -> str:
        words = self.text(column)
        found = known.get(_plain(words))
        if found is None:
            self.wrong(column, f"write one of: {', '.join(sorted(set(known.values())))}")
        return found or ""


def _unquoted(words: str) -> str:
    """Without the apostrophe that a spreadsheet, or our own report, puts before a formula."""
    return words[1:] if re.match(r"'[=+\-@]", words) else words


def read_day(words: str) -> date:
    """A date that can be meant in one way only; raises ValueError with what to write."""
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?", words)
    slashed = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", words)
    if iso:
        year, month, day = map(int, iso.groups())
    elif slashed:
        first, second, year = map(int, slashed.groups())
        if first <= 12 and second <= 12 and first != second:
            raise ValueError("day and month cannot be told apart; write it as 2026-03-04")
        month, day = (second, first) if first > 12 else (first, second)
    elif re.fullmatch(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2}", words):
        raise ValueError("the year needs its four digits; write it as 2026-03-04")
    else:
        raise ValueError("is no date that can be read; write it as 2026-03-04")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("is no day of the calendar; write it as 2026-03-04") from None


def _line(
    number: int, row: Sequence[str], places: Mapping[str, int], width: int, today: date
) -> RosterLine:
    cells = _Cells(row, places, today)
    if len(row) > width:
        cells.wrong("line", "has more cells than the header; quote cells that hold a separator")
    family, given = cells.needed("family name"), cells.needed("given name")
    cells.needed("birth date")
    birth_on = cells.day("birth date")
    enrolled_on = cells.day("enrolled on")
    if birth_on and enrolled_on and enrolled_on < birth_on:
        cells.wrong("enrolled on", "lies before the birth date")
    phone = cells.text("phone")
    if phone and len(re.sub(r"\D", "", phone)) < 7:
        cells.wrong("phone", "has fewer than seven digits")
    return RosterLine(
        number=number,
        family=family,
        given=given,
        birth_on=birth_on,
        sex=cells.choice("sex", SEXES),
        record_number=cells.text("record number"),
        phone=phone,
        language=_language(cells),
        clinic=cells.text("clinic"),
        care_manager=cells.text("care manager").casefold(),
        primary_care_clinician=cells.text("primary-care clinician"),
        enrolled_on=enrolled_on,
        totals=tuple(t for name in TOTALS if (t := _total(cells, name, birth_on))),
        problems=tuple(cells.problems),
    )


def _language(cells: _Cells) -> str | None:
    words = cells.text("language").casefold()
    if not words:
        return None
    if words in LANGUAGES:
        return LANGUAGES[words]
    if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", words):
        return words
    cells.wrong("language", "write its code (es) or its English name (Spanish)")
    return None


def _total(cells: _Cells, instrument_id: str, birth_on: date | None) -> Total | None:
    words, column = cells.text(f"{instrument_id} total"), f"{instrument_id} total"
    on = cells.day(f"{instrument_id} date")
    if not words:
        if on:
            cells.wrong(column, "is empty, but it has a date")
        return None
    if not re.fullmatch(r"\d{1,2}(\.0+)?", words) or int(words.split(".")[0]) > MOST[instrument_id]:
        cells.wrong(column, f"write a whole number from 0 to {MOST[instrument_id]}")
        return None
    if on is None:
        if not any(p.where == f"{instrument_id} date" for p in cells.problems):
            cells.wrong(f"{instrument_id} date", "is needed beside the total")
        return None
    if birth_on and on < birth_on:
        cells.wrong(f"{instrument_id} date", "lies before the birth date")
    return Total(instrument_id, int(words.split(".")[0]), on)


def _once(lines: Iterable[RosterLine]) -> Iterable[RosterLine]:
    """A patient who is in the file twice is wrong from the second line on."""
    numbers: dict[str, int] = {}
    people: dict[tuple[object, ...], int] = {}
    for line in lines:
        number = line.record_number.casefold()
        who = (*fold(line.name), line.birth_on, number)
        earlier = numbers.get(number) if number else None
        earlier = earlier or people.get(who)
        if earlier:
            told = Problem("line", f"is the same patient as line {earlier}")
            line = replace(line, problems=(*line.problems, told))
        else:
            people[who] = line.number
            if number:
                numbers[number] = line.number
        yield line


def safe_cell(words: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    return f"'{words}" if words[:1] in ("=", "+", "-", "@", "\t", "\r") else words


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as a spreadsheet opens them: UTF-8 with its mark, formulas made harmless."""
    told = io.StringIO(newline="")
    csv.writer(told).writerows([safe_cell(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + told.getvalue().encode()


def template() -> bytes:
    """A file to begin with: the columns, and two patients who do not exist."""
    one = (
        "Alvarez,Rosa,1979-05-04,female,M-1001,212-555-0134,es,,,Dr. Shah,2026-03-02,"
        "16,2026-03-02,11,2026-03-02"
    )
    other = "Okafor,Emeka,1988-11-21,male,M-1002,212-555-0162,en,,,,,,,,"
    return as_csv([list(COLUMNS), one.split(","), other.split(",")])


RULES: tuple[Rule, ...] = (
    Rule(
        "roster-dates",
        "Rosters",
        "A date counts only where it can be meant in one way: 2026-03-04, or 13/4/2026 and "
        "4/13/2026; 3/4/2026 and 3/4/26 are refused with what to write.",
        "ours",
        "tests/rules/test_roster.py::test_dates",
        confirmed=False,
    ),
    Rule(
        "roster-totals",
        "Rosters",
        "A total without its answers is kept as a total only: item 9 is unknown, never negative.",
        "ours",
        "tests/web/test_roster.py::test_a_total_alone_leaves_item_nine_unknown",
        confirmed=False,
    ),
)
