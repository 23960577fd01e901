"""A data directory is known by its identity: a copy runs alone, one that was moved goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from smarketing.embedded.place import BASE_DIR, make_private
from smarketing.env import Refused
from tests.smarketing.embedded.embedding import attach, data_folder, environment, homes, let_go, servers_of

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its servers to another user")

PLACE = """
import json
from smarketing.embedded import place
found = place()
print(json.dumps({"home": str(found.home), "sockets": str(found.sockets), "installation": found.installation}))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with data_folder() as made:
        yield made


def place_of(var: Path) -> dict[str, str]:
    """What a process that begins with this data directory finds; what it refuses is raised."""
    done = subprocess.run(
        [sys.executable, "-c", PLACE], cwd=BASE_DIR, env=environment(var), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def embedded_address(var: Path) -> str:
    """The address of its Valkey, as settings and Celery are given it."""
    code = "from smarketing import embedded; print(embedded.Valkey(embedded.place(), print).address())"
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=BASE_DIR, env=environment(var), capture_output=True, text=True, check=True
    ).stdout.strip()


def copied(var: Path, name: str) -> Path:
    """As `cp -a` copies it."""
    subprocess.run(["cp", "-a", str(var), str(var.with_name(name))], check=True)
    return var.with_name(name)


def connect(var: Path) -> psycopg2.extensions.connection:
    connection = psycopg2.connect(host=place_of(var)["sockets"], user="smarketing", dbname="smarketing")
    connection.autocommit = True
    return connection


def write(var: Path, word: str) -> None:
    with connect(var) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS note (word text)")
        cursor.execute("INSERT INTO note VALUES (%s)", [word])
    connection.close()


def words(var: Path) -> list[str]:
    with connect(var) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT word FROM note ORDER BY word")
        found = [word for (word,) in cursor.fetchall()]
    connection.close()
    return found


def test_a_copy_runs_beside_the_original_on_data_of_its_own(folder: Path) -> None:
    var = folder / "var"
    let_go(attach(var))
    original = attach(var)
    write(var, "both")
    let_go(original)
    copy = copied(var, "copy")

    original, other = attach(var), attach(copy)
    write(var, "original")
    write(copy, "copy")
    assert words(var) == ["both", "original"]
    assert words(copy) == ["both", "copy"]
    assert place_of(var)["installation"] != place_of(copy)["installation"]

    let_go(other)
    assert words(var) == ["both", "original"]  # the copy stopped its own servers alone
    let_go(original)
    assert servers_of(folder) == []


def test_a_copy_of_one_that_runs_leaves_it_running(folder: Path) -> None:
    """Its database may be torn; but nobody works on the original's, and nobody stops its servers."""
    var = folder / "var"
    original = attach(var)
    write(var, "original")
    running = {process.pid for process in servers_of(var)}
    copy = copied(var, "copy")
    let_go(attach(copy))
    assert {process.pid for process in servers_of(var)} == running
    assert words(var) == ["original"]
    let_go(original)


def test_a_copy_of_a_copy_is_somebody_new_as_well(folder: Path) -> None:
    var = folder / "var"
    first = place_of(var)
    second = place_of(copied(var, "second"))
    third = place_of(copied(folder / "second", "third"))
    assert len({found["installation"] for found in (first, second, third)}) == 3
    assert place_of(var) == first
    assert place_of(folder / "second") == second


def test_a_copy_of_one_that_somebody_else_may_not_read_is_somebody_new_as_well(folder: Path) -> None:
    var = folder / "var"
    original = place_of(var)
    copy = copied(var, "copy")
    (var / "installation").rename(folder / "closed")  # root reads whatever is closed
    assert place_of(copy)["installation"] != original["installation"]
    (folder / "closed").rename(var / "installation")
    assert place_of(var) == original


def test_one_that_was_moved_goes_on_as_it_was(folder: Path) -> None:
    var, moved = folder / "var", folder / "moved"
    before = place_of(var)
    holder = attach(var)
    write(var, "kept")
    let_go(holder)
    var.rename(moved)
    holder = attach(moved)
    assert words(moved) == ["kept"]
    let_go(holder)
    after = place_of(moved)
    assert after["installation"] == before["installation"]
    assert after["home"] == str(moved)
    assert place_of(moved) == after


def test_a_folder_that_cannot_be_made_is_said(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(Refused, match="cannot make the folder .*/file/var: "):
        make_private(folder / "file" / "var")
    make_private(folder / "made" / "var")
    make_private(folder / "made" / "var")
    assert (folder / "made" / "var").stat().st_mode & 0o777 == 0o700


def test_a_second_name_for_the_same_folder_is_no_copy(folder: Path) -> None:
    var = folder / "var"
    before = place_of(var)
    (folder / "link").symlink_to(var)
    assert place_of(folder / "link")["installation"] == before["installation"]
    assert place_of(var)["installation"] == before["installation"]


def test_a_folder_that_an_earlier_version_wrote_is_taken_over(folder: Path) -> None:
    var = folder / "var"
    let_go(attach(var))
    (var / "installation").unlink()
    (var / "embedded.json").write_text(json.dumps({"home": str(var), "sockets": str(var / "sockets")}))
    assert place_of(var)["home"] == str(var)
    (var / "installation").unlink()
    (var / "embedded.json").write_text(json.dumps({"home": str(var), "sockets": str(var / "sockets")}))
    copy = copied(var, "copy")
    assert place_of(copy)["home"] == str(copy)
    assert place_of(copy)["sockets"] == str(copy / "sockets")


@pytest.mark.parametrize("name", ["with spaces", 'it\'s "quoted" $HOME `x`', "データ 置き場", "back\\slash"])
def test_a_path_may_be_made_of_anything(folder: Path, name: str) -> None:
    var = folder / name
    holder = attach(var)
    write(var, "written")
    assert words(var) == ["written"]
    valkey = redis.Redis.from_url(embedded_address(var))
    assert valkey.ping()
    let_go(holder)
    with pytest.raises(redis.ConnectionError):
        valkey.ping()
    valkey.close()
    assert servers_of(folder) == []


@pytest.mark.parametrize("name", ["v", "v" * 90])
def test_sockets_outside_are_named_for_the_installation(folder: Path, name: str) -> None:
    found = place_of(folder / name)
    inside = str(folder / name / "sockets")
    if len(name) == 1:
        assert found["sockets"] == inside
    else:
        assert found["installation"][:13] in found["sockets"]
        assert place_of(folder / name) == found
        shutil.rmtree(found["sockets"])


@as_root
class TestDataOutside:
    """Where the servers' user cannot enter VAR_DIR."""

    @pytest.fixture
    def var(self, folder: Path) -> Path:
        folder.chmod(0o700)
        return folder / "var"

    def test_a_copy_without_its_data_is_refused_with_the_two_commands(self, var: Path) -> None:
        home = place_of(var)["home"]
        copy = copied(var, "copy")
        with pytest.raises(
            AssertionError, match=r"belong to .*/var,.*`manage.py backup.*`manage.py restore"
        ) as refused:
            place_of(copy)
        assert str(refused.value).strip().count("\n") == 0
        assert place_of(var)["home"] == home

    def test_one_that_was_moved_keeps_them(self, var: Path) -> None:
        home = place_of(var)["home"]
        var.rename(var.with_name("moved"))
        assert place_of(var.with_name("moved"))["home"] == home

    def test_data_that_are_gone_are_not_begun_anew(self, var: Path) -> None:
        shutil.rmtree(place_of(var)["home"])
        with pytest.raises(AssertionError, match="which is gone"):
            place_of(var)

    def test_the_folder_is_found_by_those_who_clean_up(self, var: Path) -> None:
        assert Path(place_of(var)["home"]) in homes(var)
