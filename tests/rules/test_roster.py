"""Reading a roster: every way in which a spreadsheet arrives, and what is told of it."""

from datetime import date

import pytest

from app.domain.roster import (
    MAX_BYTES,
    MAX_LINES,
    RosterLine,
    as_csv,
    read_day,
    read_roster,
    safe_cell,
    template,
)
from app.errors import Malformed, TooLarge

TODAY = date(2026, 11, 25)
HEAD = "family name,given name,birth date"
LINE = "Alvarez,Rosa,1979-05-04"


def lines(text: str) -> tuple[RosterLine, ...]:
    return read_roster(text.encode(), TODAY).lines


def problems(more_head: str, more: str, line: str = LINE) -> list[str]:
    (one,) = lines(f"{HEAD}{more_head}\n{line}{more}\n")
    return [f"{p.where}: {p.what}" for p in one.problems]


def test_the_template_is_good() -> None:
    read = read_roster(template(), TODAY)
    assert [one.problems for one in read.lines] == [(), ()]
    assert [t.total for t in read.lines[0].totals] == [16, 11]


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ("Last Name,First Name,DOB", "other names"),
        ("FAMILY_NAME,Given Names,Date of Birth", "capitals and underscores"),
        ("  surname ,forename,BirthDate", "spaces around, none inside"),
        ("family,given,born,shoe size", "a column that is not known is left aside"),
        ("born,given,family", "any order"),
    ],
)
def test_headers_are_forgiven(head: str, what: str) -> None:
    row = "1979-05-04,Rosa,Alvarez" if head.startswith("born") else LINE
    (one,) = lines(f"{head}\n{row}\n")
    assert (one.family, one.given, one.birth_on) == ("Alvarez", "Rosa", date(1979, 5, 4)), what


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"{HEAD}\nPeña,José,1979-05-04".encode(), "UTF-8"),
        (b"\xef\xbb\xbf" + f"{HEAD}\nPeña,José,1979-05-04".encode(), "UTF-8"),
        (f"{HEAD}\nPeña,José,1979-05-04".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + f"{HEAD}\nPeña,José,1979-05-04".encode("utf-16-be"), "UTF-16"),
        (f"{HEAD}\nPeña,José,1979-05-04".encode("cp1252"), "Windows-1252"),
        (f"{HEAD}\nPeña,José,1979-05-04".replace(",", ";").encode(), "semicolon"),
        (f"{HEAD}\nPeña,José,1979-05-04".replace(",", "\t").encode(), "tab"),
        (f"{HEAD}\r\nPeña,José,1979-05-04\r\n\r\n,,\r\n".encode(), "comma"),  # idle lines
        (f'{HEAD}\n"Peña","José","1979-05-04"\n'.encode(), "comma"),
    ],
)
def test_encodings_and_separators_are_found_and_told(content: bytes, told: str) -> None:
    read = read_roster(content, TODAY)
    assert [(one.family, one.given) for one in read.lines] == [("Peña", "José")]
    assert told in read.remarks[0]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("2026-03-04", date(2026, 3, 4)),
        ("2026-3-4", date(2026, 3, 4)),
        ("2026-03-04 00:00:00", date(2026, 3, 4)),  # as spreadsheets export one
        ("13/4/2026", date(2026, 4, 13)),  # 13 can only be a day
        ("4/13/2026", date(2026, 4, 13)),
        ("4/4/2026", date(2026, 4, 4)),  # either way the same
        ("3/4/26", None),  # which is which, and which century
        ("3/4/2026", None),
        ("03.04.2026", None),
        ("March 4", None),
        ("2026-02-30", None),
        ("31/31/2026", None),
        ("45720", None),  # a spreadsheet's day number
    ],
)
def test_dates(words: str, meant: date | None) -> None:
    if meant:
        assert read_day(words) == meant
        return
    with pytest.raises(ValueError, match="write it as 2026-03-04"):
        read_day(words)


@pytest.mark.parametrize(
    ("head", "cell", "told"),
    [
        (",sex", ",F", None),
        (",sex", ",Woman", None),
        (",sex", ",", None),  # not recorded
        (",sex", ",7", "sex: write one of: female, male, other, unknown"),
        (",phone", ",(212) 555-0134", None),
        (",phone", ",0134", "phone: has fewer than seven digits"),
        (",language", ",Spanish", None),
        (",language", ",pt-BR", None),
        (",language", ",the usual", "language: write its code"),
        (",enrolled on", ",2027-01-01", "enrolled on: lies in the future"),
        (",enrolled on", ",1978-01-01", "enrolled on: lies before the birth date"),
        (",phq9,phq9 date", ",16,2026-03-02", None),
        (",phq9,phq9 date", ",16,", "phq-9 date: is needed beside the total"),
        (",phq9,phq9 date", ",28,2026-03-02", "phq-9 total: write a whole number from 0 to 27"),
        (",phq9,phq9 date", ",6.5,2026-03-02", "phq-9 total: write a whole number"),
        (",gad7,gad7 date", ",22,2026-03-02", "gad-7 total: write a whole number from 0 to 21"),
        (",gad7,gad7 date", ",,2026-03-02", "gad-7 total: is empty, but it has a date"),
        (",mrn", "," + "9" * 301, "record number: longer than 300 characters"),
        ("", ",one more", "line: has more cells than the header"),
    ],
)
def test_cells(head: str, cell: str, told: str | None) -> None:
    found = problems(head, cell)
    assert (found == []) if told is None else found[0].startswith(told), found


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (",Rosa,1979-05-04", "family name: is empty"),
        ("Alvarez,,1979-05-04", "given name: is empty"),
        ("Alvarez,Rosa,", "birth date: is empty"),
        ("Alvarez,Rosa,2979-05-04", "birth date: lies in the future"),
        ("Alvarez,Rosa,0079-05-04", "birth date: lies before 1900"),
        ("Alvarez,Rosa", "birth date: is empty"),  # a short line
    ],
)
def test_what_a_line_needs(line: str, told: str) -> None:
    assert problems("", "", line)[0].startswith(told)


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        (b"", Malformed, "empty"),
        (b"  \n ", Malformed, "empty"),
        (HEAD.encode(), Malformed, "no patients"),
        (f"{HEAD}\n{LINE}\x00\n".encode(), Malformed, "NUL"),
        (b"PK\x03\x04\x00\x00xlsx", Malformed, "NUL"),  # a workbook, not a CSV
        (f"{HEAD},DOB\n{LINE},1979-05-04".encode(), Malformed, "each once"),  # one column twice
        (b"name,age\nRosa,47", Malformed, "must name the columns"),
        (f'{HEAD}\n"Alvarez,Rosa,1979-05-04'.encode(), Malformed, "quote is not closed"),
        (f"{HEAD}\n{'A' * 40_000},Rosa,1979-05-04".encode(), Malformed, "cell is too long"),
        (f"{HEAD}\n{'A' * 10_000_000},Rosa,1979-05-04".encode(), TooLarge, "parts"),
        (b"a" * (MAX_BYTES + 1), TooLarge, "larger"),
        ((",".join(["x"] * 61) + "\n1").encode(), Malformed, "columns"),
        (f"{HEAD}\n{LINE}\xff\xfe\x81".encode("latin-1"), Malformed, "Windows-1252"),
    ],
)
def test_what_is_no_roster(content: bytes, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        read_roster(content, TODAY)


def test_more_lines_than_are_taken() -> None:
    with pytest.raises(TooLarge, match=str(MAX_LINES)):
        lines(f"{HEAD}\n" + f"{LINE}\n" * (MAX_LINES + 1))


def test_a_patient_twice_in_one_file_is_told_at_the_second_line() -> None:
    found = lines(f"{HEAD},mrn\n{LINE},1\nAlvarez,Rosa,1979-05-04,1\nAlvarez,Ines,1979-05-04,2\n")
    assert [one.is_right for one in found] == [True, False, True]
    assert "line 2" in found[1].problems[0].what


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1 212", "'+1 212"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("O'Connor", "O'Connor"),
        ("", ""),
    ],
)
def test_no_cell_of_a_report_is_a_formula(cell: str, safe: str) -> None:
    assert safe_cell(cell) == safe


def test_our_own_report_can_be_sent_again() -> None:
    again = read_roster(
        as_csv([[*HEAD.split(","), "phone"], [*LINE.split(","), "+1 2125550134"]]), TODAY
    )
    assert again.lines[0].phone == "+1 2125550134"
