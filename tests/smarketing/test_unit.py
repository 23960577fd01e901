"""The unit for systemd holds whatever the paths are made of, and systemd takes it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from smarketing import unit
from smarketing.embedded.place import BASE_DIR
from smarketing.env import Refused

AWKWARD = 'it\'s 100% a "検証" $HOME'


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / AWKWARD
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to("/bin/true")
    (folder / "docs").mkdir()
    (folder / "deploy").symlink_to(BASE_DIR / "deploy")
    monkeypatch.setattr(unit, "BASE_DIR", folder)
    return folder


def test_it_names_the_checkout_and_what_the_shell_gave(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", '/srv/a "b" 5%')
    monkeypatch.setenv("PORT", "9000")
    lines = unit.unit(user="smarketing").splitlines()
    assert 'Environment="VAR_DIR=/srv/a \\"b\\" 5%%"' in lines
    assert 'Environment="PORT=9000"' in lines
    assert f"WorkingDirectory={str(checkout).replace('%', '%%')}" in lines
    assert "User=smarketing" in lines
    assert "Restart=always" in lines


def test_a_file_of_settings_stands_in_place_of_the_shell(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", "/srv/x")
    lines = unit.unit("/etc/smarketing.env").splitlines()
    assert "EnvironmentFile=/etc/smarketing.env" in lines
    assert not any(line.startswith("Environment=") for line in lines)


def test_a_line_break_is_refused() -> None:
    with pytest.raises(Refused):
        unit.quoted("a\nb")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_it(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", str(checkout / "var"))
    file = checkout.parent / "smarketing.service"
    file.write_text(unit.unit(user="root"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)],
        capture_output=True,
        text=True,
        env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"},
    )
    assert [line for line in done.stderr.splitlines() if "smarketing.service" in line] == []
    assert done.returncode == 0, done.stderr
