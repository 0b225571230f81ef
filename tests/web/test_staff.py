"""Who works here and whom they see: the administrators' page, and what it must not allow."""

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy import select, text

from app.domain.actor import system
from app.store import organizations, staff
from app.store.tables import audit_events, chart_grants
from tests.web.site import HASHED, STAFF, Site, Visitor
from tests.web.strangers import signed_in
from tests.web.test_pages import UNSAFE, enrolled

WHY = "Incident review of 12 November"


@dataclass(slots=True)
class House:
    """A site with an administrator and a compliance officer, and the ids of all."""

    site: Site
    ids: dict[str, UUID]

    async def visit(self, who: str) -> Visitor:
        return await signed_in(self.site, self.site.login(who))

    async def ask(self, question: str) -> list[Any]:
        async with self.site.services.database.transaction(system(self.site.org_id)) as store:
            return list((await store.connection.execute(text(question))).all())

    async def told(self, action: str) -> list[dict[str, Any]]:
        """The details of the audit rows of this action, the oldest first."""
        async with self.site.services.database.transaction(system(self.site.org_id)) as store:
            found = await store.connection.execute(
                select(audit_events.c.detail)
                .where(audit_events.c.org_id == self.site.org_id)
                .where(audit_events.c.action == action)
                .order_by(audit_events.c.at)
            )
            return list(found.scalars().all())


@pytest.fixture
async def house(site: Site) -> House:
    async with site.services.database.transaction(system(site.org_id)) as store:
        for who, name, role in (
            ("ada", "Ada Brandt", "administrator"),
            ("cora", "Cora Weiss", "compliance"),
        ):
            if who in STAFF:
                continue
            await staff.add_staff(store, site.login(who), name, [role], HASHED, f"{who}@c.example")
        await organizations.add_clinic(store, "Westside", "America/Chicago")
        people = {one.login: one.staff_id for one in await staff.list_contacts(store)}
        rows = await store.connection.execute(text("SELECT name, clinic_id FROM clinics"))
        ids = {re.sub(r"[0-9a-f]{10}$", "", login): key for login, key in people.items()}
        ids |= {name: key for name, key in rows.all()}
    return House(site, ids)


async def carried_by(visitor: Visitor, house: House, who: str) -> dict[str, str]:
    """What the form of one person carries, as the page shows it."""
    page = (await visitor.get("/staff")).text
    form = page.split(f'action="/staff/{house.ids[who]}"')[1].split("</form>")[0]
    return dict(re.findall(r'name="(mark|name)" value="([^"]*)"', form))


async def change(
    visitor: Visitor,
    house: House,
    who: str,
    roles: list[str],
    clinics: tuple[str, ...] = (),
    **more: Any,
) -> Response:
    """Fill in the form of one person as the page shows it, with these roles and clinics."""
    carried = await carried_by(visitor, house, who)
    chosen = {"clinics": [str(house.ids[name]) for name in clinics], "sees": "some"}
    return await visitor.post(
        f"/staff/{house.ids[who]}", **carried | {"roles": roles, "active": "yes"} | chosen | more
    )


async def close_clinics(house: House, visitor: Visitor) -> Response:
    return await visitor.post("/staff/clinics/open", to_all="no")


async def test_somebody_is_added_with_roles_and_clinics(house: House) -> None:
    ada = await house.visit("ada")
    login = f"nina{house.site.org_id.hex[-10:]}"
    form = {"login": login.upper(), "name": "Nina Park", "roles": ["care-manager", "director"]}
    told = await ada.post("/staff", **form, sees="some", clinics=[str(house.ids["Riverside"])])
    assert told.status_code == 303, told.text
    page = (await ada.get("/staff")).text
    assert "Nina Park" in page
    assert "Care manager, Director" in page
    again = await ada.post("/staff", **form, sees="some")
    assert again.status_code == 409
    assert "is taken" in again.text
    assert [one["is"] for one in await house.told("staff.add")] == [
        "care-manager, director; Riverside"
    ]


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"login": "a b", "name": "N", "roles": ["director"]}, "login"),
        ({"login": "nina-x", "name": " ", "roles": ["director"]}, "name"),
        ({"login": "nina-x", "name": "N"}, "roles"),
        ({"login": "nina-x", "name": "N", "roles": ["god"]}, "roles"),
        ({"login": "nina-x", "name": "N", "roles": ["director"], "clinics": ["x"]}, "clinics"),
    ],
)
async def test_what_cannot_be_added_is_told_and_adds_nobody(
    house: House, form: dict[str, Any], wrong: str
) -> None:
    ada = await house.visit("ada")
    before = await house.ask("SELECT count(*) FROM staff")
    told = await ada.post("/staff", **form)
    assert told.status_code == 422
    assert f"<strong>{wrong}</strong>" in told.text
    assert await house.ask("SELECT count(*) FROM staff") == before
    assert await house.ask("SELECT count(*) FROM logins WHERE login = 'nina-x'") == [(0,)]


async def test_whoever_leaves_is_signed_out_at_once_and_stays_out(house: House) -> None:
    ada, ben = await house.visit("ada"), await house.visit("ben")
    assert (await ben.get("/caseload")).status_code == 200
    told = await change(ada, house, "ben", ["care-manager"], active="")
    assert told.status_code == 303, told.text
    assert (await ben.get("/caseload")).status_code == 303, "the very next page asks to sign in"
    assert "works here no more" in (await ada.get("/staff")).text
    assert (await change(ada, house, "ben", ["care-manager"])).status_code == 303
    assert (await ben.get("/caseload")).status_code == 303, "coming back revives no old session"
    assert await house.told("staff.deactivate")
    assert (await (await house.visit("ben")).get("/caseload")).status_code == 200


async def test_other_roles_hold_from_the_next_sign_in(house: House) -> None:
    ada, ben = await house.visit("ada"), await house.visit("ben")
    assert (await change(ada, house, "ben", ["medical-assistant"])).status_code == 303
    assert (await ben.get("/caseload")).status_code == 303, "a session ends with its rights"
    assert (await (await house.visit("ben")).get("/caseload")).status_code == 403
    assert [one["was"] for one in await house.told("staff.change")] == ["care-manager; no clinic"]


async def test_the_last_administrator_stays(house: House) -> None:
    ada = await house.visit("ada")
    for form in ({"roles": ["director"]}, {"roles": ["administrator"], "active": ""}):
        told = await change(ada, house, "ada", **form)  # type: ignore[arg-type]
        assert told.status_code == 409
        assert "Somebody has to administer" in told.text
    assert (await change(ada, house, "dana", ["director", "administrator"])).status_code == 303
    assert (await change(ada, house, "ada", ["director"])).status_code == 303


async def test_two_administrators_cannot_take_each_others_right_at_once(house: House) -> None:
    ada = await house.visit("ada")
    assert (await change(ada, house, "dana", ["administrator"])).status_code == 303
    dana = await house.visit("dana")
    forms = [await carried_by(ada, house, "dana"), await carried_by(dana, house, "ada")]
    fewer = {"roles": ["director"], "active": "yes", "sees": "some"}
    told = await asyncio.gather(
        ada.post(f"/staff/{house.ids['dana']}", **forms[0] | fewer),
        dana.post(f"/staff/{house.ids['ada']}", **forms[1] | fewer),
    )
    assert sorted(one.status_code for one in told) in ([303, 401], [303, 403], [303, 409])
    rows = await house.ask("SELECT count(*) FROM staff WHERE active AND roles && '{administrator}'")
    assert rows == [(1,)]


async def test_a_form_opened_before_a_colleagues_change_undoes_nothing(house: House) -> None:
    ada = await house.visit("ada")
    page = (await ada.get("/staff")).text
    where = f"/staff/{house.ids['ben']}"
    mark = re.findall(r'name="mark" value="([^"]*)"', page.split(f'action="{where}"')[1])[0]
    assert (await change(ada, house, "ben", ["care-manager"], ("Westside",))).status_code == 303
    late = {"name": "Ben", "roles": ["care-manager"], "active": "yes", "mark": mark}
    told = await ada.post(where, **late, clinics=[str(house.ids["Riverside"])])
    assert (told.status_code, "Somebody else changed" in told.text) == (409, True)
    assert "Ben Ruiz" in (await ada.get("/staff")).text


@pytest.mark.parametrize("who", ["maya", "tess", "lind", "dana", "cora", "sam"])
async def test_nobody_else_changes_who_works_here(house: House, who: str) -> None:
    visitor = await house.visit(who)
    form = {"login": "x", "name": "X", "roles": ["administrator"]}
    for path in ("/staff", f"/staff/{house.ids[who]}", "/staff/clinics", "/staff/clinics/open"):
        assert (await visitor.post(path, **form, mark="x")).status_code == 403, path
    may_look = who in ("dana", "cora")
    assert (await visitor.get("/staff")).status_code == (200 if may_look else 403)


async def test_clinics_close_only_when_everybody_has_one(house: House) -> None:
    ada = await house.visit("ada")
    told = await close_clinics(house, ada)
    assert told.status_code == 409
    for name in ("Maya Okonkwo", "Ben Ruiz", "Dr. Astrid Lind", "Tess Nguyen"):
        assert name in told.text
    for who, role in (
        ("maya", "care-manager"),
        ("lind", "psychiatrist"),
        ("tess", "medical-assistant"),
    ):
        assert (await change(ada, house, who, [role], ("Riverside",))).status_code == 303
    assert (await change(ada, house, "ben", ["care-manager"], sees="every")).status_code == 303
    assert (await close_clinics(house, ada)).status_code == 303
    assert "Each sees their own clinics" in (await ada.get("/staff")).text
    assert [len(await house.told(f"clinics.{act}")) for act in ("close", "open")] == [1, 0]


async def closed(house: House) -> tuple[Visitor, str]:
    """Clinics closed, Maya at Riverside, Ben at Westside; Ben's browser and Maya's patient."""
    ada, maya = await house.visit("ada"), await house.visit("maya")
    patient = await enrolled(house.site, maya, "700")
    await house.ask(f"UPDATE episodes SET care_manager_id = '{house.ids['maya']}' RETURNING 1")
    await house.ask(f"UPDATE flags SET owner_id = '{house.ids['maya']}' RETURNING 1")
    for who, role, clinic in (
        ("maya", "care-manager", "Riverside"),
        ("ben", "care-manager", "Westside"),
        ("lind", "psychiatrist", "Riverside"),
        ("tess", "medical-assistant", "Westside"),
    ):
        assert (await change(ada, house, who, [role], (clinic,))).status_code == 303
    assert (await close_clinics(house, ada)).status_code == 303
    return await house.visit("ben"), patient


async def test_a_flag_that_is_handed_over_opens_its_patient(house: House) -> None:
    ben, patient = await closed(house)
    assert (await ben.get(f"/patients/{patient}")).status_code == 404
    await house.site.screened("700", UNSAFE)
    maya = await house.visit("maya")
    flag = (await house.ask("SELECT flag_id FROM flags WHERE kind = 'safety'"))[0][0]
    form = {"to": str(house.ids["ben"]), "words": "I am away."}
    assert (await maya.post(f"/flags/{flag}/hand-over", **form)).status_code == 303
    assert (await ben.get(f"/patients/{patient}")).status_code == 200, "no flag is silent"
    assert (await ben.post(f"/flags/{flag}/acknowledge")).status_code == 303
    closing = {"outcome": "Called her, she is safe.", "code": "reached-safe", "attempts": ""}
    told = await ben.post(f"/flags/{flag}/close", **closing)
    assert told.status_code in (303, 422), told.text


async def test_a_medical_assistant_enters_forms_of_their_clinics_alone(house: House) -> None:
    _, patient = await closed(house)
    tess = await house.visit("tess")
    assert (await tess.get(f"/patients/{patient}/assessments/phq-9")).status_code == 404
    ada = await house.visit("ada")
    told = await change(ada, house, "tess", ["medical-assistant"], ("Riverside",))
    assert told.status_code == 303
    tess = await house.visit("tess")
    assert (await tess.get(f"/patients/{patient}/assessments/phq-9")).status_code == 200
    assert (await tess.get(f"/patients/{patient}")).status_code == 403


async def opened(house: House, visitor: Visitor, who: str, **more: Any) -> Response:
    page = (await visitor.get("/staff")).text
    key = re.findall(r'name="request_key" value="([^"]*)"', page)[0]
    form = {"request_key": key, "staff": str(house.ids[who]), "reason": WHY, "days": "7"}
    return await visitor.post("/staff/charts", **form | more)


async def test_charts_are_opened_for_a_while_and_read_only(house: House) -> None:
    maya, cora, dana = [await house.visit(who) for who in ("maya", "cora", "dana")]
    patient = await enrolled(house.site, maya, "700")
    assert (await dana.get(f"/patients/{patient}")).status_code == 403
    assert (await opened(house, cora, "dana")).status_code == 303
    page = await dana.get(f"/patients/{patient}")
    assert page.status_code == 200, page.text
    where = re.findall(r'action="(/patients/[^"]*/contacts/[^"]*)"', page.text)
    assert where == [], "nothing is offered that they may not do"
    assert "Rosa" in (await dana.post("/search", query="Rosa")).text
    assert (await dana.get("/caseload")).status_code == 403
    assert WHY in (await dana.get("/staff")).text, "a director sees who was opened charts and why"
    grant = (await house.ask("SELECT grant_id FROM chart_grants"))[0][0]
    assert (await cora.post(f"/staff/charts/{grant}/end")).status_code == 303
    assert (await dana.get(f"/patients/{patient}")).status_code == 403, "closed at once"
    assert (await cora.post(f"/staff/charts/{grant}/end")).status_code == 404
    assert len(await house.told("charts.open")) == len(await house.told("charts.close")) == 1


async def test_opened_charts_end_by_themselves(house: House) -> None:
    maya, cora, dana = [await house.visit(who) for who in ("maya", "cora", "dana")]
    patient = await enrolled(house.site, maya, "700")
    assert (await opened(house, cora, "dana", days="1")).status_code == 303
    assert (await dana.get(f"/patients/{patient}")).status_code == 200
    async with house.site.services.database.transaction(system(house.site.org_id)) as store:
        before = store.now - timedelta(seconds=1)
        await store.connection.execute(
            chart_grants.update()
            .where(chart_grants.c.org_id == house.site.org_id)
            .values(until_at=before)
        )
    assert (await dana.get(f"/patients/{patient}")).status_code == 403
    assert "ended" in (await cora.get("/staff")).text


async def test_charts_of_one_clinic_open_no_others(house: House) -> None:
    _, patient = await closed(house)
    cora, dana = await house.visit("cora"), await house.visit("dana")
    where = str(house.ids["Westside"])
    assert (await opened(house, cora, "dana", clinic=where)).status_code == 303
    assert (await dana.get(f"/patients/{patient}")).status_code == 404
    assert (await dana.post("/search", query="Rosa")).status_code == 200
    assert "Rosa" not in (await dana.post("/search", query="Quack")).text
    where = str(house.ids["Riverside"])
    assert (await opened(house, cora, "dana", clinic=where)).status_code == 303
    assert (await dana.get(f"/patients/{patient}")).status_code == 200


async def test_charts_of_one_clinic_open_no_others_where_all_clinics_are_open(
    house: House,
) -> None:
    maya, cora, dana = [await house.visit(who) for who in ("maya", "cora", "dana")]
    patient = await enrolled(house.site, maya, "700")
    assert (await opened(house, cora, "dana", clinic=str(house.ids["Westside"]))).status_code == 303
    assert (await dana.get(f"/patients/{patient}")).status_code == 404
    assert "Rosa" not in (await dana.post("/search", query="Alvarez")).text
    await house.site.screened("700", UNSAFE)
    flag = (await house.ask("SELECT flag_id FROM flags WHERE kind = 'safety'"))[0][0]
    assert (await dana.get(f"/flags/{flag}")).status_code == 200, "its loop, without a name"


@pytest.mark.parametrize(
    ("by", "to", "more", "status"),
    [
        ("cora", "cora", {}, 409),  # nobody opens charts to themselves
        ("ada", "ada", {}, 409),
        ("cora", "maya", {}, 422),  # reads charts already
        ("cora", "tess", {}, 422),  # screens: needs none
        ("cora", "dana", {"days": "31"}, 422),
        ("cora", "dana", {"reason": "because"}, 422),
        ("ada", "cora", {}, 303),
    ],
)
async def test_to_whom_charts_are_opened(
    house: House, by: str, to: str, more: dict[str, str], status: int
) -> None:
    assert (await opened(house, await house.visit(by), to, **more)).status_code == status
    rows = await house.ask("SELECT count(*) FROM chart_grants")
    assert rows == [(1 if status == 303 else 0,)]


async def test_a_grant_sent_twice_is_one(house: House) -> None:
    cora = await house.visit("cora")
    form = {"request_key": "k", "staff": str(house.ids["dana"]), "reason": WHY, "days": "7"}
    for _ in range(2):
        assert (await cora.post("/staff/charts", **form)).status_code == 303
    other = await cora.post("/staff/charts", **form | {"staff": str(house.ids["ada"])})
    assert other.status_code == 409
    assert await house.ask("SELECT count(*) FROM chart_grants") == [(1,)]
    assert len(await house.told("charts.open")) == 1


async def test_a_clinic_is_added_once(house: House) -> None:
    ada = await house.visit("ada")
    form = {"name": "Eastside", "time_zone": "America/Denver"}
    assert (await ada.post("/staff/clinics", **form)).status_code == 303
    told = await ada.post("/staff/clinics", **form)
    assert (told.status_code, "called so already" in told.text) == (409, True)
    wrong = await ada.post("/staff/clinics", name="", time_zone="Mars/Base")
    assert wrong.status_code == 422
    assert "<strong>time_zone</strong>" in wrong.text
