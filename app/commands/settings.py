"""``python -m app check-settings``: what is set, what forbids serving, what is worth knowing."""

import sys

import typer
from pydantic import SecretStr

from app.errors import Problem
from app.settings import Settings, load_settings, variable_of
from app.settings_checks import find_problems, find_remarks

settings_cli = typer.Typer()


@settings_cli.command("check-settings")
def check_settings() -> None:
    """Tell every setting (never a secret's value) and everything that is wrong; 1 where any is."""
    settings = load_settings()
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        mark = " " if value == field.get_default(call_default_factory=True) else "*"
        typer.echo(f"{mark} {variable_of(name, field):<36} {_shown(value)}")
    problems = find_problems(settings)
    _tell("worth knowing", find_remarks(settings))
    _tell("not safe to serve with", problems)
    if problems:
        sys.exit(1)
    typer.echo("\nThese settings are safe to serve with. (* differs from the default)")


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else "(not set)"
    return "(not set)" if value in (None, "") else str(value)


def _tell(title: str, found: list[Problem]) -> None:
    if found:
        typer.echo(f"\n{title}:")
    for one in found:
        typer.echo(f"  {one.where}: {one.what}")
