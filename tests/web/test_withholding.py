"""Who may not see a program's records sees a world in which they never were."""

import pytest
from httpx import Response

from tests.web.part2_world import MARKER, consent, general_world, plain, protected_world
from tests.web.site import Site

PAGES = (
    "/caseload",
    "/flags",
    "/reviews",
    "/worklists/new-screens",
    "/worklists/second-stages",
    "/worklists/referrals",
    "/worklists/duplicates",
    "/patients/{patient}",
    "/patients/{patient}/explain",
    "/api/v1/patients/{patient}/explain",
    "/duty",
    "/protocols",
)
SEARCHES = (
    "Patient",
    "Patient?_count=1",
    "Observation",
    "Observation?_count=1",
    "QuestionnaireResponse",
    "QuestionnaireResponse?_count=1",
    "QuestionnaireResponse?_count=0",
    "QuestionnaireResponse?patient={patient}",
    "Observation?patient={patient}",
    "Patient/{patient}/$everything",
    "Observation/$lastn?patient={patient}&max=9",
    "Patient/{patient}/$everything?_count=1",
)


async def fetch(site: Site, path: str, token: str) -> Response:
    http = await site.open()
    return await http.get(f"/fhir/{path}", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("who", ["maya", "lind"])
async def test_pages_of_general_staff_are_the_same(site: Site, other_site: Site, who: str) -> None:
    with_records, _ = await protected_world(site)
    without = await general_world(other_site)
    mine, theirs = await site.sign_in(who), await other_site.sign_in(who)
    for page in PAGES:
        here = await mine.get(page.format(patient=with_records))
        there = await theirs.get(page.format(patient=without))
        assert here.status_code == there.status_code, page
        assert MARKER not in here.text
        assert plain(here.text) == plain(there.text), page


async def test_pages_of_the_director_are_the_same(site: Site, other_site: Site) -> None:
    await protected_world(site)
    await general_world(other_site)
    mine, theirs = await site.sign_in("dana"), await other_site.sign_in("dana")
    for page in ("/screening", "/flag-times", "/expected-recovery", "/protocols", "/duty"):
        here, there = await mine.get(page), await theirs.get(page)
        assert (here.status_code, plain(here.text)) == (there.status_code, plain(there.text)), page


async def test_searches_of_another_client_are_the_same(site: Site, other_site: Site) -> None:
    with_records, _ = await protected_world(site)
    without = await general_world(other_site)
    for search in SEARCHES:
        here = await fetch(site, search.format(patient=with_records), site.token)
        there = await fetch(other_site, search.format(patient=without), other_site.token)
        assert (here.status_code, plain(here.text)) == (there.status_code, plain(there.text)), (
            search
        )


async def test_an_id_that_is_withheld_is_answered_like_one_that_never_was(site: Site) -> None:
    _, program = await protected_world(site)
    sent = await program.screened("100", [0, 0, 0, 0, 0, 0, 0, 0, 1])
    kind, name = sent.split("/fhir/")[1].split("/")[:2]
    never = f"{kind}/00000000-0000-7000-8000-000000000000"
    for suffix in ("", "/_history/1", "/_history/2"):
        withheld = await fetch(site, f"{kind}/{name}{suffix}", site.token)
        unknown = await fetch(site, never + suffix, site.token)
        assert withheld.status_code == unknown.status_code == 404
        assert plain(withheld.text) == plain(unknown.text)


async def test_the_program_and_whom_a_consent_names_see_the_records(site: Site) -> None:
    patient_id, program = await protected_world(site)
    own, other = await site.sign_in("ben"), await site.sign_in("maya")
    page = f"/patients/{patient_id}"
    assert "Harbor" in (await own.get(page)).text
    assert "Harbor" not in (await other.get(page)).text
    await consent(site, patient_id, program)
    assert "Harbor" in (await other.get(page)).text
