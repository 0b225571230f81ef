"""``python -m app republish`` and ``reindex``: what is served as FHIR, rendered or found anew."""

from collections import Counter
from typing import Annotated

import typer

from app.commands.running import console, in_services
from app.errors import Unprocessable
from app.publishing.nouns import NOUNS
from app.publishing.reindex import reindex
from app.publishing.republish import republish
from app.web.fhir.services import fhir_base
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


@publishing_cli.command("reindex")
def reindex_command(only: Only = None) -> None:
    """Let every resource be found by what the table of search parameters says now.

    After an upgrade. Nothing that is served changes. It may be stopped and started again.
    """

    async def run(services: Services) -> None:
        found = Counter[tuple[str, str]]()
        base = fhir_base(services.settings.public_base_url or "")
        async for org_id, kind, count in reindex(services.database, base, only):
            found[str(org_id), kind] += count
            console.print(f"{org_id} {kind}: {found[str(org_id), kind]}", highlight=False)
        console.print(f"{found.total()} resources indexed.", highlight=False)

    in_services(run)
