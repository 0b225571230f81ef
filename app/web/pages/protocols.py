"""Which protocol judges the treatments here, what each would flag, and versions of one's own."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.condition import Condition
from app.domain.own_protocol import Draft, ProtocolOutOfLimits, numbers_of, own_id, published_of
from app.errors import Malformed, Problem, Unprocessable
from app.use_cases.choose_protocol import ProtocolChoice, choose_protocol
from app.use_cases.make_protocol import (
    DraftedProtocol,
    Drawing,
    begin_protocol,
    draft_protocol,
    save_protocol,
)
from app.use_cases.preview_protocols import preview_protocols
from app.use_cases.read_protocol import read_protocol
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.rendering import page

router = APIRouter(prefix="/protocols")
checked = [Depends(check_csrf)]
MOST_DIGITS = 9


@router.get("")
async def show_protocols(
    request: Request, session: SignedIn, store: WriteStore, today: Today
) -> Response:
    """Every protocol with its numbers, its source and what it would flag today."""
    previews = await preview_protocols(store, today)
    return page(request, "protocols.html", session, previews=previews)


@router.post("", dependencies=checked)
async def choose(
    store: WriteStore,
    today: Today,
    condition: Annotated[str, Form()],
    protocol: Annotated[str, Form()],
    number: Annotated[str, Form()],
) -> Response:
    """Judge a condition by another protocol from now on."""
    if condition not in list(Condition):
        raise Unprocessable(problems=[Problem("condition", "is none that is judged here")])
    protocol_id, _, version = protocol.rpartition(" v")
    wanted = ProtocolChoice(
        Condition(condition), protocol_id, _whole(version) or 0, _seen(number, "number")
    )
    await choose_protocol(store, wanted, today)
    return RedirectResponse(f"/protocols#{condition}", 303)


@router.get("/{protocol_id}/{version}")
async def show_protocol(
    request: Request, session: SignedIn, store: WriteStore, protocol_id: str, version: int
) -> Response:
    """One version, for as long as a finding names it."""
    reading = await read_protocol(store, protocol_id, version)
    return page(request, "protocol.html", session, reading=reading)


@router.get("/{protocol_id}/{version}/change")
async def show_change(
    request: Request, session: SignedIn, store: WriteStore, protocol_id: str, version: int
) -> Response:
    """The form to make a version of one's own."""
    drawing = await begin_protocol(store, protocol_id, version)
    typed = {number.key: str(number.value) for number in numbers_of(drawing.base)}
    typed |= {"title": drawing.base.title, "note": drawing.base.note, "newest": str(drawing.newest)}
    return page(request, "change_protocol.html", session, **_form(drawing, typed))


@router.post("/{protocol_id}/{version}/change", dependencies=checked)
async def change(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    today: Today,
    protocol_id: str,
    version: int,
    act: Annotated[str, Form()] = "preview",
) -> Response:
    """Show whom the draft would flag, or keep it; what does not fit is named beside its field."""
    typed = {name: str(value)[:400] for name, value in (await request.form()).items()}
    drawing = await begin_protocol(store, protocol_id, version)
    keys = [number.key for number in numbers_of(published_of(drawing.base))]
    draft = Draft(
        typed.get("title", ""),
        typed.get("note", ""),
        {key: _whole(typed.get(key, "")) for key in keys},
    )
    try:
        if act == "save":
            newest = _seen(typed.get("newest", ""), "newest")
            own = await save_protocol(store, protocol_id, version, draft, newest)
            return RedirectResponse(f"/protocols/{own.id}/{own.version}", 303)
        drafted = await draft_protocol(store, protocol_id, version, draft, today)
    except ProtocolOutOfLimits as refusal:
        shown = _form(drawing, typed, refusal=refusal)
        return page(request, "change_protocol.html", session, 422, **shown)
    return page(request, "change_protocol.html", session, **_form(drawing, typed, drafted))


def _form(
    drawing: Drawing,
    typed: Mapping[str, str],
    drafted: DraftedProtocol | None = None,
    refusal: ProtocolOutOfLimits | None = None,
) -> dict[str, Any]:
    found = refusal.problems if refusal else ()
    return {
        "drawing": drawing,
        "own_name": f"{own_id(drawing.published)} v{drawing.newest + 1}",
        "numbers": numbers_of(drawing.published),
        "typed": {"title": "", "note": "", "newest": str(drawing.newest), **typed},
        "drafted": drafted,
        "problems": {problem.where: problem.what for problem in found},
    }


def _whole(text: str) -> int | None:
    """A whole number that somebody typed; None for all else (``NaN``, ``1e9``, ``٤``)."""
    bare = text.strip()
    known = bare.isascii() and bare.isdecimal() and len(bare) <= MOST_DIGITS
    return int(bare) if known else None


def _seen(text: str, name: str) -> int:
    """A number that the form carries and nobody types."""
    found = _whole(text)
    if found is None:
        raise Malformed(problems=[Problem(name, "is missing; open the page again")])
    return found
