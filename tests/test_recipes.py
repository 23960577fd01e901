"""The recipes of CONTRIBUTING.md fit the code; carried out, they work.

A block of Python or HTML is a new file, named in its first line. A block of the language `diff` changes a file: what it
shows without a plus is there, once.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns
from textwrap import dedent

import pytest
from django.conf import settings

BASE = Path(settings.BASE_DIR)
FENCE = re.compile(r"^( *)```(python|html|diff)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# "# a/b.py", "{# a/b.html #}", "+++ a/b.py"
NAME = re.compile(r"(?:\+\+\+|#|{#) ([\w/.]+)(?: #})?\n")


@dataclass(frozen=True)
class Block:
    """One block of a recipe: the file that it names, and the text below that line."""

    path: str
    text: str

    def sides(self) -> tuple[str, str]:
        """Of a change: the lines as they are, and as they are to be."""
        lines = [line or " " for line in self.text.splitlines()]
        before, after = ("".join(f"{line[1:]}\n" for line in lines if line[0] != sign) for sign in "+-")
        return before, after


def blocks(*languages: str) -> Iterator[Block]:
    for _indent, language, code in FENCE.findall((BASE / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        text = dedent(code)
        if language in languages and (name := NAME.match(text)):
            yield Block(name[1], text[name.end() :])


CHANGES, FILES = list(blocks("diff")), list(blocks("python", "html"))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.path)
def test_what_a_recipe_changes_is_there_once(change: Block) -> None:
    before, after = change.sides()
    assert before != after
    assert (BASE / change.path).read_text(encoding="utf-8").count(before) == 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_what_a_recipe_adds_is_new(file: Block) -> None:
    assert not (BASE / file.path).exists()


def test_each_recipe_has_a_test() -> None:
    tests = [file.path for file in FILES if file.path.startswith("tests/")]
    text = (BASE / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(tests) == len(re.findall("^### ", text, re.MULTILINE)) == 5


@pytest.mark.proof
def test_the_recipes_work(tmp_path: Path) -> None:
    """In a copy, with a database of its own: lint, types, import contracts and the tests that the recipes write."""
    copy = tmp_path / "copy"
    copytree(BASE, copy, ignore=ignore_patterns(".*", "var"))
    for file in FILES:
        (copy / file.path).parent.mkdir(exist_ok=True)
        (copy / file.path).write_text(file.text, encoding="utf-8")
    for change in CHANGES:
        path = copy / change.path
        path.write_text(path.read_text(encoding="utf-8").replace(*change.sides()), encoding="utf-8")
    python = sorted({block.path for block in (*FILES, *CHANGES) if block.path.endswith(".py")})
    run(copy, "-m", "ruff", "check", *python)
    run(copy, "-m", "ruff", "format", "--check", *python)
    run(copy, "-m", "mypy", *python)
    run(copy, "-c", "from importlinter.cli import lint_imports_command as lint; lint()")
    run(copy, "-m", "pytest", "-q", *(path for path in python if path.startswith("tests/")))


def run(folder: Path, *command: str) -> None:
    environment = os.environ | {"VAR_DIR": str(folder / "var")}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
