"""Who may come in: accounts, sessions, throttling, tokens."""

from datetime import timedelta

from tests.web.site import PASSWORD, Site, at


async def test_the_right_password_opens_the_caseload_and_a_wrong_one_says_nothing_more(
    site: Site,
) -> None:
    visitor = await site.visit()
    wrong = await visitor.post("/sign-in", login=site.login("maya"), password="wrong")
    unknown = await visitor.post("/sign-in", login="nobody", password="wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert site.login("maya") not in unknown.text
    assert (await (await site.sign_in("maya")).get("/caseload")).status_code == 200


async def test_guessing_is_throttled_even_with_the_right_password_at_last(site: Site) -> None:
    visitor = await site.visit()
    for _ in range(5):
        await visitor.post("/sign-in", login=site.login("maya"), password="wrong")
    told = await visitor.post("/sign-in", login=site.login("maya"), password=PASSWORD)
    assert told.status_code == 429
    assert "Too many attempts" in told.text
    other = await (await site.visit()).post("/sign-in", login=site.login("lind"), password=PASSWORD)
    assert other.status_code == 303


async def test_the_session_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    told = await (await site.visit()).post("/sign-in", login=site.login("maya"), password=PASSWORD)
    cookie = told.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie or "samesite=strict" in cookie


async def test_pages_ask_to_sign_in_and_forms_are_refused_without_a_session(site: Site) -> None:
    visitor = await site.visit()
    shown = await visitor.get("/caseload")
    assert (shown.status_code, shown.headers["location"]) == (303, "/sign-in?next=/caseload")
    assert (await visitor.post("/search", query="a")).status_code == 401


async def test_a_session_ends_by_sign_out_and_by_idleness(site: Site) -> None:
    visitor = await site.sign_in("maya")
    later = at(site.services, site.services.now() + timedelta(minutes=31))
    visitor.http._transport.app.state.services = later  # type: ignore[attr-defined]
    assert (await visitor.get("/caseload")).status_code == 303
    again = await site.sign_in("maya")
    assert (await again.post("/sign-out")).status_code == 303
    assert (await again.get("/caseload")).status_code == 303


async def test_a_form_without_the_sessions_token_changes_nothing(site: Site) -> None:
    patient = await site.screened("700", [2] * 8 + [0])
    maya = await site.sign_in("maya")
    clinic = await _clinic(site, patient)
    for csrf in ("", "0" * 43, "é"):
        told = await maya.post(f"/patients/{patient}/enrol", csrf=csrf, clinic=clinic)
        assert told.status_code == 403
    assert "Enrol</h2>" in (await maya.get(f"/patients/{patient}")).text


async def _clinic(site: Site, patient: str) -> str:
    maya = await site.sign_in("maya")
    page = (await maya.get(f"/patients/{patient}")).text
    return page.split('name="clinic"><option value="')[1].split('"')[0]


async def test_an_expired_unknown_or_missing_token_is_told_as_such(site: Site) -> None:
    site.services = at(site.services, site.services.now() + timedelta(days=2))
    visitor = await site.visit()
    visitor.http._transport.app.state.services = site.services  # type: ignore[attr-defined]
    for token, words in ((site.token, "expired"), ("nonsense", "registered"), ("", "registered")):
        told = await visitor.http.get(
            "/fhir/Patient?identifier=x", headers={"Authorization": f"Bearer {token}"}
        )
        assert told.status_code == 401
        assert told.json()["resourceType"] == "OperationOutcome"
        assert words in told.text
        assert "bearer" in told.headers["www-authenticate"].lower()
