"""``python -m app instrument …``: for whoever writes a site's own instrument."""

from pathlib import Path
from typing import Annotated

import typer

from app.domain.catalogue import INSTRUMENTS, SHIPPED, adopt
from app.domain.instrument import Instrument
from app.settings import CHECKOUT, load_settings
from app.site_instruments import list_definitions, read_files, read_folder
from fhir_mappings.terminology import as_markdown

instrument_cli = typer.Typer(
    no_args_is_help=True, help="Questionnaires: those that ship, and yours."
)


@instrument_cli.command("check")
def check_command(
    files: Annotated[list[Path], typer.Argument(help="Definitions, or folders of them.")],
) -> None:
    """Tell every mistake in these definitions; exit code 1 where there is one."""
    wanted = [one for path in files for one in _definitions(path)]
    folder = load_settings().instruments
    held = list_definitions(folder) if folder and folder.is_dir() else []
    ours = {path.resolve() for path in wanted}
    found = read_files(wanted, [path for path in held if path.resolve() not in ours])
    for problem in found.problems:
        typer.echo(f"{problem.where}: {problem.what}", err=True)
    for name, instrument in found.instruments.items():
        typer.echo(f"{name}: {_line(instrument)}")
    if not wanted:
        typer.echo("There is no definition (*.toml) here.", err=True)
    if found.problems or not wanted:
        raise typer.Exit(1)


def _definitions(path: Path) -> list[Path]:
    return list_definitions(path) if path.is_dir() else [path]


@instrument_cli.command("list")
def list_command() -> None:
    """List every instrument that the registry knows, and where it is from."""
    found = read_folder(load_settings().instruments)
    adopt(found.instruments.values())
    origin = {instrument.id: name for name, instrument in found.instruments.items()}
    for instrument in INSTRUMENTS.values():
        where = "ships" if instrument.id in SHIPPED else origin[instrument.id]
        typer.echo(f"{_line(instrument)} · {where}")


@instrument_cli.command("codes")
def codes_command(
    write: Annotated[bool, typer.Option("--write", help="Write docs/terminology.md.")] = False,
) -> None:
    """Tell which codes are accepted for each instrument, and which are often wrong."""
    if write:
        (CHECKOUT / "docs" / "terminology.md").write_text(as_markdown(), encoding="utf-8")
    else:
        typer.echo(as_markdown())


def _line(one: Instrument) -> str:
    codes = f"panel {one.loinc_panel or one.local_panel_code}, "
    codes += f"total {one.loinc_score or one.local_score_code}"
    items = "1 item" if len(one.items) == 1 else f"{len(one.items)} items"
    title = f"{one.id} · {one.short_title} · {one.version}"
    return f"{title} · {items}, {one.minimum} to {one.maximum} · {codes}"
