"""Small changes made by a machine to the rules that need no database: at least nine of ten must be noticed.

`survivors.txt` lists those that are not, each with its reason; one that is not listed fails, and so does one that is
listed and noticed. `[tool.mutmut]` in pyproject.toml says what is changed and which tests are asked, `mutants.py` how.
"""

from __future__ import annotations

import ast
import os
import re
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


def undecorated(source: str) -> str:
    """The same module with each decorator called behind its function, as mutmut changes no function that has one; and
    without caches, as what one test leaves in them hides from mutmut which tests ask a function."""
    lines = source.splitlines()
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    for function in sorted(functions, key=lambda node: node.lineno, reverse=True):
        for decorator in function.decorator_list:
            called = ast.unparse(decorator)
            if called in {"classmethod", "staticmethod"}:
                continue
            if not called.startswith("lru_cache"):
                call = f"{function.name} = {called}({function.name})"
                lines.insert(function.end_lineno or 0, " " * function.col_offset + call)
            del lines[decorator.lineno - 1]
    return "\n".join(lines) + "\n"


def changed_modules(folder: Path) -> list[Path]:
    configured = tomllib.loads((BASE / "pyproject.toml").read_text())["tool"]["mutmut"]
    return sorted(path for pattern in configured["only_mutate"] for path in folder.glob(pattern))


def test_what_is_changed_is_what_the_contract_names():
    configured = tomllib.loads((BASE / "pyproject.toml").read_text())["tool"]
    (contract,) = (each for each in configured["importlinter"]["contracts"] if each["name"] == PURE_RULES)
    for module in contract["source_modules"]:
        path = module.replace(".", "/")
        names = [f"{path}.py"] if (BASE / f"{path}.py").exists() else [f"{path}/any.py"]
        assert any(fnmatch(name, pattern) for name in names for pattern in configured["mutmut"]["only_mutate"]), module


def test_nine_of_ten_mutants_are_noticed(tmp_path: Path):
    folder = copy_to(tmp_path / "smarketing")
    for path in changed_modules(folder):
        path.write_text(undecorated(path.read_text()))
    run = subprocess.run(RUN, cwd=folder, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    found = verdicts(folder)
    assert found, run.stdout[-3000:] + run.stderr[-3000:]
    print(dict(Counter(found.values())))
    with_functions = [path for path in changed_modules(folder) if re.search(r"^ *def ", path.read_text(), re.MULTILINE)]
    assert {mutant.rpartition(".")[0] for mutant in found} == {
        ".".join(path.relative_to(folder).with_suffix("").parts) for path in with_functions
    }
    missed = {mutant for mutant, verdict in found.items() if verdict not in NOTICED}
    assert len(found) - len(missed) >= 0.9 * len(found)
    assert missed == survivors().keys()
    assert all(survivors().values())
