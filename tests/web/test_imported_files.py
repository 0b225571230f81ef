"""Files of FHIR that an operator imports are kept as their sender wrote them."""

from pathlib import Path

from rich.console import Console

from app.importing import import_files
from tests.web.site import NUMBERS, Site

PATIENT = f"""{{"resourceType": "Patient", "id": "p1", "birthDate": "1980-01-05",
  "extension": [{{"url": "https://ehr.example/height", "valueDecimal": 1.10}}],
  "identifier": [{{"system": "{NUMBERS}", "value": "900"}}], "name": [{{"family": "Alvarez"}}]}}"""


async def test_decimals_keep_their_digits(site: Site, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(PATIENT)
    told = await import_files(site.services, site.org_id, "EHR", [tmp_path], Console(quiet=True))
    assert (told.kept, told.refused) == (1, 0), told.words
    client = await site.open()
    headers = {"Authorization": f"Bearer {site.token}"}
    served = (await client.get("/fhir/Patient/p1", headers=headers)).text
    assert '"valueDecimal":1.10' in served
