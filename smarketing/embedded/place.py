"""Where the embedded servers keep their data, their sockets and their programs, and as whom they run.

Everything lies in the data directory VAR_DIR, unless that cannot be:
- PostgreSQL refuses to run as root. Started by root, the servers run as an unprivileged system user, and what that
  user cannot reach (a checkout in root's home) gets a private folder elsewhere. No folder is ever opened for it.
- The path of a Unix socket ends at 107 bytes. A longer one gets a short private folder.
"""

import grp
import json
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from smarketing import env

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


def place() -> Place:
    """The place of VAR_DIR. Made at first sight, remembered in VAR_DIR afterwards."""
    var = env.folder("VAR_DIR", BASE_DIR / "var")
    make_private(var, passable=True)
    memory = var / "embedded.json"
    try:
        remembered: dict[str, str] = json.loads(memory.read_text()) if memory.exists() else {}
    except (OSError, ValueError) as problem:
        raise env.Refused(f"cannot read {memory}: {problem}.")
    home = _home(var, remembered.get("home"))
    sockets = _sockets(home, remembered.get("sockets"))
    now = {"home": str(home), "sockets": str(sockets)}
    if now != remembered:
        write_private(memory, json.dumps(now))
    return Place(var, home, sockets)


def _home(var: Path, remembered: str | None) -> Path:
    if remembered and (Path(remembered) == var or Path(remembered).is_dir()):
        return Path(remembered)
    if os.geteuid() != 0 or anyone_can_reach(var) or (var / "postgres").exists():
        return var
    make_private(ELSEWHERE, passable=True)
    home = Path(tempfile.mkdtemp(prefix="data-", dir=ELSEWHERE))
    home.chmod(0o711)
    return home


def _sockets(home: Path, remembered: str | None) -> Path:
    if remembered and _is_private(Path(remembered)):
        return Path(remembered)
    inside = home / "sockets"
    if fits_a_socket(inside):
        make_private(inside)
        return inside
    for parent in ("/run", os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp"):
        if parent and os.access(parent, os.W_OK) and fits_a_socket(Path(parent, "smarketing-12345678")):
            return Path(tempfile.mkdtemp(prefix="smarketing-", dir=parent))
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
    if folder.is_dir():
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(0o700)
    except FileExistsError:
        return
    except OSError as problem:
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
        fd, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(fd, "w") as file:
            file.write(made)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)
        return path.read_text().strip()
    except OSError as problem:
        raise env.Refused(f"cannot keep a secret in {path}: {problem.strerror}.")


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
