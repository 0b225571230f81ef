"""OperationOutcome: how FHIR says what is wrong, and where."""

from collections.abc import Iterable, Sequence
from typing import Any

from app.errors import Kind, RegistryError
from fhir_mappings.reading import EntriesRefused, Remark

REFUSALS_SYSTEM = "https://stepwell.example/fhir/CodeSystem/refusals"

ISSUE_CODES = {
    Kind.INVALID: "invalid",
    Kind.FAILED: "exception",
    Kind.UNPROCESSABLE: "business-rule",
    Kind.NOT_FOUND: "not-found",
    Kind.GONE: "deleted",
    Kind.CONFLICT: "conflict",
    Kind.PRECONDITION: "conflict",
    Kind.UNAUTHENTICATED: "login",
    Kind.FORBIDDEN: "forbidden",
    Kind.NOT_SUPPORTED: "not-supported",
    Kind.TOO_LARGE: "too-costly",
    Kind.WRONG_MEDIA_TYPE: "not-supported",
    Kind.NOT_ACCEPTABLE: "not-supported",
    Kind.THROTTLED: "throttled",
    Kind.UNAVAILABLE: "transient",
}
"""http://hl7.org/fhir/ValueSet/issue-type for each kind of refusal."""

_REMARK_CODES = frozenset({"not-supported", "value", "code-invalid", "informational", "incomplete"})


def outcome(issues: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """An OperationOutcome; where there is nothing to say, it says that all is well."""
    found = list(issues)
    fine = {"severity": "information", "code": "informational", "diagnostics": "All is well."}
    return {"resourceType": "OperationOutcome", "issue": found or [fine]}


def refusal_issues(error: RegistryError) -> list[dict[str, Any]]:
    """One issue for each problem; one for the refusal itself where it names none."""
    if isinstance(error, EntriesRefused):
        return [issue for cause in error.causes for issue in refusal_issues(cause)]
    code = error.code if error.code == "not-supported" else ISSUE_CODES[error.kind]
    if not error.problems:
        return [_issue("error", code, error.code, error.message, None)]
    return [
        _issue("error", code, error.code, f"{error.message} {problem.what}", problem.where)
        for problem in error.problems
    ]


def remark_issues(remarks: Sequence[Remark]) -> list[dict[str, Any]]:
    """One issue for each remark."""
    return [
        _issue(remark.severity, _remark_code(remark.code), remark.code, remark.words, remark.where)
        for remark in remarks
    ]


def _remark_code(code: str) -> str:
    return code if code in _REMARK_CODES else "informational"


def _issue(
    severity: str, code: str, own_code: str, words: str, where: str | None
) -> dict[str, Any]:
    issue: dict[str, Any] = {
        "severity": severity,
        "code": code,
        "details": {"coding": [{"system": REFUSALS_SYSTEM, "code": own_code}], "text": words},
        "diagnostics": words,
    }
    if where:
        issue["expression"] = [where]
    return issue
