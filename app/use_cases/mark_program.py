"""Mark a clinic or an integration client as a Part 2 program, and say who its people are.

What it records from then on is labelled as it is written; what it recorded before is
labelled now. Taking the mark away labels nothing more; what was recorded under it keeps
its label for good.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.errors import Problem, Unprocessable
from app.store import audit, exports, kept_answers, part2, patients, relabelling, rosters
from app.store.disclosure import begin_withholding, whole_record
from app.store.part2 import Place, Program
from app.store.rosters import StaffName
from app.store.transaction import Store
from app.use_cases.reevaluate_patient import reevaluate_patients

PIECE = 200
"""How many patients are judged anew at once (ours)."""


@dataclass(frozen=True, slots=True)
class MarkForm:
    """Whether a place is a program, its people and whom its safety flags ask."""

    place_id: UUID
    marked: bool
    contact_id: UUID | None
    members: frozenset[UUID]
    sole: frozenset[UUID]
    """Those of its people who work for it alone."""
    reason: str


async def view_programs(store: Store) -> tuple[list[Place], list[StaffName]]:
    """Every clinic and client with its mark, and the staff who can be its people."""
    store.actor.require(Permission.MARK_PROGRAM)
    await audit.record(store, "part2.view")
    return await part2.list_places(store), await rosters.list_staff(store)


async def mark_program(store: Store, form: MarkForm, today: date) -> int:
    """Change what a place is marked as; how many patients' older records were labelled."""
    store.actor.require(Permission.MARK_PROGRAM)
    place = await _place(store, form)
    await _check(store, place, form)
    await begin_withholding(store)
    await part2.add_marking(
        store,
        {
            "program_id": place.place_id,
            "kind": place.kind,
            "name": place.name,
            "marked": form.marked,
            "contact_id": form.contact_id,
            "reason": form.reason.strip(),
        },
    )
    await _keep_members(store, place, form)
    await exports.expire_all(store)
    await kept_answers.forget_answers(store)
    labelled = await _label(store, place.place_id, today) if form.marked else 0
    await audit.record(
        store,
        "part2.mark" if form.marked else "part2.unmark",
        subject=f"programs/{place.place_id}",
        detail={"members": len(form.members), "patients": labelled},
    )
    return labelled


async def _place(store: Store, form: MarkForm) -> Place:
    for one in await part2.list_places(store):
        if one.place_id == form.place_id:
            return one
    raise Unprocessable(problems=[Problem("program", "choose a clinic or client from the list")])


async def _check(store: Store, place: Place, form: MarkForm) -> None:
    problems = []
    if not form.reason.strip():
        problems.append(Problem("reason", "say on what ground it is marked or no longer is"))
    if form.marked and form.contact_id not in form.members:
        problems.append(
            Problem("safety contact", "choose one of its own people: a safety flag asks them")
        )
    known = {one.staff_id for one in await rosters.list_staff(store)}
    if not form.members <= known:
        problems.append(Problem("people", "choose from the list"))
    for staff_id in form.sole & form.members:
        elsewhere = set(await part2.list_sole_programs(store, staff_id)) - {place.place_id}
        if elsewhere:
            problems.append(Problem("people", "somebody works for another program alone"))
    if problems:
        raise Unprocessable("Nothing was changed.", problems)


async def _keep_members(store: Store, place: Place, form: MarkForm) -> None:
    held = {one.staff_id: one for one in place.members}
    for staff_id in sorted(held.keys() | form.members):
        active, sole = staff_id in form.members, staff_id in form.sole & form.members
        was = held.get(staff_id)
        if was is None or not active or was.sole != sole:
            await part2.save_member(store, place.place_id, staff_id, active=active, sole=sole)


async def _label(store: Store, program_id: UUID, today: date) -> int:
    """Label what the program recorded before; everything derived from it is judged anew."""
    program: Program = await part2.get_program(store, program_id)
    async with whole_record(store):
        touched = sorted(await relabelling.label_records(store, program))
        store.saved += await relabelling.publish_again(store, program_id)
        for start in range(0, len(touched), PIECE):
            piece = touched[start : start + PIECE]
            await patients.hold_patients(store, piece)
            await reevaluate_patients(store, piece, today)
    return len(touched)
