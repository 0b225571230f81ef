"""Media types and preferences: what a request sends, and what it wants back."""

from collections.abc import Mapping, Sequence

from app.errors import NotAcceptable, WrongMediaType

NDJSON = ("application/fhir+ndjson", "application/ndjson", "application/x-ndjson")
_READ = ("application/fhir+json", "application/json", "text/json")
_WRITTEN = (*_READ, "application/*", "*/*")
_FORMATS = ("json", *_READ, "application/fhir json")
_PATCHES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/json",
)
_RETURNS = ("minimal", "representation", "OperationOutcome")


def check_content_type(headers: Mapping[str, str]) -> None:
    """Raises WrongMediaType unless the body is FHIR JSON in UTF-8."""
    kind, parameters = _media_type(headers.get("content-type", ""))
    if kind not in _READ:
        raise WrongMediaType("Send FHIR R4 JSON: Content-Type application/fhir+json.")
    _check_encoding(headers, parameters)
    _check_version(parameters, WrongMediaType)


def check_patch_type(headers: Mapping[str, str]) -> None:
    """Raises WrongMediaType unless the body is JSON Patch or JSON Merge Patch, in UTF-8."""
    kind, parameters = _media_type(headers.get("content-type", ""))
    if kind not in _PATCHES:
        raise WrongMediaType(
            "Send JSON Patch (application/json-patch+json); XML Patch and FHIRPath Patch are not "
            "offered."
        )
    _check_encoding(headers, parameters)


def check_accept_lines(accept: str | None) -> None:
    """The same for a file of an export, which is NDJSON; plain FHIR JSON is let through too."""
    wanted = _fitting(accept, (*_WRITTEN, *NDJSON))
    if wanted is not None and not wanted:
        raise NotAcceptable("This file is NDJSON: Accept application/fhir+ndjson.")


def check_accept(accept: str | None, wanted_format: str | None = None) -> None:
    """Raises NotAcceptable where FHIR JSON is not among what the caller takes."""
    if wanted_format is not None:
        if _media_type(wanted_format)[0] not in _FORMATS:
            raise NotAcceptable("This service answers in JSON only: _format=json.")
        return
    fitting = _fitting(accept, _WRITTEN)
    if fitting is not None and not fitting:
        raise NotAcceptable("This service answers in JSON only: Accept application/fhir+json.")
    if fitting and all(_other_version(found) for found in fitting):
        raise NotAcceptable("This service speaks FHIR R4: fhirVersion=4.0.")


def _check_encoding(headers: Mapping[str, str], parameters: Mapping[str, str]) -> None:
    if parameters.get("charset", "utf-8").strip('"').lower() not in ("utf-8", "utf8", "us-ascii"):
        raise WrongMediaType("Send the JSON in UTF-8.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise WrongMediaType("Send the body as it is, without a content encoding.")


def _fitting(accept: str | None, offered: Sequence[str]) -> list[Mapping[str, str]] | None:
    """The parameters of each choice that is offered; None where there are no choices."""
    choices = [_media_type(choice) for choice in (accept or "*/*").split(",") if choice.strip()]
    found = [parameters for kind, parameters in choices if kind in offered]
    return [one for one in found if _is_wanted(one)] if choices else None


def _is_wanted(parameters: Mapping[str, str]) -> bool:
    try:
        return float(parameters.get("q", "1")) > 0
    except ValueError:
        return True


def _other_version(parameters: Mapping[str, str]) -> bool:
    return not parameters.get("fhirversion", "4.0").startswith("4.0")


def _check_version(parameters: Mapping[str, str], refusal: type[WrongMediaType]) -> None:
    if _other_version(parameters):
        raise refusal("This service speaks FHIR R4: fhirVersion=4.0.")


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    kind, *rest = (part.strip() for part in text.split(";"))
    pairs = (part.partition("=") for part in rest)
    return kind.lower(), {name.strip().lower(): value.strip() for name, _, value in pairs}


def preferred_return(headers: Mapping[str, str]) -> str | None:
    """``minimal``, ``representation`` or ``OperationOutcome``; None where nothing is asked."""
    wanted = _preferences(headers).get("return", "")
    return wanted if wanted in _RETURNS else None


def preferred_handling(headers: Mapping[str, str]) -> str | None:
    """How unknown search parameters are to be taken: ``lenient``, ``strict``, or not said."""
    wanted = _preferences(headers).get("handling")
    return wanted if wanted in ("lenient", "strict") else None


def prefers_async(headers: Mapping[str, str]) -> bool:
    """Whether the answer may come later (Prefer: respond-async)."""
    return "respond-async" in _preferences(headers)


def _preferences(headers: Mapping[str, str]) -> dict[str, str]:
    parts = headers.get("prefer", "").replace(";", ",").split(",")
    pairs = (part.partition("=") for part in parts)
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
