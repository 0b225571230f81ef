"""Which clinics the demo's staff belong to, and a review for which charts were opened once."""

from datetime import timedelta
from uuid import UUID

from app.domain.visibility import Posting
from app.store import chart_grants, postings
from app.store.ids import new_id
from app.store.postings import PostingRow
from app.store.transaction import Store

RIVERSIDE, NORTHGATE, HARBOR = "Riverside", "Northgate", "Harbor"
BELONGS = {
    "ben": (NORTHGATE, HARBOR),
    "dr.shah": (RIVERSIDE,),
    "tess": (RIVERSIDE, HARBOR),
}
"""Everybody else sees every clinic: the program's first care manager, its consultant, who leads."""
REVIEWED = "Review of the safety event of last month at Harbor with the quality committee"


async def set_up_clinics(store: Store) -> None:
    """Each sees their own clinics; charts of one were opened to the director for a review."""
    people = {one.login: one for one in await postings.list_postings(store)}
    clinics = {
        name.split()[0]: clinic_id for clinic_id, name, _ in await postings.list_clinics(store)
    }
    for login, one in people.items():
        await postings.save_posting(store, _posting(one, login, clinics), one.name)
    await postings.set_clinics_open(store, False)
    await _review(store, people, clinics[HARBOR])


def _posting(one: PostingRow, login: str, clinics: dict[str, UUID]) -> Posting:
    mine = frozenset(clinics[name] for name in BELONGS.get(login, ()))
    return Posting(one.staff_id, one.posting.roles, True, not mine, mine)


async def _review(store: Store, people: dict[str, PostingRow], clinic_id: UUID) -> None:
    by, began = people["cora"].staff_id, store.now - timedelta(days=20)
    values = {
        "grant_id": new_id(),
        "staff_id": people["dana"].staff_id,
        "clinic_id": clinic_id,
        "reason": REVIEWED,
        "granted_by_id": by,
        "granted_at": began,
        "until_at": began + timedelta(days=7),
        "ended_at": began + timedelta(days=5),
        "ended_by_id": by,
        "request_key": new_id().hex,
    }
    await chart_grants.add_grant(store, values)
