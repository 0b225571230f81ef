"""Mail over SMTP: encrypted or without credentials, once, within a bounded time."""

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from app.domain.delivery import SENT, Attempt, Verdict
from app.reach.post import Parcel


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes our mail."""

    host: str
    port: int
    sender: str
    """The address that mail comes from."""
    security: str = "starttls"
    """``starttls``, ``tls`` or ``none``; never ``none`` with credentials."""
    username: str = ""
    password: str = field(default="", repr=False)
    seconds: float = 20
    certificates: str | None = None
    """A file of certificate authorities; the machine's own where it is empty."""

    async def send(self, parcel: Parcel, now: datetime) -> Attempt:
        """One attempt; a refusal is told by its code alone: servers echo what they were given."""
        try:
            async with asyncio.timeout(self.seconds):
                await aiosmtplib.send(
                    write_mail(parcel, self.sender, now),
                    sender=self.sender,
                    recipients=[parcel.address],
                    hostname=self.host,
                    port=self.port,
                    username=self.username or None,
                    password=self.password or None,
                    use_tls=self.security == "tls",
                    start_tls=self.security == "starttls",
                    tls_context=self._context(),
                    timeout=self.seconds,
                )
        except (TimeoutError, OSError, SMTPException, ssl.SSLError) as error:
            return _told(error)
        return SENT

    def _context(self) -> ssl.SSLContext | None:
        if self.security == "none":
            return None
        return ssl.create_default_context(cafile=self.certificates)


def write_mail(parcel: Parcel, sender: str, now: datetime) -> EmailMessage:
    """The mail; its Message-ID is the same at every attempt.

    EmailMessage refuses line breaks in headers, and addresses were checked before that.
    """
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = parcel.address
    mail["Subject"] = parcel.letter.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{parcel.delivery_id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    if parcel.urgent:
        mail["Importance"] = "high"
    mail.set_content(parcel.letter.text)
    return mail


def _told(error: Exception) -> Attempt:
    if isinstance(error, SMTPAuthenticationError):
        return Attempt(Verdict.LATER, "the mail server did not take our credentials")
    if isinstance(error, SMTPRecipientsRefused):
        return _by_code(max(one.code for one in error.recipients))
    if isinstance(error, SMTPResponseException):
        return _by_code(error.code)
    if isinstance(error, TimeoutError):
        return Attempt(Verdict.LATER, "the mail server did not answer in time")
    if isinstance(error, SMTPException) and "STARTTLS" in str(error):
        return Attempt(Verdict.LATER, "the mail server offers no STARTTLS; nothing goes in clear")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Attempt(Verdict.LATER, "the mail server's certificate is not trusted")
    return Attempt(Verdict.LATER, "the mail server cannot be reached")


def _by_code(code: int) -> Attempt:
    """5xx is a refusal for good; 4xx asks to come again (RFC 5321, 4.2.1)."""
    if 500 <= code < 600:
        return Attempt(Verdict.NEVER, f"the mail server refused it ({code})")
    return Attempt(Verdict.LATER, f"the mail server asked to come again ({code})")
