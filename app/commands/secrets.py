"""``python -m app secrets …``: what is sealed at rest."""

import typer

from app.auth.resealing import reseal_all
from app.commands.running import console, in_services
from app.wiring import Services

secrets_cli = typer.Typer(no_args_is_help=True, help="What is sealed at rest.")


@secrets_cli.command("reseal")
def reseal() -> None:
    """Seal everything anew with the first of the secret keys; then the older ones may go."""

    async def run(services: Services) -> None:
        count = await reseal_all(services.database, services.sealer)
        console.print(f"{count} secrets were sealed anew.")

    in_services(run)
