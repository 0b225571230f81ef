"""The caseload, and finding a patient."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from app.domain.episode import EpisodeStatus, weeks_in_treatment
from app.domain.flag import FLAG_POLICY, FlagKind
from app.domain.rhythm import Rhythm, next_contact_due
from app.use_cases.find_patients import find_patients
from app.use_cases.view_caseload import (
    CaseloadFilter,
    CaseloadRow,
    OpenFlagRow,
    view_caseload,
)
from app.use_cases.view_patient import age_on
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.rendering import page

router = APIRouter()


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@router.get("/caseload")
async def show_caseload(
    request: Request,
    session: SignedIn,
    store: WriteStore,
    today: Today,
    care_manager: Annotated[str, Query()] = "",
    clinic: Annotated[str, Query()] = "",
    status: Annotated[str, Query()] = "",
    flag: Annotated[str, Query()] = "",
) -> Response:
    """One row per open episode, the most urgent first."""
    wanted = CaseloadFilter(
        care_manager_id=_id(care_manager),
        clinic_id=_id(clinic),
        status=status if status in list(EpisodeStatus) else None,
        flag=flag if flag in list(FlagKind) else None,
    )
    found = await view_caseload(store, wanted, today)
    return page(
        request,
        "caseload.html",
        session,
        caseload=found,
        policies={kind.value: policy for kind, policy in FLAG_POLICY.items()},
        statuses=[one.value for one in EpisodeStatus],
        weeks=weeks_in_treatment,
        age=age_on,
        due=_next_contact,
        by_rank=_by_rank,
    )


def _next_contact(row: CaseloadRow) -> date | None:
    """The contact that was agreed on, else the one the rhythm asks for."""
    return row.next_contact_on or next_contact_due(
        EpisodeStatus(row.status), row.enrolled_on, row.last_contact_on, Rhythm()
    )


def _by_rank(flags: Sequence[OpenFlagRow]) -> list[OpenFlagRow]:
    return sorted(flags, key=lambda flag: FLAG_POLICY[FlagKind(flag.kind)].rank)


@router.post("/search", dependencies=[Depends(check_csrf)])
async def search(
    request: Request, session: SignedIn, store: WriteStore, query: Annotated[str, Form()] = ""
) -> Response:
    """Find a patient; by POST, so that no name stands in an address or a log."""
    found = await find_patients(store, query[:200])
    return page(request, "search.html", session, query=query, found=found)
