"""Why is this patient flagged? On the page and by the API: rule, numbers, source."""

import asyncio
import re
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import func, select

from app.domain.actor import system
from app.domain.explain import READINGS
from app.domain.flag import FlagKind
from app.domain.rulebook import RULES
from app.errors import Kind
from app.store.tables import audit_events
from app.web.api.problems import STATUS
from tests.web.site import Site, Visitor
from tests.web.test_pages import SEVERE, UNSAFE, WELL, enrolled

NOBODY = "0190d3a0-0000-7000-8000-000000000001"


async def not_responding(site: Site, maya: Visitor) -> str:
    """A patient whose PHQ-9 was 16 ten weeks ago and is 16 now."""
    patient = await enrolled(site, maya, "700")
    await site.screened("700", SEVERE, 1)
    return patient


async def ask(visitor: Visitor, patient: str) -> dict[str, Any]:
    told = await visitor.get(f"/api/v1/patients/{patient}/explain")
    assert told.status_code == 200, told.text
    body: dict[str, Any] = told.json()
    return body


async def test_a_flag_is_explained_on_its_page(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await not_responding(site, maya)
    chart = (await maya.get(f"/patients/{patient}")).text
    links = re.findall(rf'href="(/patients/{patient}/explain#flag-[^"]+)"', chart)
    assert links, "each flag asks: why?"
    assert f"/patients/{patient}/explain" in (await maya.get("/caseload")).text
    page = (await maya.get(links[0])).text
    assert f'id="{links[0].partition("#")[2]}"' in page
    assert "16 − 50 % = 8; 16 is above 8 and not below 10." in page
    assert "Bao 2016; Sowa 2018" in page
    assert 'href="/protocols/bao-sowa/1"' in page
    assert "What would close it" in page
    assert "not confirmed" in page  # the baseline window is ours
    assert "Why nothing else is flagged" in page
    assert "16 − 16 = 0; 0 is less than 5" in page


async def test_every_link_of_the_explanation_leads_somewhere(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await not_responding(site, maya)
    page = (await maya.get(f"/patients/{patient}/explain")).text
    links = set(re.findall(r'href="(/(?:rules|protocols)[^"]*)"', page))
    assert {link.partition("#")[0] for link in links} >= {"/rules", "/protocols/bao-sowa/1"}
    rules = (await maya.get("/rules")).text
    for link in links:
        address, _, rule = link.partition("#")
        assert (await maya.get(address)).status_code == 200
        assert not rule or f'id="{rule}"' in rules


async def test_the_rulebook_shows_every_rule_with_its_source(site: Site) -> None:
    sam = await site.sign_in("sam")  # an operator sees no chart, yet may read the rules
    page = (await sam.get("/rules")).text
    assert all(f'id="{rule.id}"' in page for rule in RULES)
    assert page.count("not confirmed</span>") == sum(not rule.confirmed for rule in RULES)
    assert (await (await site.visit()).get("/rules")).status_code == 303


async def test_a_flag_is_explained_to_programs(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await not_responding(site, maya)
    told = await ask(maya, patient)
    flag = next(one for one in told["open"] if one["kind"] == "not-responding")
    assert flag["sum"] == "16 − 50 % = 8; 16 is above 8 and not below 10"
    assert flag["evidence"]["baseline"] == "16"
    assert flag["protocol"]["source"] == "Bao 2016; Sowa 2018"
    assert flag["protocol"]["stages"] == [
        {"after_days": 56, "below": 10, "reduction_percent": 50, "points": None}
    ]
    named = ["protocol-bao-sowa", *READINGS[FlagKind.NOT_RESPONDING].rules]
    assert [rule["id"] for rule in flag["rules"]] == named
    assert [one["name"] for one in flag["numbers"]][:3] == ["Instrument", "At baseline", "Latest"]
    assert "Alvarez" not in str(told), "no name: the id is enough"
    absent = {one["kind"]: one["words"] for one in told["not_flagged"]}
    assert "less than 5" in absent["worsening"]


async def test_a_patient_without_a_flag_is_told_why_not(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await site.screened("701", WELL, 0)
    told = await ask(maya, patient)
    assert told["open"] == told["not_flagged"] == []
    patient = await enrolled(site, maya, "702")
    await site.screened("702", [1] * 4 + [2] * 2 + [0] * 3, 1)  # 8 after 16: half
    absent = {one["kind"]: one["words"] for one in (await ask(maya, patient))["not_flagged"]}
    assert "16 − 50 % = 8; 8 is 8 or less and below 10" in absent["not-responding"]


async def test_a_closed_flag_stays_explained_with_what_came_of_it(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", UNSAFE, 0)
    page = (await maya.get(f"/patients/{patient}")).text
    flag = re.findall(r'action="/flags/([^/]*)/acknowledge"', page)[0]
    await maya.post(f"/flags/{flag}/close", outcome="Safety plan made")
    told = await ask(maya, patient)
    closed = next(one for one in told["recently_closed"] if one["flag_id"] == flag)
    assert closed["outcome"] == "Safety plan made"
    assert closed["evidence"]["item_9"] == 2


def told_apart(told: Response) -> dict[str, Any]:
    """A problem without what is new on each request."""
    assert told.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = told.json()
    assert body.pop("request_id")
    assert body["status"] == told.status_code
    assert body["type"] == f"urn:stepwell:problem:{body['code']}"
    return body


async def test_another_organizations_patient_is_as_one_that_never_was(
    site: Site, other_site: Site
) -> None:
    maya, stranger = await site.sign_in("maya"), await other_site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    theirs = await stranger.get(f"/api/v1/patients/{patient}/explain")
    nobody = await stranger.get(f"/api/v1/patients/{NOBODY}/explain")
    assert theirs.status_code == 404
    assert told_apart(theirs) == told_apart(nobody)
    assert (await stranger.get(f"/patients/{patient}/explain")).status_code == 404


async def test_every_refusal_of_the_api_is_a_problem(site: Site) -> None:
    maya, sam, nobody = (
        await site.sign_in("maya"),
        await site.sign_in("sam"),
        await site.visit(),
    )
    where = f"/api/v1/patients/{NOBODY}/explain"
    refused = [
        (await nobody.get(where), 401, "not-signed-in"),
        (await sam.get(where), 403, "forbidden"),
        (await maya.get(where), 404, "not-found"),
        (await maya.get("/api/v1/nowhere"), 404, "not-found"),
        (await maya.get("/api/v2/rules"), 404, "not-found"),
        (await maya.get("/api"), 404, "not-found"),
        (await maya.http.post(where), 405, "method-not-offered"),
        (await maya.http.delete(where), 405, "method-not-offered"),
        (await maya.get("/api/v1/patients/x/explain"), 422, "parameters-not-valid"),
        (await maya.get("/api/v1/protocols/bao-sowa/x"), 422, "parameters-not-valid"),
        (await maya.get("/api/v1/protocols/bao-sowa/2"), 404, "not-found"),
        (await maya.get(f"/api/v1/protocols/own-bao-sowa/{10**12}"), 404, "not-found"),
        (await maya.get("/api/v1/protocols/own-bao-sowa%00/1"), 404, "not-found"),
    ]
    for told, status, code in refused:
        assert told.status_code == status, told.text
        assert told_apart(told)["code"] == code
    assert refused[0][0].headers["www-authenticate"] == 'Bearer realm="stepwell"'
    assert refused[6][0].headers["allow"] == "GET"


async def test_a_bug_is_told_as_a_problem_without_any_values(site: Site) -> None:
    maya = await site.sign_in("maya")

    async def broken() -> None:
        raise ValueError("Rosa Alvarez")

    app = maya.http._transport.app  # type: ignore[attr-defined]
    app.add_api_route("/api/v1/broken", broken)
    told = await maya.get("/api/v1/broken")
    assert told.status_code == 500
    assert told_apart(told)["code"] == "failed"
    assert "Alvarez" not in told.text


def test_every_sort_of_refusal_has_a_status() -> None:
    assert set(STATUS) == set(Kind)


async def test_an_integration_client_is_known_and_reads_no_explanation(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    told = await site.send(None, f"/api/v1/patients/{patient}/explain", "GET")
    assert (told.status_code, told_apart(told)["code"]) == (403, "forbidden")
    maya.http.headers["Authorization"] = "Bearer wrong"
    told = await maya.get(f"/api/v1/patients/{patient}/explain")
    assert told.status_code == 401, "a wrong token is told, though the cookie holds"
    assert 'error="invalid_token"' in told.headers["www-authenticate"]


async def test_the_description_is_of_this_face_alone_and_true(site: Site) -> None:
    nobody, maya = await site.visit(), await site.sign_in("maya")
    told = (await nobody.get("/api/v1/openapi.json")).json()
    assert told["openapi"].startswith("3.")
    assert all(path.startswith("/api/v1/") for path in told["paths"])
    explained = told["paths"]["/api/v1/patients/{patient_id}/explain"]["get"]
    assert {"200", "401", "403", "404", "422", "500"} <= set(explained["responses"])
    refs = set(re.findall(r'"#/components/schemas/(\w+)"', str(told).replace("'", '"')))
    assert refs <= set(told["components"]["schemas"])
    assert "examples" in told["components"]["schemas"]["FlagOut"]["properties"]["sum"]
    assert len((await maya.get("/api/v1/rules")).json()) == len(RULES)


async def test_the_look_is_audited_and_two_at_once_do_not_wait_for_each_other(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    patient = await not_responding(site, maya)
    await asyncio.gather(ask(maya, patient), ask(lind, patient))
    async with site.services.database.transaction(system(site.org_id)) as store:
        found = await store.connection.execute(
            select(func.count()).where(audit_events.c.action == "patient.explain")
        )
        assert found.scalar_one() == 2


@pytest.mark.parametrize("name", ["bao-sowa", "ny-medicaid", "german-impact", "icsi", "aims"])
async def test_each_published_protocol_is_shown_to_who_reads_a_finding(
    site: Site, name: str
) -> None:
    maya = await site.sign_in("maya")
    page = await maya.get(f"/protocols/{name}/1")
    assert page.status_code == 200
    assert "improved is" in page.text
    assert ("not confirmed" in page.text) == (name == "aims")
