"""Processes: run one as somebody else, find out whether one lives, give a folder away."""

import atexit
import os
import pwd
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import psutil

# A server gets a clean environment: nothing of ours (secrets, locale, PG* variables) steers it.
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def as_account(
    account: pwd.struct_passwd | None, command: Sequence[str], *, cwd: Path, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as this user (None: as ourselves). A Ctrl-C at the terminal does not reach it."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=CLEAN,
        input=stdin,
        capture_output=True,
        text=True,
        umask=0o077,
        start_new_session=True,
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [],
    )


def start_as(
    account: pwd.struct_passwd | None, command: Sequence[str], *, cwd: Path, log: Path
) -> subprocess.Popen[bytes]:
    """Start a server as this user (None: as ourselves), which outlives us; what it says goes to the log."""
    _reap()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if account is not None:
            os.fchown(descriptor, account.pw_uid, account.pw_gid)
        server = subprocess.Popen(
            command,
            cwd=cwd,
            env=CLEAN,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            umask=0o077,
            start_new_session=True,
            user=None if account is None else account.pw_uid,
            group=None if account is None else account.pw_gid,
            extra_groups=None if account is None else [],
        )
    finally:
        os.close(descriptor)
    _servers.append(server)
    return server


# Servers that this process started: when one ends before us, it must not stay in the table of processes.
_servers: list[subprocess.Popen[bytes]] = []


def _reap() -> None:
    _servers[:] = [server for server in _servers if server.poll() is None]


@atexit.register
def _leave_them_running() -> None:
    for server in _servers:
        server.returncode = 0  # nobody waits for it any more


def give(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Make a folder of ours the servers' own."""
    if account is not None and folder.stat().st_uid != account.pw_uid:
        os.chown(folder, account.pw_uid, account.pw_gid)


def exit_on(*signals: signal.Signals, code: int | None = None) -> None:
    """Leave by the front door, past every `finally`, when one of these signals comes; the first one counts.

    Also where the signal was ignored before: a shell starts its background jobs with SIGINT ignored.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number if code is None else code)

    for each in signals:
        if signal.getsignal(each) in (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler):
            signal.signal(each, leave)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Clean up without being interrupted by an impatient second Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
