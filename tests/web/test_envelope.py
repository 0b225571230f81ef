"""What every answer carries, for whom the service is, and how much a request may bring."""

from collections.abc import AsyncIterator

import pytest
from httpx import Response

from app.main import create_app
from app.web.http import HEADERS
from tests.web.site import BASE, Site, Visitor


async def every_kind_of_answer(site: Site) -> list[Response]:
    """A page, a redirect, refusals of each face, a file, and a bug in each face."""
    maya = await site.sign_in("maya")
    answers = [await maya.get(path) for path in PATHS]
    answers.append(await maya.post("/search", csrf="wrong", query="x"))
    answers.append(await site.send({"resourceType": "Device"}, "/fhir/Device"))
    answers.append(await site.send({"resourceType": "Patient"}, "/fhir/Patient"))
    broken = await visitor_of_a_broken_site(site)
    answers += [await broken.get(path) for path in ("/sign-in", "/api/v1/rules", "/fhir/metadata")]
    assert {answer.status_code for answer in answers} >= {200, 303, 401, 403, 404, 405, 500}
    return answers


PATHS = (
    "/caseload",
    "/",
    "/nowhere",
    "/patients/not-an-id",
    "/assets/app.css",
    "/assets/none.css",
    "/api/v1/rules",
    "/api/v1/nowhere",
    "/api/v1/openapi.json",
    "/fhir/metadata",
    "/fhir/Patient/1",
    "/health/live",
    "/sign-out",
)


async def visitor_of_a_broken_site(site: Site) -> Visitor:
    """A visitor of the same application without its services: everything is a bug."""
    visitor = await site.visit()
    visitor.http._transport.app.state.services = None  # type: ignore[attr-defined]
    return visitor


async def test_every_answer_carries_every_header(site: Site) -> None:
    for answer in await every_kind_of_answer(site):
        told = f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
        for name, value in HEADERS.items():
            assert answer.headers.get_list(name) == [value], f"{told} {name}"
        assert "max-age=63072000" in answer.headers["strict-transport-security"], told
        assert answer.headers["x-request-id"], told
        kept = answer.headers["cache-control"]
        is_file = answer.request.url.path == "/assets/app.css"
        assert kept == ("no-cache" if is_file else "no-store"), told


def test_the_policy_takes_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in policy


async def test_plain_http_promises_no_https(site: Site) -> None:
    from dataclasses import replace

    from httpx import ASGITransport, AsyncClient

    settings = site.services.settings.model_copy(update={"public_base_url": None})
    transport = ASGITransport(create_app(replace(site.services, settings=settings)))
    async with AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
        told = await http.get("/health/live")
    assert told.status_code == 200
    assert "strict-transport-security" not in told.headers


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("registry.example", 303),
        ("registry.example:443", 303),
        ("REGISTRY.example", 303),
        ("127.0.0.1:8000", 303),  # a look from the machine itself
        ("evil.example", 421),
        ("registry.example.evil.example", 421),
        ("registry.example@evil.example", 421),
        ("evil.example:443", 421),
        ("", 421),
    ],
)
async def test_only_names_of_ours_are_answered(site: Site, host: str, status: int) -> None:
    visitor = await site.visit()
    told = await visitor.http.get("/caseload", headers={"host": host})
    assert told.status_code == status
    assert "evil" not in told.text + told.headers.get("location", "")


async def test_health_is_told_under_any_name(site: Site) -> None:
    visitor = await site.visit()
    told = await visitor.http.get("/health/live", headers={"host": "10.0.0.7:8000"})
    assert told.status_code == 200


async def test_a_forged_host_stands_in_no_link(site: Site) -> None:
    visitor = await site.visit()
    auth = {"Authorization": f"Bearer {site.token}", "X-Forwarded-Host": "evil.example"}
    told = await visitor.http.get("/fhir/Patient?identifier=x", headers=auth)
    assert told.status_code == 200
    assert f"{BASE}/fhir/Patient" in told.text
    assert "evil" not in told.text


async def test_two_lengths_are_one_too_many(site: Site) -> None:
    visitor = await site.visit()
    both = {"transfer-encoding": "chunked", "content-length": "3"}
    told = await visitor.http.post("/sign-in", content=b"a=b", headers=both)
    assert told.status_code == 400
    assert told.headers["connection"] == "close"


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_beyond_the_limit_is_refused_on_every_face(site: Site, declared: bool) -> None:
    most = site.services.settings.max_body_bytes
    kinds = {"/sign-in": "application/x-www-form-urlencoded", "/roster": "multipart/form-data"}
    if not declared:
        del kinds["/roster"]  # which asks for the length beforehand
    visitor = await site.visit()

    field = b"f=" + b"x" * (2 * 1024 * 1024 - 100) + b"&"

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(most // len(field) + 1):
            yield field

    for path, kind in kinds.items():
        content = b"x" * (most + 1) if declared else pieces()
        told = await visitor.http.post(path, content=content, headers={"content-type": kind})
        assert told.status_code == 413, path
        assert str(most) in told.text


@pytest.mark.parametrize(
    "body",
    [
        b"&".join(b"f%d=1" % number for number in range(401)),
        b"login=" + b"x" * (2 * 1024 * 1024 + 1),
    ],
)
async def test_too_many_or_too_long_fields_are_refused(site: Site, body: bytes) -> None:
    visitor = await site.visit()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    told = await visitor.http.post("/sign-in", content=body, headers=kind)
    assert told.status_code == 400


async def test_too_many_parts_are_refused(site: Site) -> None:
    visitor = await site.visit()
    for files in (
        [("file", ("a.csv", b"a"))],
        [(f"f{number}", (None, b"a")) for number in range(401)],
    ):
        told = await visitor.http.post("/sign-in", files=files)
        assert told.status_code == 400
