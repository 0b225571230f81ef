"""How acts read, and of what sort each is."""

import re
from pathlib import Path

import pytest

from app.domain.audit_words import Sort, action_words, actions_of, known_actions, sort_of

APP = Path(__file__).resolve().parents[2] / "app"


@pytest.mark.parametrize(
    ("action", "outcome", "words", "sort"),
    [
        ("patient.view", "done", "opened the chart", Sort.LOOK),
        ("caseload.view", "done", "saw the caseload", Sort.LIST),
        ("session.begin", "done", "signed in", Sort.SIGN_IN),
        ("session.begin", "refused", "signed in", Sort.REFUSAL),  # the page adds "refused"
        ("access.refuse", "refused", "was refused", Sort.REFUSAL),
        ("contact.log", "done", "noted a contact", Sort.CHANGE),
        ("audit.export", "done", "exported the audit", Sort.EXPORT),
        # acts of parts that have no words here read by their names
        ("consent.give", "done", "consent: give", Sort.CHANGE),
        ("staff.set-roles", "done", "staff: set roles", Sort.RIGHTS),
        ("disclosure.view", "done", "disclosure: view", Sort.LOOK),
        ("odd", "done", "odd", Sort.CHANGE),
    ],
)
def test_words_and_sort(action: str, outcome: str, words: str, sort: Sort) -> None:
    assert action_words(action) == words
    assert sort_of(action, outcome) is sort


def test_each_act_is_of_one_sort() -> None:
    every = [action for sort in Sort for action in actions_of(sort)]
    assert len(every) == len(set(every)) == len(known_actions())


def test_words_are_of_acts_that_there_are() -> None:
    """An act that was renamed would leave words that nobody ever sees."""
    words = APP / "domain" / "audit_words.py"
    code = "\n".join(p.read_text(encoding="utf-8") for p in APP.rglob("*.py") if p != words)
    spoken = [action for action, _ in known_actions()]
    assert [action for action in spoken if f'"{action}"' not in code] == []


def test_every_act_has_words() -> None:
    """A compliance officer reads sentences; an act without words would read as code."""
    said = re.compile(r'audit\.record(?:_each)?\(\s*[a-z_.]+,\s*"([a-z0-9.-]+)"')
    acts = {act for path in APP.rglob("*.py") for act in said.findall(path.read_text())}
    assert len(acts) > 100
    assert acts - {action for action, _ in known_actions()} == set()
