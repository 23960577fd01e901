"""`make upgrade`: what it does in which order, where it stops, and the way back that it prints."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

# In place of Python: it writes down what it is asked, and refuses what the test says.
PYTHON = """#!/bin/sh
echo "$@" >> "$LOG"
[ "$2" != "$REFUSED" ] || exit 1
"""


class Checkout:
    """One that an older version made, behind a newer one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log, self.var = folder / "here", folder / "log", folder / "it's data"
        newer = folder / "newer"
        (newer / "bin").mkdir(parents=True)
        shutil.copy(Path(settings.BASE_DIR) / "bin" / "upgrade", newer / "bin")
        (newer / "bin" / "install").write_text("#!/bin/sh\n")
        (newer / "bin" / "install").chmod(0o755)
        self.git("init", "--quiet", "--initial-branch=main", cwd=newer)
        self.git("add", ".", cwd=newer)
        self.commit(newer)
        self.git("clone", "--quiet", str(newer), str(self.folder), cwd=folder)
        self.before = self.git("describe", "--always", "--tags", cwd=newer)
        self.commit(newer)
        self.after = self.git("describe", "--always", "--tags", cwd=newer)
        python = self.folder / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(PYTHON)
        python.chmod(0o755)

    def git(self, *arguments: str, cwd: Path) -> str:
        return subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, folder: Path) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        self.git(*who, "commit", "--quiet", "--allow-empty", "--message=x", cwd=folder)

    def upgrade(self, **more: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("VAR_DIR", "SETTINGS")}
        given = kept | {"LOG": str(self.log), "REFUSED": "", "VAR_DIR": str(self.var)} | more
        return subprocess.run(["bin/upgrade"], cwd=self.folder, env=given, capture_output=True, text=True)

    def version(self) -> str:
        return self.git("describe", "--always", "--tags", cwd=self.folder)

    def asked(self) -> list[str]:
        return [" ".join(line.split()[1:3]) for line in self.log.read_text().splitlines()]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_way_back_leads_to_the_same_data(checkout: Checkout) -> None:
    done = checkout.upgrade()
    assert (done.returncode, checkout.version()) == (0, checkout.after)
    assert checkout.asked() == ["backup --stopped", "prepare -v"]
    way_back = done.stdout.splitlines()[-1].strip()
    assert way_back.startswith(f"git checkout {checkout.before} && make restore FILE='")
    said = way_back.partition(" && make ")[2]
    words = subprocess.run(["sh", "-c", f'printf "%s\\n" {said}'], capture_output=True, text=True).stdout.splitlines()
    assert [word for word in words if not word.startswith("FILE=")] == [
        "restore", "REPLACE=yes", f"VAR_DIR={checkout.var}",
    ]  # fmt: skip
    (file,) = (word.removeprefix("FILE=") for word in words if word.startswith("FILE="))
    assert Path(file).parent == checkout.var / "backups"


def test_where_a_file_says_where_the_data_are_the_way_back_names_the_file(checkout: Checkout, tmp_path: Path) -> None:
    named = checkout.folder / "settings"
    named.write_text(f"VAR_DIR='{tmp_path}/of the file'\n")
    said = checkout.upgrade(SETTINGS="settings").stdout
    assert said.rstrip().endswith("REPLACE=yes SETTINGS='settings'")
    assert f"FILE='{tmp_path}/of the file/backups/" in said


def test_without_a_backup_nothing_is_changed(checkout: Checkout) -> None:
    assert checkout.upgrade(REFUSED="backup").returncode == 1
    assert checkout.version() == checkout.before


def test_a_checkout_that_was_changed_is_left_alone(checkout: Checkout) -> None:
    (checkout.folder / "bin" / "install").write_text("#!/bin/sh\n# mine\n")
    done = checkout.upgrade()
    assert (done.returncode, checkout.version()) == (1, checkout.before)
    assert "files of this checkout were changed" in done.stderr
    assert not checkout.log.exists()


def test_where_the_newer_version_does_not_come_the_data_are_left_alone(checkout: Checkout) -> None:
    checkout.git("remote", "set-url", "origin", str(checkout.folder.parent / "gone"), cwd=checkout.folder)
    done = checkout.upgrade()
    assert (done.returncode, checkout.version()) == (1, checkout.before)
    assert "could not be fetched" in done.stderr
    assert checkout.asked() == ["backup --stopped"]
