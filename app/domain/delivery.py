"""Messages to people: what they say (never of a patient), where they go, when they are retried."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import urlsplit

from app.domain.rule import Rule
from app.errors import Problem, Unprocessable


class Channel(StrEnum):
    """How a message travels."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class Purpose(StrEnum):
    """Why a message is written."""

    FLAGS = "flags"
    CONFIRM = "confirm"
    EMERGENCY = "emergency"
    """Tells compliance that a record was opened."""
    SIGN_IN_LINK = "sign-in-link"
    """A link by which its reader chooses a password, asked for by them or their administrator."""
    SIGN_IN_CHANGED = "sign-in-changed"
    """How its reader signs in was changed: they notice where it was not them."""


class Verdict(StrEnum):
    """What became of one attempt."""

    SENT = "sent"
    LATER = "later"
    """It may go through another time: no connection, greylisting, 4xx."""
    NEVER = "never"
    """It was refused for good."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one attempt, in words without any address or content."""

    verdict: Verdict
    problem: str = ""


SENT = Attempt(Verdict.SENT)


class AddressNotFit(Unprocessable):
    """This is no address that messages can be sent to."""

    code = "address-not-fit"


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a message is tried, and how long after each other; ours."""

    first: timedelta
    longest: timedelta
    attempts: int


PATIENCE: Mapping[bool, Patience] = MappingProxyType(
    {
        True: Patience(timedelta(seconds=30), timedelta(minutes=8), 8),
        False: Patience(timedelta(minutes=2), timedelta(hours=2), 12),
    }
)
"""By urgency: half an hour for what is urgent, most of a day for the rest."""
JITTER = 0.25
LEASE = timedelta(minutes=2)
"""How long a sender holds a message; longer than the longest attempt. After a crash it is free."""


def retry_after(attempts: int, urgent: bool, dice: float) -> timedelta | None:
    """How long after its nth attempt a message is tried again; None: it has failed.

    Each wait is twice the last, bounded, and up to a quarter longer by `dice` (0 to 1),
    so that what failed together is not tried together.
    """
    patience = PATIENCE[urgent]
    if attempts >= patience.attempts:
        return None
    wait: timedelta = min(patience.first * 2 ** (attempts - 1), patience.longest)
    return wait * (1 + JITTER * dice)


_LOCAL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})*")


def read_email(text: str) -> str | None:
    """An address as typed, or None where nothing was. Raises AddressNotFit.

    One plain address: no name, no list, no line break that would begin a header.
    """
    typed = text.strip(" ")
    if not typed:
        return None
    if len(typed) > 254 or not _EMAIL.fullmatch(typed) or ".." in typed:
        raise AddressNotFit(problems=[Problem("e-mail", "write it as name@clinic.example")])
    return typed


def read_webhook_url(text: str, private_allowed: bool) -> str | None:
    """An address as typed, or None. Raises AddressNotFit.

    https alone; http only to this machine, and only where an operator allowed that.
    """
    typed = text.strip(" ")
    if not typed:
        return None
    parts = urlsplit(typed)
    problem = None
    if len(typed) > 500 or not typed.isascii() or not typed.isprintable() or " " in typed:
        problem = "write one address without spaces"
    elif parts.username or parts.password or parts.fragment:
        problem = "neither a user nor a fragment belongs into it"
    elif not parts.hostname:
        problem = "write it as https://pager.example/stepwell"
    elif parts.scheme != "https" and not (
        parts.scheme == "http" and private_allowed and is_loopback(parts.hostname)
    ):
        problem = "https is needed"
    if problem:
        raise AddressNotFit(problems=[Problem("webhook", problem)])
    return typed


def is_loopback(host: str) -> bool:
    """Whether a host of an address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a message says."""

    subject: str
    text: str


def write_letter(purpose: Purpose, urgent: bool, count: int, link: str) -> Letter:
    """The words of a message: that something waits, and where. Nothing of any patient."""
    if purpose is Purpose.CONFIRM:
        return Letter(
            "Confirm your address for Stepwell",
            "Stepwell will tell you at this address when a flag waits for you.\n"
            f"Sign in to confirm that it reaches you:\n\n{link}\n\n"
            "If you do not know what this is about, ignore it.\n",
        )
    if purpose is Purpose.EMERGENCY:
        return Letter(
            "A record was opened in an emergency",
            "Somebody declared a medical emergency to open a record (42 CFR 2.51).\n"
            f"Please review it:\n\n{link}\n\n"
            "This message names no patient. Do not reply to it with anything about one.\n",
        )
    if purpose is Purpose.SIGN_IN_LINK:
        return Letter(
            "Choose a password for Stepwell",
            "You, or your administrator, asked for a link to choose a new password:\n\n"
            f"{link}\n\nIt works once and not for long. If you did not ask, ignore it:\n"
            "nothing was changed by asking.\n",
        )
    if purpose is Purpose.SIGN_IN_CHANGED:
        return Letter(
            "How you sign in to Stepwell was changed",
            "Your password or your second step was changed or used up. If that was you, or\n"
            "your administrator helped you, all is well. If not, tell your administrator now,\n"
            f"and look at where you are signed in:\n\n{link}\n",
        )
    what = "A safety flag waits for you" if urgent else "A flag waits for you"
    if count > 1:
        what = f"{count} {'safety flags' if urgent else 'flags'} wait for you"
    ending = (
        "Please answer now. If nobody does, the next person is told.\n"
        if urgent
        else "Please answer it when you can. If nobody does, the next person is told.\n"
    )
    return Letter(
        what,
        f"{what}.\n\n{link}\n\n{ending}\n"
        "This message names no patient. Do not reply to it with anything about one.\n",
    )


RULES = (
    Rule(
        "messages-without-patients",
        "Flags as closed loops",
        "A message says that a flag waits and links to it by an opaque id, behind sign-in. It "
        "never holds a name, a date, a score or an answer.",
        "ours",
        "tests/web/test_escalation.py::test_nothing_of_a_patient_leaves_the_house",
        confirmed=False,
    ),
)
