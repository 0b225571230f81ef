"""Pages by which people keep the roster, addresses and the handling of flags; and the way back in."""

import re

import pytest

from app.store.deliveries import list_deliveries
from tests.web.night import MONDAY_NOON, Night
from tests.web.site import PASSWORD


async def test_the_roster_shows_its_gaps_and_who_is_on_call(night: Night) -> None:
    dana = await night.site.sign_in("dana")
    page = (await dana.get("/duty")).text
    assert "Nobody is on call now." in page
    assert "2 Mar 2026, 22:30 to 3 Mar 2026, 08:00" in page, "tonight is a gap"
    form = {"who": str(night.ids["ben"]), "first": "2026-03-02", "last": "2026-03-20"}
    days = {"weekday": [str(n) for n in range(7)]}
    form |= {"begins": "17:00", "ends": "08:00"}
    for _ in range(2):
        assert (await dana.post("/duty/shifts", **form, **days)).status_code == 303
    page = (await dana.get("/duty")).text
    assert "On call now: <strong>Ben Ruiz</strong>" in page
    assert page.count("/withdraw") == 19, "a form sent twice doubles nothing"
    gaps = re.findall(r"<li>(\d[^<]*2026, \d\d:\d\d to [^<]*)</li>", page)
    # nights are covered; weekends are so only from 17 to 8
    assert gaps[0] == "7 Mar 2026, 08:00 to 7 Mar 2026, 17:00"
    assert len(gaps) == 4
    where = re.findall(r'action="(/duty/shifts/[^"]*/withdraw)"', page)[0]
    assert (await dana.post(where)).status_code == 303
    assert "Nobody is on call now." in (await dana.get("/duty")).text


async def test_an_absence_with_a_cover_sends_flags_to_the_cover(night: Night) -> None:
    night.clock.now = MONDAY_NOON
    await night.reach(intake_id=night.ids["maya"])
    dana = await night.site.sign_in("dana")
    form = {"who": str(night.ids["maya"]), "cover": str(night.ids["ben"])}
    form |= {"first": "2026-03-01", "last": "2026-03-08"}
    await night.safety_screening("699", "June Chen")
    assert (await dana.post("/duty/absences", **form)).status_code == 303
    await night.escalate()
    assert await night.told() == ["ben"]
    page = (await dana.get("/duty")).text
    assert "8 Mar 2026" in page
    where = re.findall(r'action="(/duty/absences/[^"]*/withdraw)"', page)[0]
    assert (await dana.post(where)).status_code == 303
    assert "Nobody is away." in (await dana.get("/duty")).text


@pytest.mark.parametrize(
    ("where", "form"),
    [
        ("/duty/shifts", {"who": "", "first": "2026-03-02", "begins": "17:00", "ends": "08:00"}),
        ("/duty/shifts", {"who": "BEN", "first": "soon", "begins": "17:00", "ends": "08:00"}),
        ("/duty/shifts", {"who": "BEN", "first": "2026-03-02", "begins": "five", "ends": "08:00"}),
        ("/duty/shifts", {"who": "BEN", "first": "2026-03-02", "begins": "17:00", "ends": "08:00"}),
        ("/duty/shifts", {"who": "SAM", "first": "2026-03-02", "begins": "17:00", "ends": "08:00", "weekday": "0"}),
        ("/duty/shifts", {"who": "BEN", "first": "2126-03-04", "begins": "17:00", "ends": "08:00", "weekday": "0"}),
        ("/duty/absences", {"who": "BEN", "cover": "BEN", "first": "2026-03-02"}),
        ("/duty/absences", {"who": "BEN", "first": "2026-03-02", "last": "2026-03-01"}),
        ("/duty/absences", {"who": "BEN", "cover": "x", "first": "2026-03-02"}),
        ("/duty/closed-days", {"on": "Christmas"}),
    ],
)  # fmt: skip
async def test_rosters_that_cannot_be_are_refused_in_words(
    night: Night, where: str, form: dict[str, str]
) -> None:
    dana = await night.site.sign_in("dana")
    ids = {who.upper(): str(one) for who, one in night.ids.items()}
    told = await dana.post(where, **{name: ids.get(value, value) for name, value in form.items()})
    assert told.status_code == 422, told.text


async def test_a_closed_day_is_a_night(night: Night) -> None:
    night.clock.now = MONDAY_NOON
    await night.on_call("ben")
    dana = await night.site.sign_in("dana")
    assert (await dana.post("/duty/closed-days", on="2026-03-02", words="Snow")).status_code == 303
    assert "Snow" in (await dana.get("/duty")).text
    await night.safety_screening()
    await night.escalate()
    assert await night.told() == ["ben"], "who is on call comes first"


async def test_a_director_sets_addresses_hours_and_the_last_resort(night: Night) -> None:
    dana = await night.site.sign_in("dana")
    page = (await dana.get("/reach")).text
    assert "No safety contact of last resort is set." in page
    assert "No mail server is set" in page
    last = {"name": "Line\r\nBcc: x", "email": "line@clinic.example"}
    last |= {"intake": str(night.ids["lind"])}
    assert (await dana.post("/reach/last-resort", **last)).status_code == 303
    page = (await dana.get("/reach")).text
    assert "No safety contact" not in page
    assert 'value="LineBcc: x"' in page, "a name is one line"
    for address in ("a@b\r\nBcc: c@d", "two@x.example, three@x.example", "x"):
        told = await dana.post(f"/reach/people/{night.ids['maya']}", email=address)
        assert told.status_code == 422
    clinic = re.findall(r'action="(/reach/clinics/[^"]*)"', page)[0]
    week = {f"opens-{n}": "07:00" for n in range(5)} | {f"closes-{n}": "19:00" for n in range(5)}
    assert (await dana.post(clinic, **week)).status_code == 303
    assert "Mo 07:00–19:00" in (await dana.get("/reach")).text
    assert (await dana.post(clinic)).status_code == 422, "a clinic is open some day"


async def test_an_address_is_confirmed_by_whoever_it_belongs_to_alone(night: Night) -> None:
    maya, ben = await night.site.sign_in("maya"), await night.site.sign_in("ben")
    mine = f"/reach/people/{night.ids['maya']}"
    assert (await maya.post(mine, email="maya.new@clinic.example")).status_code == 303
    assert (await ben.post(mine, email="ben@elsewhere.example")).status_code == 403
    assert "not confirmed" in (await maya.get("/my-address")).text
    async with night.store() as store:
        (letter,) = await list_deliveries(store, 9)
    assert (letter.purpose, letter.address) == ("confirm", "maya.new@clinic.example")
    link = f"/my-address/{letter.delivery_id}"
    assert "This address is mine" in (await maya.get(link)).text
    assert "not confirmed" in (await maya.get("/my-address")).text, "looking confirms nothing"
    assert (await ben.post(link)).status_code == 404
    assert (await maya.post(link)).status_code == 303
    assert ">confirmed<" in (await maya.get("/my-address")).text
    await maya.post(mine, email="maya.third@clinic.example")
    assert (await maya.post(link)).status_code == 404, "an older link confirms no newer address"


async def test_the_webhook_is_checked_and_its_secret_can_be_renewed(night: Night) -> None:
    dana = await night.site.sign_in("dana")
    for url in ("http://pager.example/", "https://u:p@pager.example/", "javascript:x"):
        assert (await dana.post("/reach/webhook", url=url)).status_code == 422
    told = await dana.post("/reach/webhook", url="https://pager.example/x", new_secret="yes")
    assert told.status_code == 303
    ((url, version),) = await night.ask("SELECT webhook_url, webhook_secret_version FROM reach")
    assert (url, version) == ("https://pager.example/x", 2)


async def test_a_director_changes_how_flags_are_handled_within_limits(night: Night) -> None:
    dana, maya = await night.site.sign_in("dana"), await night.site.sign_in("maya")
    form = {"due": "0", "acknowledge": "10 min", "step": "15 min"}
    assert (await maya.post("/handling/safety", version="0", **form)).status_code == 403
    assert (await dana.post("/handling/safety", version="0", **form)).status_code == 303
    late = await dana.post("/handling/safety", version="0", **form | {"step": "20 min"})
    assert late.status_code == 409, "somebody else changed it meanwhile"
    for broken in (
        {"acknowledge": "2 h"},
        {"acknowledge": "soon"},
        {"due": "1"},
        {"due": "-1"},
        {"due": "99999"},
        {"ends_with": "nobody"},
    ):
        told = await dana.post("/handling/safety", version="1", **form | broken)
        assert told.status_code == 422, broken
    assert (await dana.post("/handling/x", version="1", **form)).status_code == 422
    page = (await maya.get("/handling")).text
    assert "acknowledged within 10 min · each next person has 15 min" in page
    assert "Version 1" in page
    assert "Dana Whitfield" in page
    await night.on_call("ben")
    await night.safety_screening()
    await night.escalate()
    night.clock.pass_(minutes=10)
    assert await night.escalate() == 1, "the new time holds"
    rows = await night.ask("SELECT version FROM flag_handlings")
    assert [row[0] for row in rows] == [1]


async def test_times_are_counted_without_any_patient(night: Night) -> None:
    dana = await night.site.sign_in("dana")
    assert "Nothing to measure yet." in (await dana.get("/flag-times")).text
    night.clock.now = MONDAY_NOON
    for number in range(3):
        await night.safety_screening(f"70{number}", f"Rosa Qwxz{number}")
    maya = await night.site.sign_in("maya")
    flags = await night.ask("SELECT flag_id FROM flags WHERE kind = 'safety' ORDER BY flag_id")
    night.clock.pass_(minutes=20)
    await maya.post(f"/flags/{flags[0][0]}/acknowledge")
    night.clock.pass_(minutes=40)
    maya, dana = await night.site.sign_in("maya"), await night.site.sign_in("dana")
    for (flag,) in flags[:2]:
        await maya.post(f"/flags/{flag}/close", code="spoke-safe")
    cells = _safety_times((await maya.get("/flag-times")).text)
    # opened, open now, median answer (20 and 60 min), resolved, in time, median, slowest
    assert cells == ["3", "1", "40 min", "67 %", "100 %", "60 min", "60 min"]
    page = (await dana.get("/flag-times")).text
    # three flags are few: who reads no charts sees how long they waited, and no count of them
    assert _safety_times(page) == ["", "", "40 min", "—", "—", "60 min", "60 min"]
    assert "Here not all three are as good." in page
    assert "Qwxz" not in page
    assert (await (await night.site.sign_in("sam")).get("/flag-times")).status_code == 403


def _safety_times(page: str) -> list[str]:
    row = re.search(r"<tr><td data-name=\"Kind\"><span class=\"chip level-4\">Safety.*?</tr>", page)
    assert row
    return re.findall(r'class="num">([^<]*)<', row[0])


async def test_what_waits_for_me_is_counted_and_listed(night: Night) -> None:
    await night.on_call("ben")
    await night.safety_screening()
    ben, lind = await night.site.sign_in("ben"), await night.site.sign_in("lind")
    page = (await ben.get("/flags")).text
    assert '⚠ 1</span> <span class="count">2<' in page, "safety, and the positive screen"
    assert 'class="count' not in (await lind.get("/flags")).text
    await night.escalate()
    night.clock.pass_(minutes=30)
    await night.escalate()
    ben, lind = await night.site.sign_in("ben"), await night.site.sign_in("lind")
    page = (await lind.get("/flags")).text
    assert "⚠ 1</span>" in page, "told to her now"
    assert "Rosa Alvarez" in page
    flag = await night.flag()
    await ben.post(f"/flags/{flag}/acknowledge")
    page = (await ben.get("/flags")).text
    assert "You have these" in page
    assert 'class="count">1<' in page
    assert "Nothing waits for you." in (await lind.get("/flags")).text
    assert (await (await night.site.sign_in("sam")).get("/flags")).status_code == 403


async def test_an_operator_sees_messages_and_sends_a_failed_one_again(night: Night) -> None:
    from app.domain.delivery import Attempt, Channel, Verdict
    from app.use_cases.deliver_messages import claim_messages, keep_attempt

    sam = await night.site.sign_in("sam")
    assert "Nothing was written yet." in (await sam.get("/operator/messages")).text
    await night.on_call("ben")
    await night.safety_screening(name="Rosa Qwxz")
    await night.escalate()
    page = (await sam.get("/operator/messages")).text
    assert "not sent: no mail server is set" in page
    assert "Qwxz" not in page
    async with night.store() as store:
        claimed = await claim_messages(store, (Channel.EMAIL,))
        assert claimed
        await keep_attempt(store, claimed[0][0], Attempt(Verdict.NEVER, "refused it (550)"), 0)
    page = (await sam.get("/operator/messages")).text
    assert "refused it (550)" in page
    where = re.findall(r'action="(/operator/messages/[^"]*/again)"', page)[0]
    assert (await sam.post(where)).status_code == 303
    assert (await sam.post(where)).status_code == 409
    assert (await (await night.site.sign_in("maya")).get("/operator/messages")).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/flags/0190d3a0-0000-7000-8000-000000000001", "/flags/0190d3a0-0000-7000-8000-000000000001"),
        ("/duty", "/duty"),
        ("", "/"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/%2f/evil.example", "/"),
        ("/flags?x=//evil.example", "/"),
        ("/flags\r\nset-cookie: a=b", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "a" * 300, "/"),
        ("/flags\n", "/"),
    ],
)  # fmt: skip
async def test_sign_in_leads_to_the_page_that_was_asked_for_and_nowhere_else(
    night: Night, wanted: str, led_to: str
) -> None:
    visitor = await night.site.visit()
    login = night.site.login("maya")
    wrong = await visitor.post("/sign-in", login=login, password="x", next=wanted)
    kept = re.findall(r'name="next" value="([^"]*)"', wrong.text)
    assert kept == ([led_to] if led_to != "/" else []), "a mistyped password forgets nothing"
    told = await visitor.post("/sign-in", login=login, password=PASSWORD, next=wanted)
    assert (told.status_code, told.headers["location"]) == (303, led_to)


async def test_a_link_of_a_message_leads_through_sign_in_and_back(night: Night) -> None:
    patient = await night.safety_screening()
    flag = await night.flag()
    visitor = await night.site.visit()
    shown = await visitor.get(f"/flags/{flag}")
    assert shown.headers["location"] == f"/sign-in?next=/flags/{flag}"
    form = (await visitor.get(shown.headers["location"])).text
    after = re.findall(r'name="next" value="([^"]*)"', form)[0]
    told = await visitor.post(
        "/sign-in", login=night.site.login("maya"), password=PASSWORD, next=after
    )
    opened = await visitor.get(told.headers["location"])
    assert opened.headers["location"] == f"/patients/{patient}#flag-{flag}"
