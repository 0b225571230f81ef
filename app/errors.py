"""The one family of refusals.

A refusal is something the caller can mend. Each has a stable code, a kind that
every face translates in one table, and words free of patient data. Anything
else that is raised is a bug and is answered as one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """What sort of refusal it is, in the words of no protocol."""

    INVALID = "invalid"
    """The content cannot be understood: malformed, or not of the shape it claims."""
    UNPROCESSABLE = "unprocessable"
    """Well formed, yet it breaks a rule of the registry."""
    NOT_FOUND = "not-found"
    GONE = "gone"
    CONFLICT = "conflict"
    PRECONDITION = "precondition"
    """The caller named a version that is no longer the newest, or none where one is due."""
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_SUPPORTED = "not-supported"
    TOO_LARGE = "too-large"
    WRONG_MEDIA_TYPE = "wrong-media-type"
    NOT_ACCEPTABLE = "not-acceptable"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    """A bug of ours: told as a refusal only so that every face can say it in its own words."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong and where: an expression such as ``Observation.code``."""

    where: str
    what: str


class RegistryError(Exception):
    """The registry refuses; the message says what to change and holds no patient data."""

    code: ClassVar[str] = "refused"
    kind: ClassVar[Kind] = Kind.UNPROCESSABLE
    needs: str = ""
    """The permission or the scope that was missing, where one was."""

    def __init__(self, message: str | None = None, problems: Iterable[Problem] = ()) -> None:
        self.message = message or " ".join((self.__doc__ or self.code).split())
        self.problems = tuple(problems)
        super().__init__(self.message)


class Malformed(RegistryError):
    """The content could not be read."""

    code = "malformed"
    kind = Kind.INVALID


class Unprocessable(RegistryError):
    """The content breaks a rule of the registry."""

    code = "unprocessable"


class NotFound(RegistryError):
    """There is nothing here by that name."""

    code = "not-found"
    kind = Kind.NOT_FOUND


class Gone(RegistryError):
    """This was taken away."""

    code = "gone"
    kind = Kind.GONE


class Conflict(RegistryError):
    """This contradicts what the registry already holds."""

    code = "conflict"
    kind = Kind.CONFLICT


class VersionConflict(RegistryError):
    """Somebody changed this since you read it; read it again and repeat your change."""

    code = "version-conflict"
    kind = Kind.PRECONDITION


class MultipleMatches(RegistryError):
    """More than one record fits the condition; make it narrower."""

    code = "multiple-matches"
    kind = Kind.PRECONDITION


class Unauthenticated(RegistryError):
    """Sign in, or send a valid bearer token."""

    code = "unauthenticated"
    kind = Kind.UNAUTHENTICATED


class Forbidden(RegistryError):
    """You may not do this."""

    code = "forbidden"
    kind = Kind.FORBIDDEN


class NotSupported(RegistryError):
    """This service does not offer that."""

    code = "not-supported"
    kind = Kind.NOT_SUPPORTED


class TooLarge(RegistryError):
    """The body is larger than this service takes; send it in parts."""

    code = "too-large"
    kind = Kind.TOO_LARGE


class WrongMediaType(RegistryError):
    """The body is of a media type that this service does not read."""

    code = "wrong-media-type"
    kind = Kind.WRONG_MEDIA_TYPE


class NotAcceptable(RegistryError):
    """This service cannot answer in the media type you ask for."""

    code = "not-acceptable"
    kind = Kind.NOT_ACCEPTABLE


class Throttled(RegistryError):
    """Too many attempts; wait a while before the next."""

    code = "throttled"
    kind = Kind.THROTTLED


class Unavailable(RegistryError):
    """The service cannot answer at the moment; try again soon."""

    code = "unavailable"
    kind = Kind.UNAVAILABLE


class Failed(RegistryError):
    """Something went wrong on our side. Nothing was stored; please try again."""

    code = "failed"
    kind = Kind.FAILED
