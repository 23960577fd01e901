"""At night nobody can be asked for a password, and nobody names a file that was forgotten."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from smarketing.backup.sealing import MAGIC


def said(*command: str) -> str:
    """What a command without a terminal says before it gives up."""
    given = {name: value for name, value in os.environ.items() if name not in ("BACKUP_PASSWORD", "FILE", "EMAIL")}
    done = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=given,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert done.returncode
    return done.stderr


def test_a_password_that_cannot_be_asked_for_is_said_in_a_line(tmp_path: Path) -> None:
    sealed = tmp_path / "sealed"
    sealed.write_bytes(MAGIC + bytes(100))
    for arguments in (("backup", "--encrypt", str(tmp_path / "new")), ("restore", str(sealed))):
        line = "CommandError: Nobody can be asked for the password here: give it as BACKUP_PASSWORD.\n"
        assert said(sys.executable, "manage.py", *arguments) == line
    assert [*tmp_path.iterdir()] == [sealed]


@pytest.mark.parametrize("target", ["admin", "backup", "restore"])
def test_a_target_says_what_it_was_not_told(target: str) -> None:
    command = said("make", "--old-file=install", target)
    assert command.startswith(f"smarketing: say which: {target} ")
