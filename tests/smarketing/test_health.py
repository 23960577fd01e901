import pytest
from django.test import Client
from pytest_django import Settings

from smarketing import health

pytestmark = pytest.mark.django_db


def test_health_names_what_is_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.PARTS, "worker", lambda: False)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.content.decode().splitlines() == ["database: ok", "queue: ok", "worker: down"]


def test_health_is_200_when_everything_answers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.PARTS, "worker", lambda: True)
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"


def test_health_is_asked_by_any_name_and_without_encryption(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz", headers={"host": "10.0.0.7"}).status_code in (200, 503)


def test_no_worker_is_a_worker_that_is_down() -> None:
    assert health.worker_answers() is False
