"""Other processes that use the embedded servers of a data directory of their own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from smarketing.embedded.place import BASE_DIR

HOLD = """
import sys
from smarketing import embedded
with embedded.attached():
    print("attached", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def data_folder(mode: int = 0o711) -> Iterator[Path]:
    """A short folder of its own, whose servers are gone afterwards, whatever the test did to them."""
    folder = Path(tempfile.mkdtemp(prefix="sm-", dir="/tmp"))
    folder.chmod(mode)
    try:
        yield folder
    finally:
        for process in servers_of(folder):
            process.kill()
        psutil.wait_procs(servers_of(folder), timeout=5)
        for place in {folder, *homes(folder)}:
            shutil.rmtree(place, ignore_errors=True)


def homes(folder: Path) -> list[Path]:
    """Where the servers of this folder live, wherever that is."""
    found = []
    for memory in folder.rglob("embedded.json"):
        found += [Path(word) for word in json.loads(memory.read_text()).values() if word.startswith("/")]
    return found


def servers_of(folder: Path) -> list[psutil.Process]:
    """PostgreSQL and Valkey of this folder: the postmaster says its data, Valkey works where its socket is."""
    places = [str(place) for place in (folder, *homes(folder))]
    found = []
    for process in psutil.process_iter(["name", "cmdline", "cwd"]):
        name, words = process.info["name"] or "", process.info["cmdline"] or []
        # Of its socket it says only the first bytes, and those quoted.
        words = [process.info["cwd"] or ""] if "valkey" in name else words if "postgres" in name else []
        if any(place in word for word in words for place in places):
            found.append(process)
    return found


def environment(var: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return kept | {"VAR_DIR": str(var)} | more


def start(var: Path, program: str = HOLD, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=BASE_DIR,
        env=environment(var, **more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def attach(var: Path, **more: str) -> "subprocess.Popen[str]":
    """A process that holds the servers until its standard input ends, or it does."""
    process = start(var, **more)
    assert process.stdout is not None
    if process.stdout.readline() != "attached\n":
        raise AssertionError(process.communicate()[1])
    return process


def let_go(process: "subprocess.Popen[str]") -> str:
    """End it well, and hand back what it said."""
    _, said = process.communicate("\n", timeout=60)
    assert process.returncode == 0, said
    return said
