"""Change who works here: add somebody, set their roles and clinics, end their access."""

from uuid import UUID

from app.domain.access import Permission
from app.domain.posting import Wanted, check_administrators, posting_mark, read_wanted
from app.domain.visibility import Posting
from app.errors import NotFound, VersionConflict
from app.store import audit, chart_grants, postings, sessions, staff
from app.store.postings import PostingRow
from app.store.transaction import Store


async def add_staff(store: Store, login: str, wanted: Wanted) -> UUID:
    """Somebody new. They have no password yet: an administrator makes them a link to choose one."""
    store.actor.require(Permission.MANAGE_STAFF)
    clinics = await _clinic_names(store)
    name, roles = read_wanted(wanted, clinics)
    staff_id = await staff.add_staff(store, login, name, [role.value for role in roles], None)
    posting = Posting(staff_id, roles, True, wanted.every_clinic, wanted.clinics)
    await postings.save_posting(store, posting, name)
    await audit.record(
        store, "staff.add", subject=f"staff/{staff_id}", detail=_told(posting, clinics)
    )
    return staff_id


async def change_staff(store: Store, staff_id: UUID, wanted: Wanted, mark: str) -> None:
    """What somebody is from now on; `mark` is of what they were when the form was opened.

    Who works here no more is signed out at once; so is whoever has other roles than before.
    """
    store.actor.require(Permission.MANAGE_STAFF)
    await postings.hold_postings(store)
    everybody = {one.staff_id: one for one in await postings.list_postings(store)}
    if staff_id not in everybody:
        raise NotFound("There is no such member of staff.")
    before = everybody[staff_id]
    if posting_mark(before.posting, before.name) != mark:
        raise VersionConflict(
            "Somebody else changed this person while you had the form open. Nothing was saved; "
            "look at them again and repeat your change."
        )
    clinics = await _clinic_names(store)
    name, roles = read_wanted(wanted, clinics)
    after = Posting(staff_id, roles, wanted.active, wanted.every_clinic, wanted.clinics)
    others = (one.posting for one in everybody.values() if one.staff_id != staff_id)
    check_administrators([after, *others])
    await postings.save_posting(store, after, name)
    await _end_access(store, before, after)
    await audit.record(
        store,
        _action(before, after),
        subject=f"staff/{staff_id}",
        detail=_told(after, clinics) | {"was": _words(before.posting, clinics)},
    )


async def _end_access(store: Store, before: PostingRow, after: Posting) -> None:
    if not after.active:
        await chart_grants.end_grants(store, staff_id=after.staff_id)
    if not after.active or before.posting.roles != after.roles:
        await sessions.end_sessions(store.connection, store.org_id, after.staff_id, store.now)


def _action(before: PostingRow, after: Posting) -> str:
    if before.active and not after.active:
        return "staff.deactivate"
    return "staff.activate" if after.active and not before.active else "staff.change"


async def _clinic_names(store: Store) -> dict[UUID, str]:
    return {clinic_id: name for clinic_id, name, _ in await postings.list_clinics(store)}


def _told(one: Posting, clinics: dict[UUID, str]) -> dict[str, str | int | bool]:
    return {"is": _words(one, clinics)}


def _words(one: Posting, clinics: dict[UUID, str]) -> str:
    """``care-manager, director; every clinic`` as the record of the change tells it."""
    roles = ", ".join(sorted(role.value for role in one.roles))
    where = ", ".join(sorted(clinics[clinic_id] for clinic_id in one.clinics)) or "no clinic"
    here = "" if one.active else "; works here no more"
    return f"{roles}; {'every clinic' if one.every_clinic else where}{here}"
