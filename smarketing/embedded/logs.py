"""The logs of the embedded servers, kept small while they run."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

LARGEST = 10_000_000
KEPT = 3


def rotate(log: Path, *, largest: int = LARGEST) -> None:
    """Copy a log that has grown large, and empty it: the server appends to it, and need not know.

    The newest copy is `.1`. A few lines that are written between the two steps are lost.
    """
    with suppress(OSError), open(log, "r+b", opener=_no_link) as large:
        if os.fstat(large.fileno()).st_size < largest:
            return
        for number in range(KEPT - 1, 0, -1):
            with suppress(FileNotFoundError):
                _copy(log, number).rename(_copy(log, number + 1))
        with open(_copy(log, 1), "xb", opener=_no_link) as copy:
            shutil.copyfileobj(large, copy)
        large.truncate(0)


def _no_link(path: str, flags: int) -> int:
    """As root we never follow a link that the servers' user may have laid in its folder."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _copy(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
