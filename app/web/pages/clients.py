"""Integration clients: who is registered, with which scopes and keys; register, rotate, end."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.auth.client_keys import fetch_address
from app.auth.key_fetching import read_jwks_url
from app.auth.key_sets import PublicKey, read_key_set
from app.domain.access import Permission
from app.domain.scopes import (
    ANY,
    ONLY_GIVEN,
    RESOURCE_TYPES,
    Interaction,
    chosen_scopes,
    covers,
)
from app.errors import Problem, RegistryError, Unprocessable
from app.use_cases import manage_clients
from app.use_cases.manage_clients import KeyAddress, as_rows
from app.web.dependencies import Session, SignedIn, WriteStore, check_csrf, freshly_proved
from app.web.pages.rendering import page

router = APIRouter()
checked = [Depends(check_csrf), Depends(freshly_proved)]
"""Who opens a way in for a system, or widens one, has proved who they are just now."""
at_once = [Depends(check_csrf)]
"""Shutting one out waits for nothing."""

SCREENINGS = ("Encounter", "Observation", "Patient", "QuestionnaireResponse")
TYPES = (ANY, *SCREENINGS, *(one for one in RESOURCE_TYPES if one not in SCREENINGS))
FEED = ("Patient.s", *(f"{one}.{letter}" for one in SCREENINGS for letter in "cu"))
"""What a feed of screenings needs, and no more: to send, and to find the patient that it means."""


@router.get("/clients")
async def show_clients(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """Every client."""
    board = await manage_clients.view_clients(store)
    return page(request, "clients.html", session, board=board)


@router.get("/clients/new", dependencies=[Depends(freshly_proved)])
async def show_form(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """The form to register one."""
    board = await manage_clients.view_clients(store)
    return _form(request, session, board.clinics, {"scopes": FEED})


@router.post("/clients/new", dependencies=checked)
async def register(
    request: Request,
    session: SignedIn,
    name: Annotated[str, Form()] = "",
    scope: Annotated[list[str] | None, Form()] = None,
    keys: Annotated[str, Form()] = "",
    address: Annotated[str, Form()] = "",
    clinic: Annotated[str, Form()] = "",
) -> Response:
    """Register it; an address is asked first, while no transaction is open."""
    session.actor.require(Permission.MANAGE_CLIENTS)
    database = request.app.state.services.database
    try:
        scopes, read = chosen_scopes(scope or ()), _read(keys)
        there = await _there(request, address)
        if not read and there is None:
            words = Problem("keys", "paste the public keys, or give the address of them")
            raise Unprocessable("A client proves itself by its keys.", [words])
        async with database.transaction(session.actor, request_id=_id(request)) as store:
            client_id = await manage_clients.register_client(
                store, name, scopes, as_rows(read), there, clinic or None
            )
    except RegistryError as refusal:
        async with database.transaction(session.actor) as store:
            board = await manage_clients.view_clients(store)
        typed = {"name": name, "scopes": scope or (), "address": address, "clinic": clinic}
        return _form(request, session, board.clinics, typed, refusal)
    return RedirectResponse(f"/clients/{client_id}", 303)


@router.get("/clients/{client_id}")
async def show_client(
    request: Request, session: SignedIn, store: WriteStore, client_id: UUID
) -> Response:
    """One client with its keys."""
    found = await manage_clients.view_client(store, client_id)
    held = found.client.scopes
    settings = request.app.state.services.settings
    return page(
        request,
        "client.html",
        session,
        found=found,
        live=[key for key in found.keys if key.removed_at is None],
        removed=[key for key in found.keys if key.removed_at is not None],
        types=TYPES,
        only_given=ONLY_GIVEN,
        interactions=list(Interaction),
        chosen=[f"{t}.{i.value}" for t in TYPES for i in Interaction if _is_held(held, t, i)],
        token_endpoint=settings.token_endpoint,
    )


def _is_held(scopes: frozenset[str], resource_type: str, interaction: Interaction) -> bool:
    """Whether it was chosen for this very type, not for every type."""
    own = [one for one in scopes if one.startswith(f"system/{resource_type}.")]
    return covers(own, resource_type, interaction)


@router.post("/clients/{client_id}", dependencies=checked)
async def change(
    store: WriteStore,
    client_id: UUID,
    scope: Annotated[list[str] | None, Form()] = None,
    clinic: Annotated[str, Form()] = "",
) -> Response:
    """Other scopes, another clinic."""
    await manage_clients.change_client(store, client_id, chosen_scopes(scope or ()), clinic)
    return _to(client_id, "#scopes")


@router.post("/clients/{client_id}/keys", dependencies=checked)
async def add_keys(
    store: WriteStore, client_id: UUID, keys: Annotated[str, Form()] = ""
) -> Response:
    """New keys beside the old ones."""
    await manage_clients.add_client_keys(store, client_id, as_rows(read_key_set(keys)))
    return _to(client_id, "#keys")


@router.post("/clients/{client_id}/keys/remove", dependencies=at_once)
async def remove_key(
    store: WriteStore, client_id: UUID, kid: Annotated[str, Form()] = ""
) -> Response:
    """A key ends."""
    await manage_clients.remove_client_key(store, client_id, kid)
    return _to(client_id, "#keys")


@router.post("/clients/{client_id}/address", dependencies=checked)
async def set_address(
    request: Request, session: SignedIn, client_id: UUID, address: Annotated[str, Form()] = ""
) -> Response:
    """Where the keys are published, asked now; empty takes the address away."""
    session.actor.require(Permission.MANAGE_CLIENTS)
    there = await _there(request, address)
    database = request.app.state.services.database
    async with database.transaction(session.actor, request_id=_id(request)) as store:
        await manage_clients.set_key_address(store, client_id, there)
    return _to(client_id, "#keys")


@router.post("/clients/{client_id}/disable", dependencies=at_once)
async def disable(store: WriteStore, client_id: UUID) -> Response:
    """The client and its tokens end."""
    await manage_clients.disable_client(store, client_id)
    return _to(client_id)


@router.post("/clients/{client_id}/enable", dependencies=checked)
async def enable(store: WriteStore, client_id: UUID) -> Response:
    """It may ask for tokens again."""
    await manage_clients.enable_client(store, client_id)
    return _to(client_id)


def _form(
    request: Request,
    session: Session,
    clinics: list[str],
    typed: dict[str, Any],
    refusal: RegistryError | None = None,
) -> Response:
    """The form, with what was typed and why it was refused; keys are not shown again."""
    return page(
        request,
        "client_new.html",
        session,
        422 if refusal else 200,
        typed={"name": "", "address": "", "clinic": "", **typed},
        chosen=typed["scopes"],
        clinics=clinics,
        refusal=refusal,
        types=TYPES,
        only_given=ONLY_GIVEN,
        interactions=list(Interaction),
    )


def _read(keys: str) -> tuple[PublicKey, ...]:
    return read_key_set(keys) if keys.strip() else ()


async def _there(request: Request, typed: str) -> KeyAddress | None:
    """What an address answers; raises KeysUnreachable."""
    url = read_jwks_url(typed)
    if url is None:
        return None
    return await fetch_address(request.app.state.services.fetcher, url)


def _id(request: Request) -> str | None:
    return getattr(request.state, "request_id", None)


def _to(client_id: UUID, place: str = "") -> Response:
    return RedirectResponse(f"/clients/{client_id}{place}", 303)
