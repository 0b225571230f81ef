"""``python -m app staff …``: who works here."""

from typing import Annotated

import typer

from app.auth.secrets import check_password_choice, hash_password
from app.commands.running import Org, in_transaction
from app.domain.access import Role
from app.errors import NotFound
from app.store import staff
from app.store.transaction import Store
from app.use_cases import reach_people

staff_cli = typer.Typer(no_args_is_help=True, help="Staff.")


@staff_cli.command("add")
def add_staff(
    login: str,
    name: str,
    org: Org,
    role: Annotated[list[Role], typer.Option()],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """Add a member of staff with a local account."""
    check_password_choice(password)

    async def act(store: Store) -> None:
        roles = [one.value for one in role]
        await staff.add_staff(store, login.strip().casefold(), name, roles, hash_password(password))

    in_transaction(org, act)


@staff_cli.command("email")
def set_staff_email(login: str, email: str, org: Org) -> None:
    """Set where a member of staff is told of flags; a message asks them to confirm it."""

    async def act(store: Store) -> None:
        people = {one.login: one.staff_id for one in await staff.list_contacts(store)}
        if login.strip().casefold() not in people:
            raise NotFound(f"There is no login {login!r} in this organization.")
        await reach_people.set_email(store, people[login.strip().casefold()], email)

    in_transaction(org, act)
