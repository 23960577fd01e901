"""Where the embedded servers keep their data, their sockets and their programs, and as whom they run.

Everything lies in the data directory VAR_DIR, unless that cannot be:
- PostgreSQL refuses to run as root. Started by root, the servers run as an unprivileged system user, and what that
  user cannot reach (a checkout in root's home) gets a private folder elsewhere. No folder is ever opened for it.
- The path of a Unix socket ends at 107 bytes. A longer one gets a short private folder.

A data directory is known by the identity in its file `installation`, and remembers under which path it was used last.
One that was copied finds the original still there, under that path and with the same identity: it takes an identity of
its own, and nothing of the original's. One that was moved finds nobody there, and goes on as it was.
"""

import grp
import json
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from smarketing import env
from smarketing.embedded.locks import Lock

BASE_DIR = Path(__file__).resolve().parent.parent.parent
SYSTEM_USER = "smarketing"
ELSEWHERE = Path("/var/lib/smarketing")
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")


@dataclass(frozen=True)
class Place:
    """Where one data directory's servers live."""

    var: Path
    home: Path
    sockets: Path
    # Who it is: another one than that of any copy.
    installation: str

    @property
    def postgres_data(self) -> Path:
        return self.home / "postgres"

    def account(self) -> pwd.struct_passwd | None:
        """The unprivileged user that the servers run as; None when we are not root and they run as we do."""
        if os.geteuid() != 0:
            return None
        data = self.postgres_data
        if data.exists() and data.stat().st_uid != 0:
            return pwd.getpwuid(data.stat().st_uid)
        return system_account()


# In VAR_DIR: who it is, and where it was used last. In a folder outside of it: whose it is.
INSTALLATION, MEMORY, OWNER = "installation", "embedded.json", "VAR_DIR"


def place() -> Place:
    """The place of VAR_DIR. Made at first sight, remembered in VAR_DIR afterwards.

    Raises `Refused` where its data lie outside and belong to another one, which this is a copy of.
    """
    var = env.folder("VAR_DIR", BASE_DIR / "var")
    make_private(var, passable=True)
    with Lock(var / "embedded.place").alone():
        known = _remembered(var)
        installation = _installation(var, known.get("var", ""))
        home = _home(var, known.get("home", ""))
        sockets = _sockets(var, home, installation)
        now = {"var": str(var), "home": "" if home == var else str(home)}
        if now != known:
            write_private(var / MEMORY, json.dumps(now))
    return Place(var, home, sockets, installation)


def installation_of(var: Path) -> str:
    """The identity of a data directory, also of one whose servers are given; made at first sight."""
    return kept_secret(var / INSTALLATION, str(uuid4()))


def _remembered(var: Path) -> dict[str, str]:
    memory = var / MEMORY
    try:
        known: dict[str, str] = json.loads(memory.read_text()) if memory.exists() else {}
    except (OSError, ValueError) as problem:
        raise env.Refused(f"cannot read {memory}: {problem}.")
    if "var" not in known and known.get("home") and not _is_outside(known["home"]):
        # Written by an earlier version: its own data lay in it, wherever it was then.
        known["var"], known["home"] = known["home"], ""
    return known


def _is_outside(home: str) -> bool:
    return Path(home).is_relative_to(ELSEWHERE)


def _installation(var: Path, used_as: str) -> str:
    """Who this data directory is; somebody new where it is a copy of one that is still there, also of one that only
    somebody else may read."""
    original = Path(used_as or var)
    if _is_another(original, var) and _read(original / INSTALLATION) in ("", _read(var / INSTALLATION)):
        write_private(var / INSTALLATION, str(uuid4()))
    return installation_of(var)


def _is_another(other: Path, var: Path) -> bool:
    """Whether that is a data directory, and not this one under another name."""
    try:
        return (other / MEMORY).exists() and not other.samefile(var)
    except OSError:
        return False


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _home(var: Path, outside: str) -> Path:
    if outside:
        return _outside(var, Path(outside))
    if os.geteuid() != 0 or anyone_can_reach(var) or (var / "postgres").exists():
        return var
    make_private(ELSEWHERE, passable=True)
    home = Path(tempfile.mkdtemp(prefix="data-", dir=ELSEWHERE))
    home.chmod(0o711)
    write_private(home / OWNER, str(var))
    return home


def _outside(var: Path, home: Path) -> Path:
    """The folder outside of VAR_DIR that holds its data, if they are this one's."""
    if not home.is_dir():
        raise env.Refused(
            f"the data of {var} lay in {home}, which is gone. Bring it back, or restore a backup into a new VAR_DIR."
        )
    owner = _read(home / OWNER)
    if owner and owner != str(var) and _is_another(Path(owner), var):
        raise env.Refused(
            f"the data in {home} belong to {owner}, of which {var} is a copy without data."
            " Copy it with `manage.py backup FILE` there and `manage.py restore FILE` here."
        )
    if owner != str(var):
        write_private(home / OWNER, str(var))
    return home


def _sockets(var: Path, home: Path, installation: str) -> Path:
    """A private folder for the sockets, named for the installation where it lies outside."""
    inside = home / "sockets"
    if fits_a_socket(inside):
        make_private(inside)
        return inside
    name = f"smarketing-{installation[:13]}"
    parents = [parent for parent in ("/run", os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp") if parent]  # nosec B108 # private
    found = [Path(parent, name) for parent in parents if fits_a_socket(Path(parent, name))]
    for folder in found:
        if _is_private(folder):
            return folder
    for folder in found:
        if os.access(folder.parent, os.W_OK):
            make_private(folder)
            if _is_private(folder):
                return folder
    raise env.Refused(f"the path {inside} is too long for a socket, and no shorter private folder could be made.")


def _is_private(folder: Path) -> bool:
    """A folder, not a link, that only its owner (us, or as root the servers' user) can enter."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    ours = os.geteuid() == 0 or status.st_uid == os.geteuid()
    return stat.S_ISDIR(status.st_mode) and ours and not status.st_mode & 0o077


def fits_a_socket(folder: Path) -> bool:
    return len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER


def anyone_can_reach(folder: Path) -> bool:
    return all(part.stat().st_mode & stat.S_IXOTH for part in (folder, *folder.parents))


def make_private(folder: Path, *, passable: bool = False) -> None:
    """Make a folder of our own, if it is not there; one that is there keeps its permissions.

    Passable: as root, the servers' user may walk through to what it owns inside.
    """
    if os.path.isdir(folder):
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(0o700)
    except OSError as problem:
        if os.path.isdir(folder):  # by somebody else, a moment ago
            return
        raise env.Refused(f"cannot make the folder {folder}: {problem.strerror}.")
    if passable and os.geteuid() == 0:
        folder.chmod(0o711)


def write_private(path: Path, content: str) -> None:
    """Write a file that only we can read, whole or not at all."""
    fd, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(fd, "w") as file:
        file.write(content)
    os.replace(draft, path)


def kept_secret(path: Path, made: str) -> str:
    """The secret in this file; at first sight `made`, which is then kept. Of two at once, one wins."""
    try:
        if not path.exists():  # A disk that is full keeps nobody from reading.
            _write_once(path, made)
        kept = path.read_text().strip()
    except OSError as problem:
        raise env.Refused(f"cannot keep a secret in {path}: {problem.strerror}.")
    if not kept:
        raise env.Refused(f"{path} is empty. Bring its content back from a backup, or delete it: a new one is made.")
    return kept


def _write_once(path: Path, content: str) -> None:
    """Write a file that only we can read, whole, unless it is there."""
    fd, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(fd, "w") as file:
            file.write(content)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)


def system_account() -> pwd.struct_passwd:
    """The unprivileged system user of the servers, made when it is missing. Called as root."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise env.Refused(
            f"PostgreSQL does not run as root: make a system user named {SYSTEM_USER}, or do not be root."
        )
    command = [useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    done = subprocess.run([*command, "--user-group", SYSTEM_USER], capture_output=True, text=True)
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise env.Refused(f"could not make the system user {SYSTEM_USER}: {done.stderr.strip()}")


def group_name(account: pwd.struct_passwd) -> str:
    return grp.getgrgid(account.pw_gid).gr_name
