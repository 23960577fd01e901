"""Started by root, the programs that people and networks talk to run as the unprivileged user that the embedded servers
run as too. What they need is given to that user: the data directory. What they only read is left as it is, so that
user must be able to read the checkout and Python; otherwise they run as root, and one line says how to mend it.
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from smarketing import env
from smarketing.embedded.place import BASE_DIR, system_account

# What must be there for any of them; loaded by the user itself, which is the only test that does not guess.
TRIAL = "import os, sys, django, psycopg2, smarketing.env; os.stat(os.path.join(sys.argv[1], os.pardir, '.'))"
# Not walked through: it is the servers' already, and holds thousands of files.
SERVERS = "postgres"


def account_or_root(var: Path, say: Callable[[str], None]) -> pwd.struct_passwd | None:
    """Whom they run as, after the data directory was given to it; None: as we do. Says why, where that is root."""
    if os.geteuid() != 0:
        return None
    try:
        account = owner_of(var) or system_account()
    except env.Refused:
        say("Web, worker and tick run as root: there is no user smarketing, and none could be made.")
        return None
    if why := obstacle(account, var):
        say(f"Web, worker and tick run as root: {why}")
        return None
    hand_over(var, account)
    return account


def obstacle(account: pwd.struct_passwd, var: Path) -> str:
    """Why they cannot run as this user, and how to mend it; empty where they can."""
    if len(var.parts) < 3:
        return f"{var} is no folder of its own. Give another VAR_DIR."
    if can_run(account, var):
        return ""
    closed = first_closed(BASE_DIR, Path(sys.prefix), Path(sys.executable).resolve(), var.parent)
    return (
        f"the user {account.pw_name} cannot read {closed or BASE_DIR}. Move the checkout, its Python and VAR_DIR to"
        " where everybody may read, such as /opt, or open that folder with `chmod o+rx`."
    )


def home_of(account: pwd.struct_passwd | None, var: Path) -> dict[str, str]:
    """Root's home is closed to it."""
    return {} if account is None else {"HOME": str(var), "USER": account.pw_name, "LOGNAME": account.pw_name}


def first_free_port() -> int:
    """The first port on which everybody may listen."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except (OSError, ValueError):
        return 1024


def owner_of(var: Path) -> pwd.struct_passwd | None:
    """The user whose the data are already, unless that is root."""
    for folder in (var / SERVERS, var):
        with suppress(OSError, KeyError):
            if (owner := folder.stat().st_uid) != 0:
                return pwd.getpwuid(owner)
    return None


def can_run(account: pwd.struct_passwd, var: Path) -> bool:
    try:
        return not subprocess.run(
            [sys.executable, "-c", TRIAL, str(var)],
            cwd=BASE_DIR,
            env=os.environ | home_of(account, var),
            capture_output=True,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
        ).returncode
    except OSError:
        return False


def first_closed(*paths: Path) -> Path | None:
    """The first folder on the way to them that others may not enter, or not read."""
    for path in paths:
        for part in (*reversed(path.parents), path):
            with suppress(OSError):
                mode = part.stat().st_mode
                if not mode & stat.S_IXOTH and part.is_dir():
                    return part
    return None


def hand_over(var: Path, account: pwd.struct_passwd) -> None:
    """Give the data directory to the user. No link is followed, however quickly somebody makes one."""
    os.chown(var, account.pw_uid, account.pw_gid)
    for _path, folders, files, descriptor in os.fwalk(var):
        if SERVERS in folders:
            folders.remove(SERVERS)
        for name in (*folders, *files):
            with suppress(FileNotFoundError):
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                # A second name of a file elsewhere is not ours to give.
                if status.st_uid == 0 and (stat.S_ISDIR(status.st_mode) or status.st_nlink == 1):
                    os.chown(name, account.pw_uid, account.pw_gid, dir_fd=descriptor, follow_symlinks=False)


def give_back(var: Path) -> None:
    """What root has just made in a data directory that is somebody else's becomes theirs."""
    with suppress(OSError, KeyError):
        if os.geteuid() == 0 and (owner := var.stat().st_uid) != 0:
            hand_over(var, pwd.getpwuid(owner))
