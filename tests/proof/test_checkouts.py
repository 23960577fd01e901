"""A checkout may lie in a folder of any name, and on a disk that only reads."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smarketing.embedded.place import BASE_DIR
from tests.site import free_port
from tests.smarketing.embedded.embedding import data_folder, environment, servers_of
from tests.smarketing.test_run import AWKWARD, Run

pytestmark = pytest.mark.proof


@pytest.fixture
def folder() -> Iterator[Path]:
    with data_folder(0o755) as found:
        yield found


def copy_of_the_checkout(folder: Path) -> Path:
    """The files that git knows, installed, in a folder with an awkward name."""
    checkout = folder / AWKWARD
    names = subprocess.run(["git", "ls-files", "-z"], cwd=BASE_DIR, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if not name.startswith(("tests/", "bench/")):
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(BASE_DIR / name, checkout / name)
    (checkout / ".venv").symlink_to((BASE_DIR / ".venv").resolve())
    return checkout


def starts_and_stops(checkout: Path, var: Path) -> str:
    run = Run(var, free_port(), checkout=checkout)
    run.until_healthy(240)
    run.process.terminate()
    assert run.until_ended() == 0
    assert servers_of(var.parent) == []
    return run.log.read_text()


def test_everything_starts_in_a_checkout_with_quotes_and_japanese_in_its_path(folder: Path) -> None:
    checkout = copy_of_the_checkout(folder)
    assert "Traceback" not in starts_and_stops(checkout, checkout / "var")


def test_a_checkout_that_only_reads_serves_data_that_lie_elsewhere(folder: Path) -> None:
    checkout = copy_of_the_checkout(folder)
    var = folder / "var"
    compiling = [sys.executable, "manage.py", "compile_translations"]
    subprocess.run(compiling, cwd=checkout, env=environment(var), check=True, capture_output=True)
    mounted = subprocess.run(["mount", "--bind", str(checkout), str(checkout)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can make a folder read-only for itself")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(checkout)], check=True)
        assert not os.access(checkout, os.W_OK)
        assert "Traceback" not in starts_and_stops(checkout, var)
    finally:
        subprocess.run(["umount", "--lazy", str(checkout)], check=True)
