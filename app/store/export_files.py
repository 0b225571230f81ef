"""The files of an export, in a folder that every process of the service sees, and nobody else."""

import os
import shutil
from pathlib import Path
from typing import IO, Any
from uuid import UUID


def remove(folder: Path, export_id: UUID) -> None:
    """The files of an export are gone."""
    shutil.rmtree(folder / str(export_id), ignore_errors=True)


class Writing:
    """A file while it is written; nobody but this service reads it."""

    def __init__(self, folder: Path, name: str, claim: int) -> None:
        self.path, self.part = folder / f"{name}.ndjson", folder / f"{name}.{claim}.part"
        self.count = 0
        self.open_file: IO[bytes] | None = None

    def write(self, lines: bytes, count: int) -> None:
        """Add whole lines."""
        if self.open_file is None:
            self.part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            self.open_file = os.fdopen(os.open(self.part, flags, 0o600), "wb")
        self.open_file.write(lines + b"\n")
        self.count += count

    def finish(self, section: str, kind: str) -> dict[str, Any] | None:
        """Give it its name; what of it the manifest tells. None where nothing was written."""
        if self.open_file is None:
            return None
        self.open_file.flush()
        os.fsync(self.open_file.fileno())
        self.open_file.close()
        self.part.replace(self.path)
        return {
            "of": kind,
            "section": section,
            "name": self.path.name,
            "count": self.count,
            "bytes": self.path.stat().st_size,
        }

    def drop(self) -> None:
        """Leave nothing of it."""
        if self.open_file is not None:
            self.open_file.close()
            self.part.unlink(missing_ok=True)
