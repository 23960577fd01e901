"""As root, the programs run as the unprivileged user, to whom the data directory is given."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from smarketing.embedded.place import system_account
from smarketing.supervisor import unprivileged
from tests.smarketing.embedded.embedding import data_folder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def owners(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*"))
    return {str(path.relative_to(folder)): pwd.getpwuid(path.lstat().st_uid).pw_name for path in paths}


def test_the_data_directory_is_given_and_nothing_that_it_only_points_to():
    account = system_account()
    with data_folder() as folder:
        var, outside = folder / "var", folder / "outside"
        for path in (var / "media" / "a", var / "postgres" / "b", outside / "c"):
            path.parent.mkdir(parents=True)
            path.touch()
        (var / "link").symlink_to(outside)
        (var / "second-name").hardlink_to(outside / "c")
        unprivileged.hand_over(var, account)
        given = owners(var)
        assert {name for name, owner in given.items() if owner == account.pw_name} == {"link", "media", "media/a"}
        assert owners(outside) == {"c": "root"}
        assert unprivileged.owner_of(var) == account


def test_what_root_makes_afterwards_is_given_too():
    with data_folder() as folder:
        (folder / "var").mkdir()
        (folder / "var" / "first").touch()
        unprivileged.give_back(folder / "var")
        assert owners(folder)["var/first"] == "root"
        unprivileged.hand_over(folder / "var", system_account())
        (folder / "var" / "later").touch()
        unprivileged.give_back(folder / "var")
        assert owners(folder)["var/later"] == system_account().pw_name


def test_a_closed_folder_is_named_and_root_does_it(monkeypatch: pytest.MonkeyPatch):
    with data_folder(0o700) as folder:
        (folder / "checkout" / "var").mkdir(parents=True)
        monkeypatch.setattr(unprivileged, "BASE_DIR", folder / "checkout")
        said: list[str] = []
        assert unprivileged.account_or_root(folder / "checkout" / "var", said.append) is None
        (line,) = said
        assert line.startswith(f"Web, worker and tick run as root: the user smarketing cannot read {folder}. Move")
        assert owners(folder)["checkout/var"] == "root"


def test_a_system_folder_is_never_given_away():
    said: list[str] = []
    assert unprivileged.account_or_root(Path("/var"), said.append) is None
    assert said == ["Web, worker and tick run as root: /var is no folder of its own. Give another VAR_DIR."]
    assert Path("/var").stat().st_uid == 0
