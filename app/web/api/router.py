"""The addresses of the API, and what describes them."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.openapi.utils import get_openapi

from app.use_cases.explain_flags import explain_flags
from app.use_cases.read_protocol import read_protocol
from app.use_cases.read_rules import read_rules
from app.web.api.asking import AskedOn, AskedStore
from app.web.api.problems import PROBLEM_JSON
from app.web.api.shapes import (
    ExplanationOut,
    ProblemOut,
    ProtocolOut,
    RuleOut,
    explanation_out,
    protocol_out,
    rule_out,
)
from app.web.disclosing import disclosure_headers

VERSION = "1"
_PROBLEM: dict[str, Any] = {
    "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    401: _PROBLEM | {"description": "Neither a session nor a token that holds."},
    403: _PROBLEM | {"description": "The role does not allow this."},
    404: _PROBLEM | {"description": "There is none: another organization's looks the same."},
    422: _PROBLEM | {"description": "A part of the address cannot be read."},
    500: _PROBLEM | {"description": "The registry failed; nothing was stored."},
}
router = APIRouter(prefix="/api/v1", responses=REFUSALS)


@router.get(
    "/patients/{patient_id}/explain", summary="Why is this patient flagged?", tags=["Explain"]
)
async def get_explanation(
    patient_id: UUID, store: AskedStore, today: AskedOn, response: Response
) -> ExplanationOut:
    """Each flag with its rule, its numbers and its source; and why the others are not there."""
    found = explanation_out(await explain_flags(store, patient_id, today))
    response.headers.update(disclosure_headers(store.disclosed))
    return found


@router.get("/rules", summary="What does the registry judge by?", tags=["Rules"])
async def get_rules(store: AskedStore) -> list[RuleOut]:
    """The rulebook, in the order it is told."""
    return [rule_out(rule) for chapter in read_rules(store) for rule in chapter.rules]


@router.get(
    "/protocols/{protocol_id}/{version}", summary="What did this version ask?", tags=["Rules"]
)
async def get_protocol(protocol_id: str, version: int, store: AskedStore) -> ProtocolOut:
    """One version of a protocol, as a finding names it; it never changes."""
    reading = await read_protocol(store, protocol_id, version)
    return protocol_out(reading.protocol, reading)


@router.get("/openapi.json", include_in_schema=False)
async def get_description() -> dict[str, Any]:
    """What this face offers; public, and the same for everyone."""
    return description()


@lru_cache
def description() -> dict[str, Any]:
    """The OpenAPI description of this face alone."""
    found = get_openapi(
        title="Stepwell API",
        version=VERSION,
        description="Why a patient is flagged: which rule, which numbers, which source.",
        routes=router.routes,
    )
    parts = found.setdefault("components", {})
    parts["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "stepwell_session"},
        "token": {"type": "http", "scheme": "bearer"},
    }
    parts["schemas"] |= _schema_of_refusals()
    found["security"] = [{"session": []}, {"token": []}]
    return found


def _schema_of_refusals() -> dict[str, Any]:
    whole = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = whole.pop("$defs", {})
    return parts | {"ProblemOut": whole}
