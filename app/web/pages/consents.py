"""What a patient consented to: write it down, print it, revoke it."""

from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.datastructures import FormData

from app.domain.consent import ConsentForm, ConsentKind, Manner, Purpose, Scope
from app.errors import Problem, Unprocessable
from app.use_cases.keep_consents import (
    ConsentBoard,
    record_consent,
    revoke_consent,
    view_consent,
    view_consents,
)
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.forms import back, day
from app.web.pages.rendering import page

router = APIRouter()
checked = [Depends(check_csrf)]


@dataclass(slots=True)
class Typed:
    """The form as it was typed, to be shown again where something is missing."""

    kind: str = ConsentKind.BILLING.value
    given_on: str = ""
    manner: str = ""
    discloser: str = ""
    recipient: str = ""
    recipient_name: str = ""
    purpose: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    signature: str = ""
    expires_on: str = ""
    expires_when: str = ""
    told: str = ""
    request_key: str = ""


@router.get("/patients/{patient_id}/consents/new")
async def show_form(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    today: Today,
    patient_id: UUID,
    kind: str = ConsentKind.BILLING.value,
) -> Response:
    """An empty form of this kind."""
    chosen = kind if kind in list(ConsentKind) else ConsentKind.BILLING.value
    typed = Typed(kind=chosen, given_on=today.isoformat(), request_key=uuid4().hex)
    board = await view_consents(store, patient_id)
    return _form(request, session, board, typed)


def _form(
    request: Request,
    session: SignedIn,
    board: ConsentBoard,
    typed: Typed,
    refusal: Unprocessable | None = None,
) -> Response:
    problems = refusal.problems if refusal else ()
    return page(
        request,
        "consent_form.html",
        session,
        422 if refusal else 200,
        board=board,
        typed=typed,
        kind=ConsentKind(typed.kind),
        problems=problems,
        wrong={problem.where for problem in problems},
        refused=refusal.message if refusal else "",
        kinds=list(ConsentKind),
        manners=list(Manner),
        purposes=list(Purpose),
        scopes=list(Scope),
    )


@router.post("/patients/{patient_id}/consents", dependencies=checked)
async def write_down(
    request: Request, session: SignedIn, store: WriteStore, today: Today, patient_id: UUID
) -> Response:
    """Keep a consent; what it lacks is told beside what was typed."""
    typed = _typed(await request.form())
    if typed.kind not in list(ConsentKind):
        raise Unprocessable(problems=[Problem("kind", "choose from the list")])
    try:
        form = _read(typed)
        await record_consent(store, patient_id, form, typed.request_key, today)
    except Unprocessable as refusal:
        return _form(request, session, await view_consents(store, patient_id), typed, refusal)
    return back(patient_id, "#consents")


def _typed(sent: FormData) -> Typed:
    many = {"purpose", "scope"}
    words = {
        name: str(sent.get(name, "")) for name in Typed.__dataclass_fields__ if name not in many
    }
    purposes, scopes = (tuple(map(str, sent.getlist(name))) for name in ("purpose", "scope"))
    return replace(Typed(**words), purpose=purposes, scope=scopes)  # type: ignore[arg-type]


def _read(typed: Typed) -> ConsentForm:
    return ConsentForm(
        kind=ConsentKind(typed.kind),
        given_on=day(typed.given_on, "given on"),
        manner=Manner(typed.manner) if typed.manner in list(Manner) else None,
        discloser=typed.discloser,
        recipient=typed.recipient,
        recipient_name=typed.recipient_name,
        purposes=frozenset(Purpose(one) for one in typed.purpose if one in list(Purpose)),
        scope=frozenset(Scope(one) for one in typed.scope if one in list(Scope)),
        signature=typed.signature,
        expires_on=day(typed.expires_on, "expires on"),
        expires_when=typed.expires_when,
        told_of_revoking=typed.told == "yes",
    )


@router.get("/consents/{consent_id}")
async def show_consent(
    request: Request, session: SignedIn, store: WriteStore, consent_id: UUID
) -> Response:
    """One consent, to be read or printed: a copy goes with each disclosure (§ 2.32)."""
    row, patient_id, name, notice = await view_consent(store, consent_id)
    return page(
        request,
        "consent.html",
        session,
        row=row,
        patient_id=patient_id,
        patient_name=name,
        notice=notice,
    )


@router.post("/consents/{consent_id}/revoke", dependencies=checked)
async def revoke(
    store: WriteStore,
    consent_id: UUID,
    version: Annotated[int, Form()],
    how: Annotated[str, Form()] = "",
) -> Response:
    """Revoke it, at once."""
    return back(await revoke_consent(store, consent_id, how, version), "#consents")
