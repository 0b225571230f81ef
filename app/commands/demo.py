"""``python -m app demo``: a caseload of people who do not exist."""

import asyncio
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.commands.running import (
    addresses,
    console,
    serve_until_stopped,
)
from app.demo import load as demo_data
from app.migrating import migrate
from app.publishing.republish import republish_in
from app.settings import CHECKOUT, Settings, load_settings
from app.settings_checks import check_safe
from app.wiring import Services, build_services

demo_cli = typer.Typer()


@demo_cli.command()
def demo(
    patients: Annotated[int, typer.Option(help="How many people the caseload has.")] = 180,
    seed: Annotated[int, typer.Option(help="The same seed tells the same stories.")] = 7,
    port: Annotated[int, typer.Option()] = 8000,
) -> None:
    """Serve a demo caseload of people who do not exist."""
    settings = load_settings().model_copy(update={"demo": True, "port": port})
    check_safe(settings)
    with addresses(settings) as (application, owner):
        migrate(owner)
        services = build_services(settings, application, demo_data.ACCOUNTS)
        token = asyncio.run(_load_demo(services, patients, seed))
        _greet(settings, _demo_token(token))
        serve_until_stopped(settings, build_services(settings, application, demo_data.ACCOUNTS))


async def _load_demo(services: Services, patients: int, seed: int) -> str | None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    today = services.now().astimezone(ZoneInfo(demo_data.ZONE)).date()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Writing a year of stories", total=patients)
        token = await demo_data.load(
            services.database, patients, seed, today, lambda done: bar.advance(task, done)
        )
        if token and patients <= demo_data.PUBLISHED:
            bar.update(task, description="Telling it as FHIR")
            async for _ in republish_in(services.database, demo_data.ORG):
                pass
    await services.database.engine.dispose()
    return token


def _demo_token(fresh: str | None) -> str:
    """The demo client's token, kept beside the embedded cluster for the next start."""
    path = CHECKOUT / ".stepwell-demo-token"
    if fresh:
        path.touch(mode=0o600)
        path.write_text(fresh)
    return path.read_text() if path.exists() else "(shown at the first start)"


def _greet(settings: Settings, token: str) -> None:
    base = f"http://{settings.host}:{settings.port}"
    today = datetime.now(ZoneInfo(demo_data.ZONE)).date().isoformat()
    accounts = "\n".join(f"  {login:<10} {title}" for login, _, title in demo_data.ACCOUNTS)
    print(
        f"""
Stepwell: {base}     (stop with Ctrl-C)

Sign in as one of these, password {demo_data.PASSWORD}
{accounts}

Post a screening as an EHR would:
  curl {base}/fhir/Observation -H 'Authorization: Bearer {token}' \\
    -H 'Content-Type: application/fhir+json' -d '{{"resourceType": "Observation",
      "status": "final",
      "code": {{"coding": [{{"system": "http://loinc.org", "code": "44261-6"}}]}},
      "subject": {{"identifier": {{"system": "{demo_data.RECORD_NUMBERS}", "value": "4100001"}}}},
      "effectiveDateTime": "{today}", "valueInteger": 17}}'
""",
        flush=True,
    )
