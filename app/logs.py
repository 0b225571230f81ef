"""What is written to the log: never a value, since any value may be a patient's.

An exception is told by its kind and its places. Its words are left out: those of a
database quote the row, those of a parser quote what was sent. Control characters are
written as escapes, so that nobody can forge a line.
"""

import logging
import sys
import threading
import warnings
from types import TracebackType
from typing import TextIO

PLACES = 6
"""The innermost places of an exception that a line names."""
FORMAT = "%(name)s %(levelname)s %(message)s"
ABOVE = {"uvicorn": logging.WARNING, "alembic": logging.WARNING, "httpx": logging.WARNING}
"""Libraries whose smaller news is noise, or names addresses that were called."""

log = logging.getLogger("stepwell")


class Plain(logging.Formatter):
    """One line for each record, without what an exception says of values."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler's formatter may have left its own there
        return _escaped(super().format(record))

    def formatException(self, ei: object) -> str:  # noqa: N802 - the name is logging's
        error = ei[1] if isinstance(ei, tuple) else None
        return told_plainly(error) if isinstance(error, BaseException) else ""

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return ""


def _escaped(text: str) -> str:
    return "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)


def told_plainly(error: BaseException) -> str:
    """``ValueError at score.py:31 reach < judging.py:88 judge``: the innermost place first."""
    places = places_of(error.__traceback__)
    return f"{type(error).__name__} at {' < '.join(reversed(places[-PLACES:]))}"


def places_of(trace: TracebackType | None) -> list[str]:
    """Where an exception went through, the outermost first."""
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places


def set_up(level: int = logging.INFO) -> None:
    """Write the log to standard error, and let no other way of telling a bug past it."""
    handler = logging.StreamHandler()
    handler.setFormatter(Plain(FORMAT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, least in ABOVE.items():
        logging.getLogger(name).setLevel(least)
    sys.excepthook = _left_over
    threading.excepthook = lambda left: _left_over(left.exc_type, left.exc_value, None)
    warnings.showwarning = _warned


def _left_over(kind: type[BaseException], error: BaseException | None, _: object) -> None:
    log.critical("bug %s", told_plainly(error) if error else kind.__name__)


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A warning's words may quote what was read; its kind and place do not."""
    log.warning("%s at %s:%d", category.__name__, filename.rpartition("/")[2], lineno)
