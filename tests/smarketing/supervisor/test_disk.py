"""A disk that is full or only reads ends a command with one line."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from smarketing.backup.writing import new_file
from smarketing.embedded.place import BASE_DIR
from smarketing.env import Refused
from smarketing.supervisor.disk import told_in_one_line
from tests.smarketing.embedded.embedding import attach, data_folder, environment, let_go, servers_of


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_full_disk_is_told_in_one_line(number: int) -> None:
    with pytest.raises(Refused, match=f"/data/x: {os.strerror(number)}"), told_in_one_line():
        raise OSError(number, os.strerror(number), "/data/x")


def test_another_fault_stays_what_it_is() -> None:
    with pytest.raises(FileNotFoundError), told_in_one_line():
        raise FileNotFoundError(errno.ENOENT, "No such file", "/data/x")


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 120 MB: an empty cluster fits, and little more."""
    with data_folder() as folder:
        disk = folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=120m,mode=711", "tmpfs", str(disk)], capture_output=True
        )
        if mounted.returncode:
            pytest.skip("disks can be mounted only as root")
        try:
            yield disk
        finally:
            for process in servers_of(folder):
                process.kill()
                process.wait(10)
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> None:
    """Leave next to nothing."""
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(100_000))


def manage(var: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, env=environment(var), capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("arguments", [("prepare", "-v", "0"), ("backup", "file")])
def test_a_command_on_a_full_disk_ends_in_one_line_and_works_once_there_is_room(
    small_disk: Path, arguments: tuple[str, ...]
) -> None:
    var = small_disk / "var"
    let_go(attach(var))
    fill(small_disk)
    full = manage(var, *arguments)
    said = [line for line in full.stderr.splitlines() if " INFO smarketing: " not in line]
    assert full.returncode == 1
    assert len(said) == 1, said
    assert "No space left on device" in said[0]
    (small_disk / "filler").unlink()
    let_go(attach(var))


def write_too_much(path: Path) -> None:
    with new_file(path) as file:
        while True:
            file.write(bytes(1_000_000))


def test_a_backup_that_does_not_fit_leaves_nothing_behind(small_disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        write_too_much(small_disk / "backup")
    assert list(small_disk.iterdir()) == []
