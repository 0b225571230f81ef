"""When two arrivals are the same assessment, and when one corrects the other."""

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.score import Answers


class Arrival(StrEnum):
    """What an arriving form is to what is held already."""

    NEW = "new"
    SAME = "same"
    CORRECTION = "correction"


def _digest(*said: object) -> str:
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _number(number: Decimal | None) -> str | None:
    return None if number is None else format(number.normalize(), "f")


def content_digest(
    instrument_id: str, answers: Answers, claimed_total: Decimal | None, effective_at: datetime
) -> str:
    """The same for the same content, however it was written."""
    moment = effective_at.astimezone(UTC).isoformat()
    return _digest(instrument_id, dict(answers), _number(claimed_total), moment)


def identity_key(
    client_id: str,
    source_identifier: str | None,
    patient_id: str,
    instrument_id: str,
    effective_at: datetime,
    answers: Answers,
    claimed_total: Decimal | None,
) -> str:
    """By the sender's own identifier, else by patient, instrument, time and answers.

    The same key with the same content is the same again; with other content it is a
    correction. Without answers the claimed total stands for them.
    """
    if source_identifier:
        return _digest("identifier", client_id, source_identifier, patient_id, instrument_id)
    said = dict(answers) or _number(claimed_total)
    moment = effective_at.astimezone(UTC).isoformat()
    return _digest("content", client_id, patient_id, instrument_id, moment, said)
