"""A form that is begun and not yet answered: what `Questionnaire/$populate` gives out."""

from collections.abc import Mapping
from typing import Any

from fhir_mappings.operation_outcome import outcome, remark_issues
from fhir_mappings.reading import Remark

NOT_FILLED = (
    "No answer is filled in: a screening tells how somebody is today, and what was answered "
    "before, or on another form, is no answer to it."
)


def begin_form(questionnaire: Mapping[str, Any], subject: str) -> dict[str, Any]:
    """The Parameters of SDC's $populate: the questions without answers, and why without.

    Without ``authored``: nobody has answered anything yet.
    """
    response = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{questionnaire['url']}|{questionnaire['version']}",
        "status": "in-progress",
        "subject": {"reference": subject},
        "item": [
            {"linkId": one["linkId"], "text": one["text"]}
            for one in questionnaire["item"]
            if not one.get("readOnly")
        ],
    }
    said = Remark("information", "informational", "Questionnaire", NOT_FILLED)
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "response", "resource": response},
            {"name": "issues", "resource": outcome(remark_issues([said]))},
        ],
    }
