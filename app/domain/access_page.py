"""The permission table as a page for people: docs/access.md."""

import ast
import inspect
from enum import StrEnum
from functools import cache

from app.domain.access import GRANTS, Permission, Role, may
from app.domain.scopes import GRANTED_BY
from app.domain.visibility import RULES

_SHORT = {
    Role.CARE_MANAGER: "Care manager",
    Role.PSYCHIATRIST: "Psychiatric consultant",
    Role.CLINICIAN: "Primary-care clinician",
    Role.MEDICAL_ASSISTANT: "Medical assistant",
    Role.DIRECTOR: "Director",
    Role.COMPLIANCE: "Compliance",
    Role.ADMINISTRATOR: "Administrator",
    Role.OPERATOR: "Operator",
}

_HEAD = """# Who may do what, and whom they see

Two questions are asked of everybody. **What may they do?** Their roles say, by the table below; who
has several roles may do what any of them may. **Whom do they see?** The clinics they belong to and
the patients whose care they have a part in say; a patient whom they do not see is to them as one
who never was: a list leaves them out, a page answers "There is no such patient", and nothing tells
the two apart.

This page is generated from the code (`python -m app access --write`) and compared with it by
`tests/rules/test_access.py`.
"""

_CHARTS = """
## Charts opened for a while

Directors, compliance officers and administrators read no chart. Where one of them must, for an
incident or a review of quality, a compliance officer or an administrator opens charts to them: by
name, with a reason, for at most 30 days, of one clinic or of all. Nobody opens charts to
themselves. What is opened is reading: they find and read patients and change nothing. Every look
is audited as theirs, each grant is told on the staff page, and it ends by itself.
"""

_CLIENTS = """
## Integration clients

An integration client (an EHR, an interface engine) has no role. Its scopes say which of these it
may: {clients}. It works on every record of its organization, within its scopes.
"""


@cache
def sentences(kind: type[StrEnum]) -> dict[str, str]:
    """The sentence that stands under each member of this class, by the member's name."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for member, told in zip(body.body, body.body[1:], strict=False):
        match member, told:
            case ast.Assign([ast.Name(name)]), ast.Expr(ast.Constant(str(words))):
                found[name] = " ".join(words.split())
    return found


def meaning(one: Role | Permission) -> str:
    """What a role is, or what a permission allows, in one sentence."""
    return sentences(type(one)).get(one.name, one.value.replace("-", " ").capitalize() + ".")


def title(role: Role) -> str:
    """A role as a page names it."""
    return _SHORT.get(role, role.value.replace("-", " ").capitalize())


def as_markdown() -> str:
    """The whole page."""
    clients = " ".join(f"*{meaning(one)}*" for one in Permission if one in GRANTED_BY)
    return "\n".join(
        [
            _HEAD,
            "## Roles\n",
            *(f"- **{title(role)}** (`{role.value}`): {_after_colon(role)}" for role in Role),
            "\n## What each role may do\n",
            *_table(),
            "\n## Whom somebody sees\n",
            *(f"- {rule.says} ({rule.source})" for rule in RULES),
            _CHARTS,
            _CLIENTS.format(clients=clients).lstrip(),
        ]
    )


def _after_colon(role: Role) -> str:
    _, _, words = meaning(role).partition(": ")
    return words or meaning(role)


def _table() -> list[str]:
    head = ["Permission", *(title(role) for role in Role)]
    rows = [[_named(one), *(_mark(role, one) for role in Role)] for one in Permission]
    return [f"| {' | '.join(row)} |" for row in (head, ["---", *[":-:"] * len(Role)], *rows)]


def _named(one: Permission) -> str:
    nobody = "" if GRANTS[one] else " **No role.**"
    return f"{meaning(one)}{nobody} `{one.value}`"


def _mark(role: Role, one: Permission) -> str:
    return "✓" if may({role}, one) else " "
