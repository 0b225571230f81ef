"""``python -m app republish``: what is served as FHIR, rendered anew from the records."""

from collections import Counter
from typing import Annotated

import typer

from app.commands.running import console, in_services
from app.errors import Unprocessable
from app.publishing.nouns import NOUNS
from app.publishing.republish import republish
from app.wiring import Services

publishing_cli = typer.Typer()
Only = Annotated[str | None, typer.Option("--type", help="Only what becomes this type of FHIR.")]


@publishing_cli.command("republish")
def republish_command(only: Only = None) -> None:
    """Render every record anew for FHIR: after an upgrade, or when a mapping changed.

    What says the same makes no new version. It may be stopped and started again at any time.
    """
    offered = sorted({one for noun in NOUNS.values() for one in noun.types})
    if only and only not in offered:
        raise Unprocessable(f"Nothing here becomes {only}. Choose {', '.join(offered)}.")

    async def run(services: Services) -> None:
        written = Counter[str]()
        looked_at = Counter[str]()
        async for piece in republish(services.database, only):
            looked_at[piece.noun] += piece.looked_at
            written[piece.noun] += piece.written
            progress = f"{looked_at[piece.noun]} looked at, {written[piece.noun]} written"
            console.print(f"{piece.org_id} {piece.noun}: {progress}", highlight=False)
        total = f"{looked_at.total()} records looked at, {written.total()} versions written."
        console.print(total, highlight=False)

    in_services(run)
