"""Every form and every page of the application, taken from its routes: none is forgotten."""

import logging
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from httpx import Response

from app.main import create_app
from app.web import pages
from tests.web.site import STAFF, Site, Visitor

SENT_BY_PROVIDERS = {"/sign-in/with/{slug}/sign-out"}
"""What an identity provider itself sends, signed (tests/web/test_oidc*.py)."""


def before_a_session() -> set[str]:
    """No session whose token they could carry: they are refused by where they were sent from."""
    return {one for one in routes("POST") if one.startswith("/sign-in")} - SENT_BY_PROVIDERS


def routes(method: str) -> list[str]:
    found = {one.path for one in _all(pages.router.routes) if method in one.methods}
    assert len(found) > 20
    return sorted(found)


def _all(given: Any) -> Iterator[APIRoute]:
    for route in given:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from _all(getattr(getattr(route, "original_router", route), "routes", ()))


def filled(path: str) -> str:
    """A path whose every part is something that never was."""
    return re.sub(r"\{[^}]+\}", str(uuid4()), path)


async def test_every_form_is_refused_without_its_own_sessions_token(site: Site) -> None:
    maya, lind, stranger = (
        await site.sign_in("maya"),
        await site.sign_in("lind"),
        await site.visit(),
    )
    for path in set(routes("POST")) - before_a_session() - SENT_BY_PROVIDERS:
        for csrf in ("", "0" * 43, lind.csrf, "é"):
            told = await send(maya, path, csrf)
            assert told.status_code == 403, (path, csrf, told.status_code)
            assert "no longer valid" in told.text, path
        assert (await send(stranger, path, maya.csrf)).status_code == 401, path


async def send(visitor: Visitor, path: str, csrf: str) -> Response:
    if path == "/roster":  # the one form that carries a file
        parts = {"csrf": (None, csrf), "file": ("roster.csv", b"name\n", "text/csv")}
        return await visitor.http.post(path, files=parts)
    return await visitor.post(filled(path), csrf=csrf)


async def test_forms_before_a_session_are_refused_where_another_site_sent_them(
    site: Site,
) -> None:
    assert set(routes("POST")) >= SENT_BY_PROVIDERS
    visitor = await site.visit()
    for sent_from in ("cross-site", "same-site"):
        visitor.http.headers["sec-fetch-site"] = sent_from
        for path in before_a_session():
            assert (await visitor.post(filled(path))).status_code == 403, path


STYLED = re.compile(
    r"<style|\sstyle\s*=|<script(?![^>]*\ssrc=\"/assets/)|\son[a-z]+\s*=\s*[\"']|javascript:", re.I
)


@pytest.mark.parametrize("who", [*STAFF, None])
async def test_no_page_has_a_style_or_script_of_its_own(site: Site, who: str | None) -> None:
    patient = await site.screened("700", [2] * 8 + [1])
    visitor = await (site.sign_in(who) if who else site.visit())
    seen = 0
    for path in routes("GET"):
        told = await visitor.get(
            path.replace("{patient_id}", patient).replace("{token}", "x" * 43)
            if "{patient_id}" in path
            else filled(path)
        )
        assert told.status_code < 500, (path, told.status_code)
        policy = told.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy, path
        if "html" in told.headers.get("content-type", ""):
            seen += 1
            assert not STYLED.search(told.text), (path, STYLED.search(told.text))
    assert seen > (10 if who else 3)


async def test_no_page_has_a_patient_in_its_address(site: Site) -> None:
    """Addresses stand in histories and on shared screens: they hold opaque ids alone."""
    patient = await site.screened("4711-77", [2] * 8 + [1], name="Zenobia Quixley")
    maya = await site.sign_in("maya")
    for path in ("/caseload", f"/patients/{patient}", "/flags", "/worklists/new-screens"):
        page = (await maya.get(path)).text
        for address in re.findall(r'(?:href|action)="([^"]*)"', page):
            assert not re.search(r"zenobia|quixley|4711|1979", address, re.I), (path, address)
    told = await maya.post("/search", query="Quixley")
    assert "Quixley" not in str(told.url) + told.headers.get("location", "")


async def test_what_an_address_asks_for_is_never_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor = await site.visit()
    await visitor.get("/sign-in?next=/caseload&marker=zenobia-quixley")
    await visitor.get("/sign-in/link/zenobia-quixley-token")
    await visitor.get("/zenobia-quixley?name=zenobia-quixley")
    await visitor.post(
        "/sign-in?zenobia-quixley", login="zenobia-quixley", password="zenobia-quixley"
    )
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("httpx")]
    assert ours and "zenobia" not in " ".join(ours)


def test_the_routes_are_those_that_are_served(site: Site) -> None:
    served = {one.path for one in _all(create_app(site.services).routes)}
    assert set(routes("POST")) <= served
