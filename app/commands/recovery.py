"""``python -m app expected-recovery …``: what past courses lead one to expect."""

from typing import Annotated
from uuid import UUID

import typer

from app.commands.running import in_services
from app.domain.recovery_standing import model_words
from app.jobs.refitting import fit_all
from app.wiring import Services

recovery_cli = typer.Typer(
    no_args_is_help=True, help="Expected recovery, counted from past courses."
)


@recovery_cli.callback()
def recovery_commands() -> None:
    """Keeps `fit` a command of its own beside those to come."""


@recovery_cli.command("fit")
def fit_expected_recovery_command(
    org: Annotated[UUID | None, typer.Option("--org", help="This organization alone.")] = None,
) -> None:
    """Fit expected recovery anew; tells what each model was counted from and how well it calls."""

    async def run(services: Services) -> None:
        for org_id, models in (await fit_all(services.database, org)).items():
            for model in models:
                print(f"{org_id} {model_words(model)}")

    in_services(run)
