"""Guessing is slowed down, and nobody is locked out by another's guesses.

An attempt is counted before it is judged, in one statement that takes its turn on the row: a
hundred at once are a hundred. From a browser in which somebody signed in before, their attempts
are counted by that browser alone; from any other by login and network together, by network, and
by login over a day. So a stranger who guesses at a login slows down strangers, never its owner
(after OWASP's "device cookies"). Numbers are ours; 100 failures on one account is the bound that
NIST SP 800-63B 5.2.2 sets.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.auth.secrets import digest
from app.errors import Throttled
from app.store import attempts
from app.store.transaction import Database

FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=5)
"""Short: throttling slows guessing, it never shuts an account."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Attempts that are counted together; kept by a hash."""

    subject: str
    free: int
    """How many may be made within the window before each further one waits."""
    window: timedelta


def for_password(login: str, address: str, known_device: str) -> list[Bucket]:
    """What an attempt at a password is counted by; the first is forgotten on success."""
    if known_device:
        return [Bucket(f"device {login}|{known_device}", 10, timedelta(minutes=15))]
    network = network_of(address)
    return [
        Bucket(f"login {login}|{network}", 5, timedelta(minutes=15)),
        Bucket(f"network {network}", 50, timedelta(minutes=15)),
        Bucket(f"strangers {login}", 100, timedelta(days=1)),
    ]


def for_code(whose: str, address: str, known_device: str) -> list[Bucket]:
    """What an attempt at a second factor is counted by: ten guesses an hour in a million."""
    if known_device:
        return [Bucket(f"code {whose}|{known_device}", 5, timedelta(hours=1))]
    return [
        Bucket(f"code {whose}|{network_of(address)}", 5, timedelta(hours=1)),
        Bucket(f"strangers' code {whose}", 50, timedelta(days=1)),
    ]


def for_again(whose: str) -> list[Bucket]:
    """What a password that is asked for again within a session is counted by."""
    return [Bucket(f"again {whose}", 5, timedelta(minutes=15))]


def for_link(login: str, address: str) -> list[Bucket]:
    """What asking for a link by mail is counted by: nobody's mailbox is filled."""
    return [
        Bucket(f"link {login}", 3, timedelta(hours=1)),
        Bucket(f"links {network_of(address)}", 20, timedelta(hours=1)),
    ]


def network_of(address: str) -> str:
    """An address as it is counted: of IPv6 the 64 bits that one household is given."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


async def count_attempt(database: Database, buckets: list[Bucket], now: datetime) -> None:
    """Count one before it is judged. Raises Throttled where there were too many."""
    subjects = [digest(one.subject) for one in buckets]
    waits = False
    async with database.directory() as connection:
        until = await attempts.blocked_until(connection, subjects)
        if until and until > now:
            raise _throttled(until - now)
        for bucket, subject in sorted(zip(buckets, subjects, strict=True), key=lambda one: one[1]):
            made = await attempts.count_failure(connection, subject, now, now - bucket.window)
            if made > bucket.free:
                wait = _wait(made - bucket.free)
                await attempts.block(connection, subject, now + wait)
                waits = True
    if waits:
        raise _throttled(FIRST_WAIT)


def _wait(too_many: int) -> timedelta:
    wait: timedelta = FIRST_WAIT * 2 ** min(too_many - 1, 10)
    return min(wait, LONGEST_WAIT)


def _throttled(wait: timedelta) -> Throttled:
    if wait <= timedelta(minutes=1):
        return Throttled("Too many attempts. Wait a minute, then try again.")
    return Throttled("Too many attempts. Wait a few minutes, then try again.")


async def forgive(database: Database, buckets: list[Bucket]) -> None:
    """The attempt was right: what it was counted by is taken back.

    The rows are taken in the order in which attempts are counted: two at once wait, never for
    each other.
    """
    first, *others = [digest(one.subject) for one in buckets]
    async with database.directory() as connection:
        for subject in sorted([first, *others]):
            if subject == first:
                await attempts.forget_failures(connection, subject)
            else:
                await attempts.take_back(connection, subject)
