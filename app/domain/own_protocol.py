"""An organization's own protocol: a published one with other numbers, within limits.

The published ones are never altered: a copy carries an id of its own, its version and
the name of what it was made from.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from app.domain.protocol import PROTOCOLS, Protocol, Stage
from app.domain.rule import Rule
from app.errors import Problem, Unprocessable


class ProtocolOutOfLimits(Unprocessable):
    """These numbers cannot be used for a protocol; nothing was saved."""

    code = "protocol-out-of-limits"


@dataclass(frozen=True, slots=True)
class Limit:
    """From where to where a number may be changed, and why no further."""

    least: int
    most: int
    unit: str
    reason: str


LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "first_after_days": Limit(
            28,
            112,
            "days",
            "before week 4 few treatments can have worked, after week 16 it is late",
        ),
        "later_after_days": Limit(
            42, 168, "days", "a second look comes after the first and within half a year"
        ),
        "below": Limit(
            5, 15, "points", "5 is remission; from 15 on depression is called moderately severe"
        ),
        "reduction": Limit(
            10, 90, "%", "less than a tenth lies within the error of measurement; all is no target"
        ),
        "points": Limit(
            2, 15, "points", "a single point is no change; 15 is a whole range of severity"
        ),
        "baseline_at_least": Limit(
            5, 20, "points", "below 5 nothing is left to treat; from 20 on most patients are missed"
        ),
        "stale_after_days": Limit(
            14, 56, "days", "questionnaires come every two weeks; after eight the state is unknown"
        ),
    }
)
"""Ours: no source states how far a protocol may be changed."""
APART_DAYS = 14
"""A later stage comes this long after the one before: the questionnaire's recall (ours)."""
_LABELS = {
    "baseline_at_least": "Judged from a baseline of",
    "stale_after_days": "A total judges for",
    "after_days": "Judged after",
    "below": "Improved is below",
    "reduction": "or a fall of",
    "points": "or a fall of",
}


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a protocol that may be changed."""

    key: str
    """``baseline_at_least``, ``stage-1-below``."""
    label: str
    value: int
    limit: Limit


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed: None is what was left out or is no whole number."""

    title: str
    note: str
    numbers: Mapping[str, int | None]


def numbers_of(protocol: Protocol) -> tuple[Number, ...]:
    """The numbers of a protocol that may be changed; what it does not ask for is not added."""
    whole = [
        Number(key, _LABELS[key], getattr(protocol, key), LIMITS[key])
        for key in ("baseline_at_least", "stale_after_days")
    ]
    for place, stage in enumerate(protocol.stages, 1):
        when = "first_after_days" if place == 1 else "later_after_days"
        whole.append(_stage_number(place, "after_days", stage.after_days, when))
        for key in ("below", "reduction", "points"):
            value = getattr(stage, key)
            if value is not None:
                shown = int(value * 100) if key == "reduction" else value
                whole.append(_stage_number(place, key, shown, key))
    return tuple(whole)


def _stage_number(place: int, key: str, value: int, limit: str) -> Number:
    label = _LABELS[key] if place == 1 else f"{_LABELS[key]} (stage {place})"
    return Number(f"stage-{place}-{key}", label, value, LIMITS[limit])


def published_of(protocol: Protocol) -> Protocol:
    """The published protocol that this one is, or was made from."""
    return PROTOCOLS[protocol.based_on.split(" ")[0] if protocol.based_on else protocol.id]


def own_id(published: Protocol) -> str:
    """The id under which an organization keeps its versions of a published protocol."""
    return f"own-{published.id}"


def amend(protocol: Protocol, draft: Draft, version: int) -> Protocol:
    """The organization's own version; raises ProtocolOutOfLimits that names every mistake."""
    published = published_of(protocol)
    problems = [*_word_problems(draft), *_number_problems(published, draft)]
    if problems:
        raise ProtocolOutOfLimits(problems=problems)
    own = replace(
        published,
        id=own_id(published),
        version=version,
        title=draft.title.strip(),
        note=draft.note.strip(),
        based_on=published.name,
        source=f"ours, made from {published.name} ({published.source})",
        confirmed=False,
        baseline_at_least=_given(draft, "baseline_at_least"),
        stale_after_days=_given(draft, "stale_after_days"),
        stages=tuple(_stage(s, n, draft) for n, s in enumerate(published.stages, 1)),
    )
    problems = [*_order_problems(own), *_sameness(own, published)]
    if problems:
        raise ProtocolOutOfLimits(problems=problems)
    return own


def _given(draft: Draft, key: str) -> int:
    value = draft.numbers[key]
    assert value is not None  # its absence was a problem
    return value


def _stage(stage: Stage, place: int, draft: Draft) -> Stage:
    def of(key: str) -> int | None:
        return None if getattr(stage, key) is None else _given(draft, f"stage-{place}-{key}")

    percent = of("reduction")
    return Stage(
        _given(draft, f"stage-{place}-after_days"),
        of("below"),
        None if percent is None else Decimal(percent) / 100,
        of("points"),
    )


def _word_problems(draft: Draft) -> list[Problem]:
    problems = []
    for where, text, most in (("title", draft.title, 80), ("note", draft.note, 300)):
        if not text.strip():
            problems.append(Problem(where, "is needed"))
        elif len(text) > most:
            problems.append(Problem(where, f"is longer than {most} characters"))
        elif any(unicodedata.category(mark) in ("Cc", "Cf") for mark in text.strip()):
            problems.append(Problem(where, "holds characters that cannot be shown"))
    return problems


def _number_problems(published: Protocol, draft: Draft) -> list[Problem]:
    problems = []
    for number in numbers_of(published):
        limit, value = number.limit, draft.numbers.get(number.key)
        if value is None or not limit.least <= value <= limit.most:
            asked = f"give a whole number from {limit.least} to {limit.most} {limit.unit}"
            problems.append(Problem(number.key, f"{asked}: {limit.reason}"))
    return problems


def _order_problems(own: Protocol) -> list[Problem]:
    """What each number may be on its own, yet not beside the others."""
    problems = []
    for place, stage in enumerate(own.stages, 1):
        if stage.below is not None and stage.below > own.baseline_at_least:
            what = "lies above the baseline that is judged: some would be improved from the start"
            problems.append(Problem(f"stage-{place}-below", what))
    for place, (first, later) in enumerate(zip(own.stages, own.stages[1:], strict=False), 2):
        if later.after_days < first.after_days + APART_DAYS:
            what = f"comes less than {APART_DAYS} days after the stage before"
            problems.append(Problem(f"stage-{place}-after_days", what))
        if first.reduction and later.reduction and later.reduction < first.reduction:
            what = "asks for less than the stage before"
            problems.append(Problem(f"stage-{place}-reduction", what))
    return problems


def _sameness(own: Protocol, published: Protocol) -> list[Problem]:
    if differences(own):
        return []
    return [Problem("numbers", f"are those of {published.name}: choose that one instead")]


def differences(own: Protocol) -> tuple[str, ...]:
    """How an own protocol differs from the published one: ``Judged after: 42, not 56 days``."""
    theirs = {number.key: number for number in numbers_of(published_of(own))}
    return tuple(
        f"{number.label}: {number.value}, not {theirs[number.key].value} {number.limit.unit}"
        for number in numbers_of(own)
        if number.value != theirs[number.key].value
    )


def to_data(own: Protocol) -> dict[str, Any]:
    """An own protocol as it is stored, whole: it stays readable whatever is published later."""
    return {
        "title": own.title,
        "note": own.note,
        "based_on": own.based_on,
        "source": own.source,
        "baseline_at_least": own.baseline_at_least,
        "stale_after_days": own.stale_after_days,
        "stages": [
            {
                "after_days": stage.after_days,
                "below": stage.below,
                "reduction": None if stage.reduction is None else str(stage.reduction),
                "points": stage.points,
            }
            for stage in own.stages
        ],
        "then": own.then,
        "aim_below": own.aim_below,
        "aim_then": own.aim_then,
        "meeting_every_days": own.meeting_every_days,
    }


def from_data(protocol_id: str, version: int, data: Mapping[str, Any]) -> Protocol:
    """The stored version, as it was saved."""
    stages = tuple(
        Stage(
            stage["after_days"],
            stage["below"],
            None if stage["reduction"] is None else Decimal(stage["reduction"]),
            stage["points"],
        )
        for stage in data["stages"]
    )
    known = {key: value for key, value in data.items() if key != "stages"}
    return Protocol(id=protocol_id, version=version, stages=stages, confirmed=False, **known)


_SPOKEN = {
    "first_after_days": "First judged after enrolment",
    "later_after_days": "Judged again after enrolment",
    "below": "Improved is a total below",
    "reduction": "Improved is a fall of",
    "points": "Improved is a fall in points of",
    "baseline_at_least": "Judged from a baseline of",
    "stale_after_days": "A total judges for",
}
RULES = tuple(
    Rule(
        f"limit-{key.replace('_', '-')}",
        "Limits of an organization's own protocol",
        f"{_SPOKEN[key]}: {limit.least} to {limit.most} {limit.unit}, since {limit.reason}.",
        "ours",
        "tests/rules/test_own_protocol.py::test_limits",
        confirmed=False,
    )
    for key, limit in LIMITS.items()
)
