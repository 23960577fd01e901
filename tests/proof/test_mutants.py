"""Small changes made by a machine to the rules that need no database: at least nine of ten must be noticed.

`survivors.txt` lists those that are not, each with its reason; one that is not listed fails, and so does one that is
listed and noticed. What is changed, and which tests are asked, says `[tool.mutmut]` in pyproject.toml.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.changed import BASE
from tests.proof.copying import copy_to

pytestmark = pytest.mark.proof
SURVIVORS = Path(__file__).with_name("survivors.txt")
PURE_RULES = "Pure rules know neither the database nor the web"
# Two at once, and no cleverness about which to repeat.
RUN = [sys.executable, "-m", "mutmut", "run", "--max-children", "2"]
RESULTS = [sys.executable, "-m", "mutmut", "results", "--all", "true"]
# Whatever ends a run of the tests is noticed.
NOTICED = {"killed", "timeout", "segfault", "suspicious"}


def survivors() -> dict[str, str]:
    """Reason by mutant: lines `mutant: reason`; others are comments."""
    lines = (line.partition(": ") for line in SURVIVORS.read_text().splitlines() if line and not line.startswith("#"))
    return {mutant: reason for mutant, _colon, reason in lines}


def verdicts(folder: Path) -> dict[str, str]:
    """What became of each mutant, by its name."""
    done = subprocess.run(RESULTS, cwd=folder, capture_output=True, text=True, check=True)
    lines = (line.strip().partition(": ") for line in done.stdout.splitlines() if ": " in line)
    return {mutant: verdict for mutant, _colon, verdict in lines}


def test_what_is_changed_is_what_the_contract_names():
    configured = tomllib.loads((BASE / "pyproject.toml").read_text())["tool"]
    (contract,) = (each for each in configured["importlinter"]["contracts"] if each["name"] == PURE_RULES)
    for module in contract["source_modules"]:
        path = module.replace(".", "/")
        names = [f"{path}.py"] if (BASE / f"{path}.py").exists() else [f"{path}/any.py"]
        assert any(fnmatch(name, pattern) for name in names for pattern in configured["mutmut"]["only_mutate"]), module


def test_nine_of_ten_mutants_are_noticed(tmp_path: Path):
    folder = copy_to(tmp_path / "smarketing")
    run = subprocess.run(RUN, cwd=folder, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    found = verdicts(folder)
    assert found, run.stdout[-3000:] + run.stderr[-3000:]
    print(dict(Counter(found.values())))
    missed = {mutant for mutant, verdict in found.items() if verdict not in NOTICED}
    assert len(found) - len(missed) >= 0.9 * len(found)
    assert missed == survivors().keys()
    assert all(survivors().values())
