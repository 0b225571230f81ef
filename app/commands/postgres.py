"""``python -m app postgres …``: the embedded Postgres."""

import typer

from app import embedded_postgres
from app.settings import CHECKOUT

postgres_cli = typer.Typer(no_args_is_help=True, help="Postgres.")


@postgres_cli.command("status")
def postgres_status() -> None:
    """Whether the embedded Postgres runs, and where."""
    print(embedded_postgres.status(CHECKOUT))


@postgres_cli.command("stop")
def postgres_stop() -> None:
    """Stop the embedded Postgres."""
    print("stopped" if embedded_postgres.stop(CHECKOUT) else "it did not run")
