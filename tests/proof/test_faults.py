"""Faults put into the code on purpose: each must be noticed by the tests that it names.

`faults/*.patch` say in the first line what is wrong, in the second which tests notice. A patch that does not apply any
more is to be made anew: the code that it breaks has changed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.changed import BASE
from tests.proof.copying import copy_to

FAULTS = sorted((Path(__file__).parent / "faults").glob("*.patch"))
# What pytest ends with.
PASSED, FAILED = 0, 1
OPTIONS = ["-p", "no:cacheprovider", "--hypothesis-profile=unshrunk"]
proof = pytest.mark.proof


def paths_that_notice(fault: Path) -> list[str]:
    _what, tests, *_patch = fault.read_text().splitlines()
    word, *paths = tests.split()
    assert word == "Tests:"
    assert paths
    return paths


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_to(tmp_path_factory.mktemp("faults") / "smarketing")


@pytest.fixture
def broken(copy: Path, fault: Path) -> Iterator[Path]:
    patch(copy, fault)
    yield copy
    patch(copy, fault, "--reverse")


def patch(folder: Path, fault: Path, *options: str) -> None:
    # Git would look for a repository above, and apply nothing outside of it.
    alone = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    subprocess.run(["git", "apply", *options, str(fault)], cwd=folder, check=True, env=alone)


def run_tests(folder: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    """Run the tests with servers of their own, as far as the first that fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not browser and not proof", *OPTIONS]
    alone = {**os.environ, "VAR_DIR": str(folder / "var"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([*command, *tests], cwd=folder, env=alone, capture_output=True, text=True)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.stem)
def test_a_fault_can_be_put_in(fault: Path):
    subprocess.run(["git", "apply", "--check", str(fault)], cwd=BASE, check=True)


@proof
def test_without_a_fault_all_of_them_pass(copy: Path):
    tests = sorted({path for fault in FAULTS for path in paths_that_notice(fault)})
    whole = run_tests(copy, tests)
    assert whole.returncode == PASSED, whole.stdout[-4000:]


@proof
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.stem)
def test_a_fault_is_noticed(broken: Path, fault: Path):
    done = run_tests(broken, paths_that_notice(fault))
    assert done.returncode == FAILED, f"{fault.read_text()}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
