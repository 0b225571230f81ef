"""The pages: server-rendered, usable without JavaScript."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.staticfiles import StaticFiles

from app.web.pages import (
    accounts,
    audit,
    caseload,
    clients,
    consents,
    due,
    duty,
    emergencies,
    endings,
    expected_recovery,
    explain,
    flags,
    handling,
    identities,
    inbound,
    messages,
    my_account,
    oidc,
    passkeys,
    patient,
    programs,
    protocols,
    reach,
    records,
    referrals,
    reviews,
    roster,
    screening,
    second_stages,
    sign_in,
    staff,
    steps,
    worklist,
)

router = APIRouter(include_in_schema=False)
for _page in (
    audit,
    sign_in,
    oidc,
    passkeys,
    identities,
    my_account,
    accounts,
    caseload,
    patient,
    explain,
    flags,
    reviews,
    worklist,
    second_stages,
    due,
    screening,
    inbound,
    protocols,
    steps,
    duty,
    reach,
    handling,
    messages,
    clients,
    records,
    roster,
    expected_recovery,
    referrals,
    endings,
    consents,
    programs,
    staff,
    emergencies,
):
    router.include_router(_page.router)

assets = StaticFiles(directory=Path(__file__).resolve().parent.parent / "static")
