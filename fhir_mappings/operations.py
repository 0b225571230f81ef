"""The operations that the FHIR face offers, as one table.

The CapabilityStatement, the OperationDefinitions and docs/fhir-conformance.md are made from it,
and a test holds that each is answered at each of its addresses.
"""

from dataclasses import dataclass
from typing import Any

from fhir_mappings.conformance import TYPES

_HL7 = "http://hl7.org/fhir/OperationDefinition/"
CHANGED_ON = "2026-11-25"
"""The day on which this table last changed."""
BASE = "https://stepwell.example/fhir/OperationDefinition/"


@dataclass(frozen=True, slots=True)
class Input:
    """One parameter of an operation."""

    name: str
    kind: str
    words: str
    most: str = "1"
    least: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation."""

    code: str
    """Its name without the dollar."""
    types: tuple[str, ...]
    """At which types it is offered; empty: at the base."""
    title: str
    words: str
    scopes: str
    """Which letters of which type a client needs."""
    inputs: tuple[Input, ...] = ()
    answer: tuple[str, str] = ("Bundle", "What was found.")
    """Type and words of what comes back."""
    levels: tuple[str, ...] = ("type",)
    """``system``, ``type``, ``instance``."""
    methods: tuple[str, ...] = ("GET", "POST")
    standard: str = ""
    """The canonical of the definition that it keeps to; ours where there is none."""
    changes: bool = False
    """Whether it changes anything."""
    test: str = ""
    """The file of its tests, for docs/fhir-conformance.md."""

    @property
    def id(self) -> str:
        """As it is read at OperationDefinition/[id]: the end of the standard's canonical."""
        own = "-".join((*self.types, self.code))
        return self.standard.rpartition("/")[2] if self.standard else own

    @property
    def url(self) -> str:
        """Where it is defined: by HL7, or here."""
        return self.standard or BASE + self.id


_COUNT = Input("_count", "integer", "How many on a page.")

_EXPORT = (
    Input("_outputFormat", "string", "application/fhir+ndjson, application/ndjson or ndjson."),
    Input("_since", "instant", "Changed after then: the transactionTime of the export before."),
    Input("_type", "string", "Only these types.", most="*"),
    Input("_typeFilter", "string", "Searches, of which one must fit: Observation?code=…", most="*"),
    Input("_elements", "string", "Only these elements.", most="*"),
)
_TOLD_LATER = (
    "Answered by 202 and an address that tells how far it is; there is the manifest in the end. "
    "It holds everything that was written up to its transactionTime and nothing later."
)
_BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "export",
        (),
        "Everything as files",
        _TOLD_LATER,
        "`r` of each type; without _type, of those that the scopes reach",
        _EXPORT,
        answer=("OperationOutcome", "Where to ask how far it is."),
        levels=("system",),
        standard=f"{_BULK}export",
        test="tests/web/test_bulk_export.py",
    ),
    Operation(
        "export",
        ("Patient",),
        "Everything about patients as files",
        _TOLD_LATER + " With the people and places around them.",
        "`r` of each type; without _type, of those that the scopes reach",
        (*_EXPORT, Input("patient", "Reference", "Only of these patients.", most="*")),
        answer=("OperationOutcome", "Where to ask how far it is."),
        standard=f"{_BULK}patient-export",
        test="tests/web/test_bulk_export.py",
    ),
    Operation(
        "export",
        ("Group",),
        "Everything about a caseload as files",
        _TOLD_LATER + " Of those who are in the group when it is asked for, with the people and "
        "places around them.",
        "`r` of Group and of each type; without _type, of those that the scopes reach",
        (*_EXPORT, Input("patient", "Reference", "Only of these patients.", most="*")),
        answer=("OperationOutcome", "Where to ask how far it is."),
        levels=("instance",),
        standard=f"{_BULK}group-export",
        test="tests/web/test_fhir_groups.py",
    ),
    Operation(
        "everything",
        ("Patient",),
        "Everything of a patient",
        "All that is held of the patient, and the people and places that it names, page by page. "
        "What the scopes do not reach is left out, unless it was asked for by its type. Without a "
        "time of its own nothing is left out by start and end. Groups are not told: they name "
        "other people.",
        "`r` of Patient, and of each type that is to be given",
        (
            Input("start", "date", "Care from this day or instant on."),
            Input("end", "date", "Care up to this day or instant, and with it."),
            Input("_since", "instant", "Changed since then."),
            Input("_type", "code", "Only these types.", most="*"),
            _COUNT,
        ),
        levels=("instance",),
        standard=f"{_HL7}Patient-everything",
        test="tests/web/test_fhir_everything.py",
    ),
    Operation(
        "lastn",
        ("Observation",),
        "The last observations of each kind",
        "The newest Observations of a patient, so many of each code; what shares a coding is of "
        "one kind. Every search parameter of Observation narrows them. What was entered in error "
        "counts, as the standard has it, unless status is given.",
        "`s` of Observation",
        (
            Input("max", "positiveInt", "So many of each kind (1)."),
            Input("patient", "string", "Of whom; subject is the same. One of them is needed."),
            Input("subject", "string", "Of whom."),
            Input("category", "string", "Of these categories only.", most="*"),
            Input("code", "string", "Of these codes only.", most="*"),
            Input("status", "string", "With these statuses only.", most="*"),
            Input("date", "string", "Of this time only.", most="*"),
        ),
        answer=("Bundle", "A searchset, the newest first."),
        standard=f"{_HL7}Observation-lastn",
        test="tests/web/test_fhir_lastn.py",
    ),
    Operation(
        "match",
        ("Patient",),
        "Whom a description fits",
        "Patients whom the description may mean, the most certain first, each with its grade: "
        "certain, probable or possible; who is certainly not meant is not told. Nothing is joined. "
        "With onlyCertainMatches two that are certain are none.",
        "`s` of Patient",
        (
            Input("resource", "Patient", "Whom you look for, as far as you know.", least=1),
            Input("onlyCertainMatches", "boolean", "Tell only of a match that is certain."),
            Input("count", "integer", "At most so many (10; never more than 50)."),
        ),
        answer=("Bundle", "A searchset with a grade and a score for each."),
        methods=("POST",),
        standard=f"{_HL7}Patient-match",
        test="tests/web/test_fhir_match.py",
    ),
    Operation(
        "populate",
        ("Questionnaire",),
        "A form begun for a patient",
        "The questions of a Questionnaire of this server as a QuestionnaireResponse in progress "
        "for the subject. No answer is filled in, whatever is known: a screening tells how "
        "somebody is today. What it could be filled from is passed over.",
        "`r` of Questionnaire and of Patient",
        (
            Input("questionnaire", "uri", "At the type: the canonical of the form."),
            Input("canonical", "uri", "The same under its name of SDC 4."),
            Input("questionnaireRef", "Reference", "The same as a reference."),
            Input("identifier", "Identifier", "The same by an identifier: none has one here."),
            Input("subject", "Reference", "The patient whom it is about.", least=1),
            Input("context", "BackboneElement", "Passed over.", most="*"),
            Input("launchContext", "BackboneElement", "Passed over.", most="*"),
            Input("content", "Reference", "Passed over.", most="*"),
            Input("local", "boolean", "Passed over.", most="*"),
        ),
        answer=("Parameters", "response: the QuestionnaireResponse; issues: what is to be known."),
        levels=("type", "instance"),
        standard="http://hl7.org/fhir/uv/sdc/OperationDefinition/Questionnaire-populate",
        test="tests/web/test_fhir_populate.py",
    ),
    Operation(
        "validate",
        tuple(TYPES),
        "Whether a resource would be taken",
        "Without a mode: whether it is FHIR R4 (4.0.1) and what the registry would read in it. "
        "With the mode create, update or delete: everything that would come of it, by the same "
        "door, and undone. The answer is 200 with an OperationOutcome, whatever is wrong. Profiles "
        "are not examined, and it says so.",
        "none without a mode, for what is sent; `r` for what is held; `c`, `u` or `d` for a mode",
        (
            Input("resource", "Resource", "What is to be validated; or alone, as the body."),
            Input("mode", "code", "create, update, delete or profile."),
            Input("profile", "uri", "Answered with a warning.", most="*"),
        ),
        answer=("OperationOutcome", "What is wrong, and what is to be known."),
        levels=("type", "instance"),
        standard=f"{_HL7}Resource-validate",
        test="tests/web/test_fhir_validate.py",
    ),
)


def definition(operation: Operation, date: str) -> dict[str, Any]:
    """The OperationDefinition of an operation as this server offers it."""
    kind, words = operation.answer
    told = [_parameter(one) for one in operation.inputs]
    returned = {"name": "return", "use": "out", "min": 1, "max": "1", "documentation": words}
    defined: dict[str, Any] = {
        "resourceType": "OperationDefinition",
        "id": operation.id,
        "meta": {"versionId": "1", "lastUpdated": f"{date}T00:00:00Z"},
        "url": BASE + operation.id,
        "version": "1.0.0",
        "name": "".join(part.capitalize() for part in operation.id.split("-")),
        "title": operation.title,
        "status": "active",
        "kind": "operation",
        "date": date,
        "publisher": "Stepwell",
        "description": operation.words,
        "affectsState": operation.changes,
        "code": operation.code,
        "comment": f"Scopes: {operation.scopes}. Methods: {', '.join(operation.methods)}.",
        "system": "system" in operation.levels,
        "type": "type" in operation.levels,
        "instance": "instance" in operation.levels,
        "parameter": [*told, {**returned, "type": kind}],
    }
    if operation.types:
        defined["resource"] = list(operation.types)
    if operation.standard:
        defined["base"] = operation.standard
    return defined


def _parameter(one: Input) -> dict[str, Any]:
    parameter = {"name": one.name, "use": "in", "min": one.least, "max": one.most}
    return {**parameter, "documentation": one.words, "type": one.kind}


def listed(type_name: str) -> list[dict[str, str]]:
    """The operations of a type as a CapabilityStatement lists them; of the base for ``""``."""
    wanted = [
        one
        for one in OPERATIONS
        if (type_name in one.types if type_name else "system" in one.levels)
    ]
    return [{"name": one.code, "definition": one.url} for one in wanted]
