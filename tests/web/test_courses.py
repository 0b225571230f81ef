"""The course on the patient's page: a few plain sentences beside the chart."""

from tests.web.site import Site
from tests.web.test_pages import enrolled

HALF_GONE, ANSWERED_SEVEN = [1] * 8 + [0], [2] * 6 + [0]


async def test_the_course_is_told_in_words(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", HALF_GONE, 20)
    page = (await maya.get(f"/patients/{patient}")).text
    assert "8 points lower than at baseline (16 on " in page
    assert "a reliable change (reliable from 6 points on)" in page
    assert "Response first at week 7" in page
    assert "No score from " in page  # seven weeks lie between the two


async def test_a_form_that_came_twice_hides_no_rise(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", HALF_GONE, 21)
    for answers in ([2] * 7 + [1, 0], [2] * 8 + [0]):  # 15 and 16, half an hour apart
        await site.screened("700", answers, 1)
    page = (await maya.get(f"/patients/{patient}")).text
    assert "PHQ-9 rose from 8 (" in page
    assert "More than one score on" in page


async def test_a_prorated_total_is_marked(site: Site) -> None:
    maya = await site.sign_in("maya")
    patient = await enrolled(site, maya, "700")
    await site.screened("700", ANSWERED_SEVEN, 1)
    page = (await maya.get(f"/patients/{patient}")).text
    assert "A prorated total is not valid for MNCM or CMS measures." in page
    assert "point prorated" in page
