"""Noting the heads of the audit's chains outside the database, where its superuser cannot reach.

One line of JSON each: the organization, the number of its newest seal, that seal's hash, when
it was sealed. Whoever rewrites the database cannot make the chain fit a line that was
written before. Keep the file on another machine, or send it to the system's log.
"""

import fcntl
import json
import os
import re
import syslog
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from app.domain.audit_chain import Seal, instant_text
from app.errors import Unprocessable

SYSLOG = "syslog"
PIECE = 2000
"""How many lines are held at a time when they are read back."""
_LINE = re.compile(rb'\{"audit_anchor":.*\}')


class AnchorNotReadable(Unprocessable):
    """The file of anchors cannot be read."""

    code = "anchor-not-readable"


class Anchor(Protocol):
    """Where heads are noted."""

    def heads(self) -> dict[UUID, int]:
        """Organization → the newest seal that was noted, as far as that is known here."""

    def note(self, org_id: UUID, seal: Seal) -> None:
        """Note a head, unless it or a newer one was noted already."""


def anchor_line(org_id: UUID, seal: Seal) -> bytes:
    """One line, without its end."""
    said = {
        "audit_anchor": str(org_id),
        "seq": seal.seq,
        "hash": seal.hash.hex(),
        "sealed_at": instant_text(seal.sealed_at),
    }
    return json.dumps(said, separators=(",", ":")).encode()


def read_line(line: bytes) -> tuple[UUID, int, bytes] | None:
    """(organization, number, hash), wherever in a line of a log it stands; None: no anchor."""
    found = _LINE.search(line)
    if not found:
        return None
    try:
        said: Any = json.loads(found[0])
        return UUID(said["audit_anchor"]), int(said["seq"]), bytes.fromhex(said["hash"])
    except (ValueError, KeyError, TypeError):
        return None


class FileAnchor:
    """A file that is only added to. Several processes may share it; each line is on the disk
    before the next is thought of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._heads: dict[UUID, int] = {}
        self._read_to = 0

    def heads(self) -> dict[UUID, int]:
        """What the file says, by whichever process it was written."""
        with self._open() as file:
            self._catch_up(file)
        return dict(self._heads)

    def note(self, org_id: UUID, seal: Seal) -> None:
        """Under a lock, so that no two processes write one line into another."""
        with self._open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._catch_up(file)
            if self._heads.get(org_id, 0) >= seal.seq:
                return
            file.write(anchor_line(org_id, seal) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            self._catch_up(file)

    def _open(self) -> Any:
        return open(os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+b")

    def _catch_up(self, file: Any) -> None:
        """Read what was added since; a line cut short by a crash is ended and passed over."""
        file.seek(self._read_to)
        for line in file:
            if not line.endswith(b"\n"):
                file.write(b"\n")
                file.flush()
            found = read_line(line)
            if found:
                org_id, seq, _ = found
                self._heads[org_id] = max(seq, self._heads.get(org_id, 0))
        self._read_to = file.seek(0, os.SEEK_END)


class SyslogAnchor:
    """The system's log, which it can send to another machine; it is not read back."""

    def __init__(self) -> None:
        self._heads: dict[UUID, int] = {}

    def heads(self) -> dict[UUID, int]:
        """What this process noted."""
        return dict(self._heads)

    def note(self, org_id: UUID, seal: Seal) -> None:
        """As a notice of the facility AUTH."""
        if self._heads.get(org_id, 0) >= seal.seq:
            return
        syslog.syslog(syslog.LOG_AUTH | syslog.LOG_NOTICE, anchor_line(org_id, seal).decode())
        self._heads[org_id] = seal.seq


def open_anchor(place: str) -> Anchor | None:
    """The anchor of this setting: a file, ``syslog``, or none."""
    if not place:
        return None
    return SyslogAnchor() if place == SYSLOG else FileAnchor(Path(place))


def read_anchors(path: Path, org_id: UUID) -> Iterator[list[tuple[int, bytes]]]:
    """What a file (or a copy of a log) says of an organization, in pieces."""
    piece: list[tuple[int, bytes]] = []
    try:
        with path.open("rb") as file:
            for line in file:
                found = read_line(line)
                if found and found[0] == org_id:
                    piece.append(found[1:])
                if len(piece) == PIECE:
                    yield piece
                    piece = []
    except OSError as error:
        raise AnchorNotReadable(f"{path} cannot be read: {error.strerror}.") from None
    if piece:
        yield piece
