"""The codes of ours as a CodeSystem, so that validators can look up what they mean."""

import hashlib
from typing import Any

from app.domain.catalogue import INSTRUMENTS
from fhir_mappings.codings import LOCAL_SYSTEM
from fhir_mappings.edition import edition
from fhir_mappings.json_text import write_json
from fhir_mappings.local_codes import codes_of_ours

CHANGED_ON = "2026-11-25"


def list_code_systems() -> list[dict[str, Any]]:
    """The one for instruments; its version follows from the codes, the site's among them."""
    concepts = [
        {"code": code, "display": words}
        for instrument in INSTRUMENTS.values()
        for code, words in codes_of_ours(instrument)
    ]
    return [edition(_instruments(concepts), CHANGED_ON)]


def _instruments(concepts: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "resourceType": "CodeSystem",
        "id": "instruments",
        "url": LOCAL_SYSTEM,
        "version": hashlib.sha256(write_json(concepts)).hexdigest()[:8],
        "name": "StepwellInstruments",
        "title": "Instruments, items and answers without a confirmed LOINC code",
        "status": "active",
        "experimental": False,
        "date": CHANGED_ON,
        "publisher": "Stepwell",
        "description": "Every instrument has a code for its form and one for its result. A "
        "question or an answer has one where no LOINC code of it is confirmed.",
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }
