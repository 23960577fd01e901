import os
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from smarketing.embedded.place import BASE_DIR, fits_a_socket
from tests.smarketing.embedded.embedding import attach, data_folder, environment, let_go, servers_of, start

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its servers to another user")


@pytest.fixture
def var() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder / "var"


def connect(sockets: Path) -> "psycopg2.extensions.connection":
    return psycopg2.connect(host=str(sockets), user="smarketing", dbname="smarketing")


def ask(sockets: Path, question: str) -> object:
    connection = connect(sockets)
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            row = cursor.fetchone()
            return row[0] if row else None
    finally:
        connection.close()


def names(var: Path) -> set[str]:
    return {process.name() for process in servers_of(var.parent)}


def test_two_at_once_share_the_servers_and_the_last_one_out_stops_them(var: Path) -> None:
    first, second = start(var), start(var)
    assert first.stdout is not None
    assert second.stdout is not None
    assert first.stdout.readline() == second.stdout.readline() == "attached\n"
    assert names(var) == {"postgres", "valkey-server"}
    running = {process.pid for process in servers_of(var.parent)}

    assert "Stopping" not in let_go(first)
    assert {process.pid for process in servers_of(var.parent)} == running

    assert "Stopping PostgreSQL" in let_go(second)
    assert servers_of(var.parent) == []


def test_what_a_killed_process_left_is_adopted_and_then_stopped(var: Path) -> None:
    killed = attach(var)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    left = {process.pid for process in servers_of(var.parent)}
    assert left

    heir = attach(var)
    assert {process.pid for process in servers_of(var.parent)} == left
    assert "Starting" not in let_go(heir)
    assert servers_of(var.parent) == []
    assert not (var / "sockets").exists()


def test_servers_that_were_killed_hard_start_again(var: Path) -> None:
    holder = attach(var)
    for process in servers_of(var.parent):
        process.send_signal(signal.SIGKILL)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()

    again = attach(var)
    assert ask(var / "sockets", "SELECT 1") == 1
    let_go(again)


def test_a_lock_file_with_the_number_of_another_process_blocks_nothing(var: Path) -> None:
    let_go(attach(var))
    (var / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{var}/postgres\n0\n5432\n/\n\n0 0\nready\n")
    let_go(attach(var))


def test_an_initdb_that_was_killed_is_begun_again(var: Path) -> None:
    for unfinished in ("postgres", "postgres.new"):
        (var / unfinished / "base").mkdir(parents=True)
    var.chmod(0o711)
    let_go(attach(var))


def test_a_signal_ends_a_command_by_the_front_door(var: Path) -> None:
    holder = attach(var)
    holder.send_signal(signal.SIGTERM)
    _, said = holder.communicate(timeout=60)
    assert holder.returncode == 128 + signal.SIGTERM
    assert "Stopping PostgreSQL" in said
    assert servers_of(var.parent) == []


def test_the_servers_are_reached_by_nobody_else(var: Path) -> None:
    holder = attach(var)
    sockets = var / "sockets"
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert (var / "postgres").stat().st_mode & 0o777 == 0o700
    assert ask(sockets, "SHOW listen_addresses") == ""
    listening = {
        connection.status for process in servers_of(var.parent) for connection in process.net_connections("tcp")
    }
    assert listening == set()

    assert (var / "valkey.password").stat().st_mode & 0o777 == 0o600
    password = (var / "valkey.password").read_text()
    assert all(password not in word for process in servers_of(var.parent) for word in process.cmdline())
    with redis.Redis(unix_socket_path=str(sockets / "valkey.sock")) as stranger:
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()
    with redis.Redis(unix_socket_path=str(sockets / "valkey.sock"), password=password) as friend:
        assert friend.ping()
    let_go(holder)


def test_japanese_has_letters_whatever_the_language_of_the_machine(var: Path) -> None:
    holder = attach(var, LANG="C", LC_ALL="C")
    sockets = var / "sockets"
    assert ask(sockets, "SELECT datlocale FROM pg_database WHERE datname = 'smarketing'") == "PG_UNICODE_FAST"
    assert ask(sockets, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'smarketing'") == "UTF8"
    connection = connect(sockets)
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_trgm")
        cursor.execute("SELECT cardinality(show_trgm('佐藤商事'))")
        row = cursor.fetchone()
    connection.close()
    assert row is not None
    assert row[0] > 0
    let_go(holder)


def test_a_path_too_long_for_a_socket_gets_a_short_private_folder(var: Path) -> None:
    deep = var.parent / ("deep" * 25) / "var"
    assert not fits_a_socket(deep / "sockets")
    holder = attach(deep)
    (short,) = {
        Path(process.cmdline()[process.cmdline().index("-k") + 1])
        for process in servers_of(var.parent)
        if "-k" in process.cmdline()
    }
    assert fits_a_socket(short)
    assert short.stat().st_mode & 0o777 == 0o700
    assert ask(short, "SELECT 1") == 1
    with socket.socket(socket.AF_UNIX) as valkey:
        valkey.connect(str(short / "valkey.sock"))
    let_go(holder)
    assert not short.exists()
    let_go(attach(deep))
    assert not short.exists()


@as_root
def test_root_gives_its_servers_to_an_unprivileged_user(var: Path) -> None:
    holder = attach(var)
    assert {pwd.getpwuid(process.uids().real).pw_name for process in servers_of(var.parent)} == {"smarketing"}
    let_go(holder)


@as_root
def test_no_folder_is_opened_for_that_user(var: Path) -> None:
    var.parent.chmod(0o700)
    holder = attach(var)
    assert var.parent.stat().st_mode & 0o777 == 0o700
    assert servers_of(var.parent)
    assert not (var / "postgres").exists()
    assert "cannot enter" in let_go(holder)
    let_go(attach(var))


@as_root
def test_a_data_directory_that_was_there_keeps_its_permissions(var: Path) -> None:
    var.mkdir()
    var.chmod(0o700)
    let_go(attach(var))
    assert var.stat().st_mode & 0o777 == 0o700


def test_a_command_starts_the_database_and_stops_it_and_speaks_on_standard_error(var: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", "print('done')"],
        cwd=BASE_DIR,
        env=environment(var),
        capture_output=True,
        text=True,
    )
    assert done.stdout == "done\n", done.stderr
    assert "Starting PostgreSQL" in done.stderr
    assert "Valkey" not in done.stderr
    assert servers_of(var.parent) == []
