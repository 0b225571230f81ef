"""Choosing a protocol: what it would flag is shown before, and what it flagged names it."""

from tests.web.site import Site
from tests.web.test_pages import enrolled

SLIGHTLY_BETTER = [1] * 4 + [2] * 4 + [0]
"""12 after 16: a quarter gone, not half, not below 10."""


async def test_the_preview_counts_and_the_choice_judges_anew(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", SLIGHTLY_BETTER, 1)
    page = (await lind.get("/protocols")).text
    assert "1 patients are in care" in page
    flagged = [part.split("</strong>")[0] for part in page.split("With this protocol <strong>")[1:]]
    # day 70: bao-sowa, ny-medicaid, german-impact and icsi ask for half or below 10; aims 5 points
    assert flagged == ["1", "1", "1", "1", "1"]
    assert "bao-sowa v1 · judges here now" in page
    assert (await lind.post("/protocols", protocol="icsi")).status_code == 303
    page = (await maya.get(f"/patients/{patient}")).text
    assert "icsi v1 asks for a fall of 50 % from day 70 on" in page
    assert "judged by icsi v1" in page


async def test_who_may_choose_and_what(site: Site) -> None:
    maya, lind = await site.sign_in("maya"), await site.sign_in("lind")
    assert (await maya.get("/protocols")).status_code == 403
    assert (await maya.post("/protocols", protocol="icsi")).status_code == 403
    assert (await lind.post("/protocols", protocol="nonsense")).status_code == 422
    assert (await lind.post("/protocols", protocol="bao-sowa")).status_code == 303
