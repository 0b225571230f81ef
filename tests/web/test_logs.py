"""What the log says of a bug, and that nobody can forge a line of it."""

import io
import logging
import warnings
from collections.abc import Iterator

import pytest

from app import logs

NAME = "Rosa Alvarez"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Standard error, with the log set up on it as every command does; undone afterwards."""
    root, stream = logging.getLogger(), io.StringIO()
    kept = root.handlers[:], root.level
    for name in ("excepthook",):
        monkeypatch.setattr(logs.sys, name, logs.sys.excepthook)
    monkeypatch.setattr(logs.threading, "excepthook", logs.threading.excepthook)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr("sys.stderr", stream)
    logs.set_up(logging.DEBUG)
    yield stream
    root.handlers[:], root.level = kept


def fail() -> None:
    try:
        raise KeyError(NAME)
    except KeyError as first:
        raise ValueError(f"no such patient: {NAME}") from first


def test_an_exception_is_told_by_kind_and_place(written: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("anybody").exception("it failed")
    assert "it failed" in written.getvalue()
    assert "ValueError at test_logs.py:" in written.getvalue()
    assert "Rosa" not in written.getvalue()
    assert written.getvalue().count("\n") == 1


def test_an_exception_that_nobody_caught_says_no_more(written: io.StringIO) -> None:
    try:
        fail()
    except ValueError as error:
        logs.sys.excepthook(type(error), error, error.__traceback__)
    assert "ValueError" in written.getvalue()
    assert "Rosa" not in written.getvalue()


def test_a_warning_is_told_by_kind_and_place(written: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = logs._warned
        warnings.warn(f"odd value {NAME}", UserWarning, stacklevel=1)
    assert "UserWarning at test_logs.py:" in written.getvalue()
    assert "Rosa" not in written.getvalue()


@pytest.mark.parametrize("mark", ["\n", "\r", "\x1b[2J", "\u2028", "\x00", "\u202e"])
def test_a_line_break_in_a_value_begins_no_line(written: io.StringIO, mark: str) -> None:
    logging.getLogger("anybody").warning("odd path %s", f"/x{mark}stepwell INFO all is well")
    assert written.getvalue().count("\n") == 1
    assert mark not in written.getvalue().rstrip("\n")


def test_umlauts_and_other_scripts_stay_readable(written: io.StringIO) -> None:
    logging.getLogger("anybody").warning("Zoë 李")
    assert "Zoë 李" in written.getvalue()
