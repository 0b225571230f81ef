"""``python -m app staff …``: who works here."""

from typing import Annotated
from uuid import UUID

import typer

from app.auth import accounts
from app.auth.passwords import check_password_choice, hash_password
from app.commands.running import Org, in_transaction
from app.domain.access import Role
from app.domain.login import login_of
from app.errors import NotFound
from app.settings import load_settings
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
    """Add a member of staff; at their first sign-in they choose a password of their own."""
    check_password_choice(password, (login, name))

    async def act(store: Store) -> None:
        roles = [one.value for one in role]
        hashed = hash_password(password)
        await staff.add_staff(store, login, name, roles, hashed, must_change=True)

    in_transaction(org, act)


@staff_cli.command("email")
def set_staff_email(login: str, email: str, org: Org) -> None:
    """Set where a member of staff is told of flags; a message asks them to confirm it."""

    async def act(store: Store) -> None:
        await reach_people.set_email(store, await _whose(store, login), email)

    in_transaction(org, act)


async def _whose(store: Store, login: str) -> UUID:
    people = {one.login: one.staff_id for one in await staff.list_contacts(store)}
    found = people.get(login_of(login) or "")
    if found is None:
        raise NotFound(f"There is no login {login!r} in this organization.")
    return found


@staff_cli.command("link")
def make_link(login: str, org: Org) -> None:
    """Print a link by which somebody chooses a password; the old one is good no more."""
    base = load_settings().base_url.rstrip("/")

    async def act(store: Store) -> None:
        print(base + await accounts.reset_password(store, await _whose(store, login), store.now))

    in_transaction(org, act)


@staff_cli.command("reset-second-factor")
def reset_second_factor(login: str, org: Org) -> None:
    """Take away the second factor of somebody who lost it; their sessions end."""

    async def act(store: Store) -> None:
        await accounts.reset_second_factor(store, await _whose(store, login), store.now)

    in_transaction(org, act)


@staff_cli.command("sign-out")
def sign_out_everywhere(login: str, org: Org) -> None:
    """Sign somebody out everywhere."""

    async def act(store: Store) -> None:
        await accounts.end_sessions(store, await _whose(store, login), store.now)

    in_transaction(org, act)
