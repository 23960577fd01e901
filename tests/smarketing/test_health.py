from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from smarketing import health
from smarketing.database import heartbeats
from smarketing.saying import Trouble
from smarketing.supervisor import disk

pytestmark = pytest.mark.django_db
FINE = ["database: ok", "version: ok", "secret: ok", "queue: ok", "worker: ok", "tick: ok"]


@pytest.fixture(autouse=True)
def _a_worker_and_a_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.PARTS, "worker", lambda: True)
    with connection.cursor() as cursor:
        heartbeats.beat(cursor, health.TICK)


def lines(client: Client) -> list[str]:
    response = client.get("/healthz")
    *parts, room = response.content.decode().splitlines()
    assert room.startswith("disk: ")
    assert (response.status_code == 200) == (parts == FINE)
    return [line for line in parts if line not in FINE]


def test_health_names_what_is_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.PARTS, "worker", lambda: False)
    assert lines(client) == ["worker: down"]


def test_health_is_200_when_everything_answers(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"


def test_health_is_asked_by_any_name_and_without_encryption(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz", headers={"host": "10.0.0.7"}).status_code in (200, 503)


def test_no_worker_is_a_worker_that_is_down() -> None:
    assert health.worker_answers() is False


@pytest.mark.parametrize("age", ["31 seconds", "-1 hour"])
def test_a_tick_without_a_heartbeat_is_down(client: Client, age: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE smarketing_heartbeat SET at = clock_timestamp() - %s::interval", [age])
    assert lines(client) == ["tick: down"]


def test_a_database_that_only_reads_is_down(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    assert lines(client) == ["database: down"]


def test_a_database_whose_disk_is_full_is_down(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE 'No space left on device' USING ERRCODE = 'disk_full'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER no_space BEFORE INSERT OR UPDATE ON smarketing_heartbeat EXECUTE FUNCTION no_space()"
        )
    assert lines(client) == ["database: down"]


def test_data_of_a_newer_version_are_said(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('sla', '9999_later', now())")
    (line,) = lines(client)
    assert line.startswith(
        "version: the data are of a newer version than this code, which does not know sla.9999_later."
    )


def test_without_a_secret_nothing_is_signed(client: Client, settings: Settings) -> None:
    settings.SECRET_KEY = ""
    assert lines(client) == ["secret: down"]


def test_a_secret_that_was_emptied_is_said(
    client: Client, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    settings.VAR_DIR = tmp_path
    (tmp_path / "secret_key").touch()
    assert lines(client) == [f"secret: {tmp_path}/secret_key is empty"]


@pytest.mark.parametrize(
    ("left", "line"), [(2_000_000_000, "disk: ok, 2.0 GB left"), (400_000_000, "disk: nearly full, 0.4 GB left")]
)
def test_health_says_how_much_room_is_left(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, left: int, line: str
) -> None:
    monkeypatch.setattr(disk, "low", Trouble())
    monkeypatch.setattr(disk, "free", lambda folders: left)
    response = client.get("/healthz")
    assert response.content.decode().splitlines()[-1] == line
    assert response.status_code == 200
    assert ("nearly full" in caplog.text) == ("nearly full" in line)


def test_a_nearly_full_disk_is_logged_once_and_each_hour_until_there_is_room_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now, left = 0.0, 0
    monkeypatch.setattr(disk, "low", Trouble(again_after=disk.HOUR, clock=lambda: now))
    monkeypatch.setattr(disk, "free", lambda folders: left)

    def logged(gigabytes: float, at: float) -> list[str]:
        nonlocal now, left
        now, left = at, int(gigabytes * 1_000_000_000)
        caplog.clear()
        for _ in range(3):
            disk.describe([Path("/data")])
        return [record.getMessage() for record in caplog.records]

    assert logged(2, 0) == []
    assert logged(0.4, 10) == ["The disk of /data is nearly full: 0.4 GB left."]
    assert logged(0.3, 3600) == []
    assert logged(0.3, 3611) == ["The disk of /data is nearly full: 0.3 GB left."]
    # What comes and goes around the limit is no news.
    assert logged(1.1, 3612) == logged(0.9, 3613) == []
    assert logged(1.5, 3614) == ["The disk of /data has room again: 1.5 GB left."]
    assert logged(0.9, 3615) == ["The disk of /data is nearly full: 0.9 GB left."]


def test_the_least_room_of_all_folders_counts(tmp_path: Path) -> None:
    assert 0 < disk.free([tmp_path, Path("/dev/shm")]) <= disk.free([tmp_path])


def test_a_process_lives_whatever_it_needs(client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    monkeypatch.setattr(health, "states", lambda: {"database": False})
    response = client.get("/livez", headers={"host": "10.0.0.7"})
    assert (response.status_code, response.content, response["Cache-Control"]) == (200, b"alive\n", "no-store")
