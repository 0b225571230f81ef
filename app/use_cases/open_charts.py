"""Open charts for a while to one who reads none by their role, and close them again."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.domain.access import Permission
from app.domain.chart_grant import check_grant
from app.errors import NotFound, Problem, Unprocessable
from app.store import audit, chart_grants, postings
from app.store.ids import new_id
from app.store.transaction import Store


@dataclass(frozen=True, slots=True)
class OpenCharts:
    """To whom, of which clinic (None: every one), why, for how many days."""

    staff_id: UUID
    clinic_id: UUID | None
    reason: str
    days: int
    request_key: str


async def open_charts(store: Store, form: OpenCharts) -> None:
    """Open them; the same form sent twice opens once."""
    store.actor.require(Permission.OPEN_CHARTS)
    people = {one.staff_id: one for one in await postings.list_postings(store) if one.active}
    if form.staff_id not in people:
        raise Unprocessable("Nothing was opened.", [Problem("staff", "choose from the list")])
    if form.clinic_id and form.clinic_id not in {c for c, *_ in await postings.list_clinics(store)}:
        raise Unprocessable("Nothing was opened.", [Problem("clinic", "choose from the list")])
    roles = people[form.staff_id].posting.roles
    check_grant(store.actor.staff_id, form.staff_id, roles, form.reason, form.days)
    grant_id = new_id()
    values = {
        "grant_id": grant_id,
        "staff_id": form.staff_id,
        "clinic_id": form.clinic_id,
        "reason": form.reason.strip(),
        "granted_by_id": store.actor.staff_id,
        "until_at": store.now + timedelta(days=form.days),
        "request_key": form.request_key,
    }
    if await chart_grants.add_grant(store, values):
        await audit.record(
            store,
            "charts.open",
            subject=f"staff/{form.staff_id}",
            detail={
                "grant": str(grant_id),
                "clinic": str(form.clinic_id) if form.clinic_id else "every clinic",
                "days": form.days,
            },
        )


async def close_charts(store: Store, grant_id: UUID) -> None:
    """End a grant before its time; it holds no more from the next page on."""
    store.actor.require(Permission.OPEN_CHARTS)
    grant = await chart_grants.get_grant(store, grant_id)
    if await chart_grants.end_grants(store, grant_id=grant_id) == 0:
        raise NotFound("This grant has ended already.")
    await audit.record(
        store,
        "charts.close",
        subject=f"staff/{grant.staff_id}",
        detail={"grant": str(grant_id)},
    )
