"""The table of attacks in docs/security.md names tests that exist, and some that no part owns."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.web.site import Site

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
ASKED_FOR = (
    "alg: none", "key confusion", "expired", "replayed", "aud", "kid", "IDOR", "CSRF",
    "session fixation", "open redirect", "SSRF through JWKS", "SQL", "header injection", "NUL",
    "huge bodies", "zip bombs", "JSON bombs",
)  # fmt: skip


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_each_test_that_the_table_names_is_there(file: str, name: str) -> None:
    assert re.search(rf"^(?:async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE)


def test_no_attack_that_was_asked_for_is_missing() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "`tests/" in line]
    assert len(rows) > 25
    for attack in ASKED_FOR:
        assert any(attack in row.split("|")[1] for row in rows), attack


SQL = ("x' OR '1'='1", "1; DROP TABLE patients; --", "%' UNION SELECT NULL--", "\\'; SELECT 1 --")


@pytest.mark.parametrize("text", SQL)
async def test_sql_in_a_search_finds_nothing_and_breaks_nothing(site: Site, text: str) -> None:
    await site.screened("700", [2] * 8 + [0])
    maya = await site.sign_in("maya")
    page = await maya.post("/search", query=text)
    assert page.status_code == 200
    assert "Rosa" not in page.text
    for name in ("identifier", "family", "_id", "code"):
        told = await site.send(None, f"/fhir/Patient?{name}={quote(text)}", "GET")
        assert told.status_code in (200, 400, 422)
        assert "Rosa" not in told.text
    assert "Rosa" in (await maya.post("/search", query="alvarez")).text


@pytest.mark.parametrize("mark", ["\r\nSet-Cookie: x=1", "\nX-Evil: 1", "\r\n\r\n<script>", "\x00"])
async def test_a_line_break_begins_no_header(site: Site, mark: str) -> None:
    visitor = await site.visit()
    told = await visitor.get(f"/sign-in?next={quote('/caseload' + mark)}")
    told_in = await visitor.post("/sign-in", login="x", password="y", next=f"/caseload{mark}")
    away = await visitor.get(f"/caseload{quote(mark)}")
    fhir = await site.send(None, f"/fhir/Patient/{quote('1' + mark)}", "GET")
    for answer in (told, told_in, away, fhir):
        assert answer.status_code < 500
        assert "x-evil" not in answer.headers
        for name, value in answer.headers.multi_items():
            assert not re.search(r"[\r\n\x00]", value), name
        assert "x=1" not in answer.headers.get("set-cookie", "")


async def test_a_script_in_a_name_is_text(site: Site) -> None:
    name = '<script>alert(1)</script> "onload="x'
    patient = await site.screened("701", [2] * 8 + [2], 0, f"{name} O'Family</title>")
    maya = await site.sign_in("maya")
    for page in (
        await maya.get(f"/patients/{patient}"),
        await maya.post("/search", query="family"),
    ):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "Family</title>" not in page.text
        assert 'onload="x' not in page.text.replace("&#34;", "")
