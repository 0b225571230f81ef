"""The audit, for whoever watches over access: search, one patient's, one row, a file."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from app.domain.audit_words import (
    SORT_WORDS,
    Sort,
    actions_of,
    known_actions,
    sort_of,
)
from app.errors import Problem, Unprocessable
from app.use_cases.export_audit import MOST, export_audit
from app.use_cases.view_audit import (
    AuditSearch,
    find_people,
    list_actors,
    search_audit,
    view_audit_row,
    who_has_seen,
)
from app.web.dependencies import Session, SignedIn, Today, WriteStore, check_csrf
from app.web.pages.forms import day
from app.web.pages.rendering import page

router = APIRouter(prefix="/audit")
PERIODS = (("30", "the last 30 days"), ("365", "the last 12 months"), ("", "all that is kept"))
KINDS = {"staff": "staff", "client": "integration client", "system": "the registry itself"}


class Asked:
    """What was asked, as the form has it: ``who=staff:…``, ``what=sort:look``, two days."""

    def __init__(
        self,
        who: str = "",
        what: str = "",
        outcome: str = "",
        patient: str = "",
        first: str = "",
        last: str = "",
        before: str = "",
    ) -> None:
        self.who, self.what, self.outcome = who, what, outcome
        self.patient, self.first, self.last = patient, first, last
        self.before = before

    def search(self, zone: str) -> AuditSearch:
        """The same as the store takes it. Raises Unprocessable for what cannot be read."""
        kind, _, actor = self.who.partition(":")
        first, last = day(self.first, "first"), day(self.last, "last")
        if first and last and last < first:
            raise Unprocessable(problems=[Problem("last", "is before the first day")])
        return AuditSearch(
            patient_ids=(_id(self.patient, "patient"),) if self.patient else (),
            actor_kind=kind if kind in KINDS else "",
            actor_id=_id(actor, "who") if actor else None,
            actions=tuple(self._actions()),
            outcome=self.outcome if self.outcome in ("done", "refused") else "",
            since=_midnight(first, zone),
            until=_midnight(last + timedelta(days=1) if last else None, zone),
            before=self.before,
        )

    def _actions(self) -> list[str]:
        kind, _, name = self.what.partition(":")
        if kind == "sort" and name in list(Sort):
            return actions_of(Sort(name))
        return [name[:80]] if kind == "act" and name else []

    def fields(self) -> dict[str, str]:
        """What a link to the next page, or a file of the same, carries."""
        names = ("who", "what", "outcome", "patient", "first", "last")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def _id(text: str, name: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Unprocessable(
            "A choice could not be read.", [Problem(name, "choose from the list")]
        ) from None


def _midnight(on: date | None, zone: str) -> datetime | None:
    """The first instant of a day there: days are 23 and 25 hours long when clocks change."""
    return datetime.combine(on, time(), ZoneInfo(zone)) if on else None


Asking = Annotated[Asked, Depends(Asked)]


def _asked_by_form(
    who: Annotated[str, Form()] = "",
    what: Annotated[str, Form()] = "",
    outcome: Annotated[str, Form()] = "",
    patient: Annotated[str, Form()] = "",
    first: Annotated[str, Form()] = "",
    last: Annotated[str, Form()] = "",
) -> Asked:
    return Asked(who, what, outcome, patient, first, last)


@router.get("")
async def show_audit(
    request: Request, session: SignedIn, store: WriteStore, asked: Asking
) -> Response:
    """Search the audit."""
    found = await search_audit(store, asked.search(session.actor.time_zone))
    return page(
        request,
        "audit.html",
        session,
        found=found,
        asked=asked,
        actors=await list_actors(store),
        acts=_acts(),
        kinds=KINDS,
        most=MOST,
    )


def _acts() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(sort, its words, its acts), as a list to choose from."""
    return [
        (sort.value, words, [(a, w) for a, w in known_actions() if sort_of(a) is sort])
        for sort, words in SORT_WORDS.items()
    ]


@router.post("/find", dependencies=[Depends(check_csrf)])
async def find(
    request: Request, session: SignedIn, store: WriteStore, query: Annotated[str, Form()] = ""
) -> Response:
    """Find the patient to ask about; the words never stand in an address."""
    people = await find_people(store, query[:200])
    return page(request, "audit_find.html", session, people=people, query=query[:200])


@router.get("/patients/{patient_id}")
async def show_patient(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    patient_id: UUID,
    today: Today,
    days: Annotated[str, Query()] = "365",
    before: Annotated[str, Query()] = "",
) -> Response:
    """Who has seen this patient."""
    days = days if days in dict(PERIODS) else "365"
    first = today - timedelta(days=int(days)) if days else None
    wanted = AuditSearch(since=_midnight(first, session.actor.time_zone), before=before)
    found = await who_has_seen(store, patient_id, wanted)
    return page(
        request,
        "audit_patient.html",
        session,
        found=found,
        days=days,
        periods=PERIODS,
        before=before,
        kinds=KINDS,
    )


@router.get("/rows/{key}")
async def show_row(request: Request, session: SignedIn, store: WriteStore, key: str) -> Response:
    """One row in full."""
    found = await view_audit_row(store, key)
    return page(request, "audit_row.html", session, found=found, kinds=KINDS)


@router.post("/export", dependencies=[Depends(check_csrf)])
async def export(
    session: SignedIn, store: WriteStore, asked: Annotated[Asked, Depends(_asked_by_form)]
) -> Response:
    """The same rows as a file."""
    wanted = replace(asked.search(session.actor.time_zone), before="")
    made = await export_audit(store, wanted)
    return Response(made.content, media_type="text/csv; charset=utf-8", headers=_as_file(session))


def _as_file(session: Session) -> dict[str, str]:
    today = datetime.now(ZoneInfo(session.actor.time_zone)).date()
    return {"Content-Disposition": f'attachment; filename="audit-{today}.csv"'}
