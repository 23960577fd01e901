"""Processes: run one as somebody else, find out whether one lives, give a folder away."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

# A server gets a clean environment: nothing of ours (secrets, locale, PG* variables) steers it.
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def as_account(
    account: pwd.struct_passwd | None, command: Sequence[str], *, cwd: Path, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as this user (None: as ourselves)."""
    user = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return subprocess.run(
        command,
        cwd=cwd,
        env=CLEAN,
        input=stdin,
        capture_output=True,
        text=True,
        umask=0o077,
        **user,  # type: ignore[call-overload]
    )


def give(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Make a folder of ours the servers' own."""
    if account is not None and folder.stat().st_uid != account.pw_uid:
        os.chown(folder, account.pw_uid, account.pw_gid)


def is_alive(pid: int, *, named: str, mentioning: str) -> bool:
    """Whether this process lives and is the one we mean: numbers are used again."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return named in process.name() and any(mentioning in word for word in process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
    except psutil.AccessDenied:
        return True
