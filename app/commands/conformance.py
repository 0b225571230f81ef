"""``python -m app conformance``: what the FHIR face offers, and what shows it."""

from typing import Annotated

import typer

from app.settings import CHECKOUT
from app.web.fhir.conformance_page import as_markdown

conformance_cli = typer.Typer()


@conformance_cli.command()
def conformance(
    write: Annotated[bool, typer.Option("--write", help="Write docs/fhir-conformance.md.")] = False,
) -> None:
    """Show every interaction, search parameter and operation of FHIR that is offered."""
    text = as_markdown()
    if write:
        (CHECKOUT / "docs" / "fhir-conformance.md").write_text(text, encoding="utf-8")
    else:
        print(text)
