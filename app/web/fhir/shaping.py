"""How an answer is written: whole or in part (``_summary``, ``_elements``), and ``_pretty``."""

import re
from collections.abc import Iterable

from fastapi import Response

from app.errors import Malformed, Problem
from app.web.fhir.errors import FHIR_JSON
from fhir_mappings.json_text import indented_json, read_json, write_json
from fhir_mappings.shaping import Shape, Summary, shaped

SHAPING = ("_summary", "_elements", "_pretty")
"""Parameters of how an answer is written; they narrow nothing."""

MOST_ELEMENTS = 100
_ELEMENT = re.compile(r"[A-Za-z]+(\[x\])?(\.[A-Za-z]+(\[x\])?)*")


def read_shape(pairs: Iterable[tuple[str, str]]) -> Shape:
    """How much of each resource is asked for; raises Malformed naming the parameter.

    ``_summary`` and ``_elements`` together contradict each other, and FHIR leaves open what is
    meant. ``_summary=text`` says of itself that nothing comes along with it.
    """
    said = [(name, text) for name, text in pairs if text]
    shape = Shape(_summary(said), tuple(dict.fromkeys(_elements(said))))
    if shape.elements and shape.summary not in (Summary.FALSE, Summary.COUNT):
        raise _malformed("_elements", "Ask for _summary or for _elements, not for both.")
    along = [name for name, _ in said if name.startswith(("_include", "_revinclude"))]
    if shape.summary is Summary.TEXT and along:
        raise _malformed(along[0], "_summary=text takes nothing along: leave one of them out.")
    return shape


def shaped_body(body: bytes, shape: Shape, *, searched: bool = True) -> bytes:
    """A body as it was published, or the part of it that is asked for."""
    if shape.is_whole:
        return body
    return write_json(shaped(read_json(body), shape, searched=searched))


def written(response: Response, pretty: str | None) -> Response:
    """The response with its JSON indented, where that is asked for."""
    wanted = pretty is not None and pretty.lower() != "false"
    body = getattr(response, "body", b"")
    if not (wanted and body and response.headers.get("content-type") == FHIR_JSON):
        return response
    response.body = indented_json(body)
    response.headers["content-length"] = str(len(response.body))
    return response


def _malformed(name: str, words: str) -> Malformed:
    return Malformed("How the answer is to be written cannot be read.", [Problem(name, words)])


def _summary(pairs: Iterable[tuple[str, str]]) -> Summary:
    texts = [text for name, text in pairs if name == "_summary"]
    if len(set(texts)) > 1:
        raise _malformed("_summary", "Say one.")
    try:
        return Summary(texts[0]) if texts else Summary.FALSE
    except ValueError:
        raise _malformed("_summary", f"Say {', '.join(Summary)}.") from None


def _elements(pairs: Iterable[tuple[str, str]]) -> list[str]:
    texts = [text for name, text in pairs if name == "_elements"]
    names = [one.strip() for text in texts for one in text.split(",") if one.strip()]
    if len(names) > MOST_ELEMENTS or not all(_ELEMENT.fullmatch(one) for one in names):
        words = f"Name at most {MOST_ELEMENTS} elements, such as identifier,birthDate."
        raise _malformed("_elements", words)
    return names
