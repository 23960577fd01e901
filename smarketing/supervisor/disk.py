"""How much room the data have, and one line where there is none left."""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from smarketing import env
from smarketing.saying import Trouble

# Below this, health warns; PostgreSQL stops when nothing is left.
LOW = 1_000_000_000
# From here on there is room again: what comes and goes around the limit is one warning.
ROOMY = 1_200_000_000
# What whoever runs it can mend, and the code cannot.
TOLD = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
HOUR = 3600.0
low = Trouble(again_after=HOUR)
log = logging.getLogger(__name__)


def free(folders: Sequence[Path]) -> int:
    """The bytes that are free for us where the least is."""
    return min(shutil.disk_usage(folder).free for folder in folders)


def describe(folders: Sequence[Path]) -> str:
    """How much is left, and a warning where that is little. It goes into the log as well, once, and each hour: health
    is asked for every few seconds."""
    try:
        left = free(folders)
    except OSError as problem:
        return f"unknown ({problem.strerror})"
    gigabytes = f"{left / 1_000_000_000:,.1f} GB left"
    if left >= ROOMY and low.is_over():
        log.warning("The disk of %s has room again: %s.", folders[0], gigabytes)
    if left >= LOW:
        return f"ok, {gigabytes}"
    if low.goes_on():
        log.warning("The disk of %s is nearly full: %s.", folders[0], gigabytes)
    return f"nearly full, {gigabytes}"


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """A disk that is full, only reads or is somebody else's ends a program with one line. Raises `Refused`."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in TOLD:
            raise
        where = problem.filename2 or problem.filename
        raise env.Refused(f"{where}: {problem.strerror}." if where else f"{problem.strerror}.") from problem
