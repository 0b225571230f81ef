"""How an operation is asked: by GET with parameters, or by POST with a Parameters resource."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request

from app.errors import Malformed, Problem
from app.web.fhir.negotiation import check_content_type
from fhir_mappings.instants import TimeNotUsable, read_span
from fhir_mappings.json_text import read_json
from fhir_mappings.operation_inputs import Inputs, read_parameters

SHAPING = ("_format", "_pretty")
"""How an answer is written; no part of what is asked."""


async def asked_of(request: Request) -> Inputs:
    """What the address and the body say together."""
    body = await body_of(request)
    told = read_parameters(body) if body is not None else Inputs()
    query = [one for one in request.query_params.multi_items() if one[0] not in SHAPING]
    said = tuple(one for one in told.pairs if one[0] not in SHAPING)
    return Inputs((*query, *said), told.resources)


async def body_of(request: Request) -> Mapping[str, Any] | None:
    """The resource in the body; None where there is no body."""
    raw = await request.body() if request.method == "POST" else b""
    if not raw:
        return None
    check_content_type(request.headers)
    return read_json(raw)


def number_of(inputs: Inputs, name: str, most: int, otherwise: int) -> int:
    """A whole number from 1; more than there is to have is taken as the most."""
    text = inputs.first(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) == 0:
        raise Malformed("The operation cannot be read.", [Problem(name, "Give a number from 1.")])
    return min(int(text), most)


def span_of(inputs: Inputs, name: str, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """The time that a day or an instant covers: from, and up to but not with."""
    text = inputs.first(name)
    if text is None:
        return None
    try:
        return read_span(text, zone)
    except TimeNotUsable as error:
        raise Malformed("The operation cannot be read.", [Problem(name, str(error))]) from None
