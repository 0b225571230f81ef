"""To whom charts may be opened, by whom, how long."""

import pytest

from app.domain.access import Role
from app.domain.chart_grant import LONGEST_DAYS, NotToOneself, check_grant
from app.errors import Unprocessable
from app.store.ids import new_id

ME, DANA = new_id(), new_id()
WHY = "Incident review of 12 November"


@pytest.mark.parametrize(
    ("roles", "reason", "days", "refused"),
    [
        ({Role.DIRECTOR}, WHY, 7, None),
        ({Role.COMPLIANCE}, WHY, 1, None),
        ({Role.ADMINISTRATOR}, WHY, LONGEST_DAYS, None),
        ({Role.ADMINISTRATOR}, WHY, LONGEST_DAYS + 1, "days"),
        ({Role.ADMINISTRATOR}, WHY, 0, "days"),
        ({Role.DIRECTOR}, "because", 7, "reason"),  # too short to be read years later
        ({Role.DIRECTOR}, "   x      ", 7, "reason"),
        ({Role.DIRECTOR}, "x" * 501, 7, "reason"),
        ({Role.MEDICAL_ASSISTANT}, WHY, 7, "staff"),  # who screens needs no chart
        ({Role.OPERATOR}, WHY, 7, "staff"),
        ({Role.CARE_MANAGER}, WHY, 7, "staff"),  # reads charts already: their clinics decide
        ({Role.DIRECTOR, Role.CLINICIAN}, WHY, 7, "staff"),
    ],
)
def test_to_whom_charts_are_opened(
    roles: set[Role], reason: str, days: int, refused: str | None
) -> None:
    if refused is None:
        check_grant(ME, DANA, roles, reason, days)
        return
    with pytest.raises(Unprocessable) as told:
        check_grant(ME, DANA, roles, reason, days)
    assert [problem.where for problem in told.value.problems] == [refused]


def test_nobody_opens_charts_to_themselves() -> None:
    with pytest.raises(NotToOneself):
        check_grant(ME, ME, {Role.COMPLIANCE}, WHY, 7)


def test_the_command_line_may_open_them() -> None:
    check_grant(None, DANA, {Role.DIRECTOR}, WHY, 7)
