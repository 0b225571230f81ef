"""The files of a site's own instruments: read at start, or checked by whoever writes one."""

from collections.abc import Iterable
from pathlib import Path

from app.domain.site_instrument import LARGEST, SiteInstruments, read_definitions
from app.errors import Problem, Unprocessable

MOST_FILES = 500
"""In one folder (ours)."""


class SiteInstrumentsNotValid(Unprocessable):
    """The instruments of this site cannot be used; correct these files, then start again."""

    code = "site-instruments-not-valid"


def read_folder(folder: Path | None) -> SiteInstruments:
    """Every ``*.toml`` of the folder; nothing where there is no folder set.

    Raises SiteInstrumentsNotValid that names every mistake in every file: a registry that
    started without an instrument would drop what is sent of it.
    """
    if folder is None:
        return SiteInstruments()
    if not folder.is_dir():
        raise SiteInstrumentsNotValid(f"STEPWELL_INSTRUMENTS: {folder} is no folder.")
    found = read_files(list_definitions(folder))
    if found.problems:
        raise SiteInstrumentsNotValid(problems=found.problems)
    return found


def list_definitions(folder: Path) -> list[Path]:
    """The definitions in a folder, by name."""
    files = sorted(p for p in folder.glob("*.toml") if not p.name.startswith("."))
    if len(files) > MOST_FILES:
        raise SiteInstrumentsNotValid(f"{folder} holds {len(files)} files; {MOST_FILES} at most.")
    return files


def read_files(paths: Iterable[Path], beside: Iterable[Path] = ()) -> SiteInstruments:
    """Check these files against what ships, one another and those that they stand `beside`."""
    unreadable: list[Problem] = []
    here = _contents(paths, unreadable)
    others = read_definitions(_contents(beside, []))
    found = read_definitions(here, others.instruments)
    found.problems = unreadable + found.problems
    return found


def _contents(paths: Iterable[Path], unreadable: list[Problem]) -> dict[str, bytes]:
    contents = {}
    for path in paths:
        try:
            with path.open("rb") as file:
                contents[str(path)] = file.read(LARGEST + 1)
        except OSError as error:
            unreadable.append(Problem(str(path), f"cannot be read: {error.strerror}"))
    return contents
