"""What single answers say beside the total: a rule by items that the total does not show."""

from app.domain.instrument import Group, Instrument, Sign
from app.domain.rule import Rule
from app.domain.score import Answers


def signs(instrument: Instrument, answers: Answers) -> tuple[Sign, ...]:
    """The instrument's signs that these answers show; what was not answered shows nothing.

    PCL-5: the symptoms of a provisional PTSD; WHO-5: an item at 0 or 1; AUDIT and
    AUDIT-C: answers to look at before acting on the total.
    """
    return tuple(
        sign for sign in instrument.signs if all(_holds(group, answers) for group in sign.groups)
    )


def _holds(group: Group, answers: Answers) -> bool:
    within = [
        key
        for key in group.items
        if key in answers and group.at_least <= answers[key] <= group.at_most
    ]
    return len(within) >= group.count


RULES = (
    Rule(
        "signs",
        "Instruments",
        "Answers that mean something whatever the total are told in words beside it: a provisional "
        "PTSD by the PCL-5's symptom rule, an item of the WHO-5 at 0 or 1, points of the AUDIT-C "
        "that all come from its first item, grave answers of the AUDIT.",
        "CamCOPS (PCL-5); who5_est; LOINC 75626-2; WHO AUDIT manual",
        "tests/rules/test_reference_cases.py::test_signs",
    ),
)
