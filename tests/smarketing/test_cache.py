"""Without the cache nobody is turned away."""

import pytest
from django.core.cache import cache, caches
from django.test import Client
from pytest_django import Settings

from smarketing import cache as losable
from smarketing.cache import LosableCache, answers
from smarketing.saying import Trouble
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def without_cache(settings: Settings) -> None:
    nowhere = {"LOCATION": "redis://127.0.0.1:1/0", "OPTIONS": {"socket_connect_timeout": 0.2}}
    settings.CACHES = {"default": settings.CACHES["default"] | nowhere}
    assert isinstance(caches["default"], LosableCache)


def test_what_is_lost_is_forgotten(without_cache: None) -> None:
    cache.set("a", 1)
    assert cache.get("a", "gone") == "gone"
    assert cache.get_many(["a"]) == {}
    assert cache.add("a", 1) is True
    assert cache.delete("a") is False
    assert not cache.has_key("a")  # noqa: W601
    with pytest.raises(ValueError):
        cache.incr("a")
    assert not answers()


def test_an_outage_is_one_line_and_its_end_another(
    without_cache: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(losable, "away", Trouble())
    for _ in range(3):
        cache.get("a")
    (said,) = caplog.records
    assert said.getMessage().startswith("The cache is not reached: ")
    caplog.clear()
    for _ in range(3):
        losable.if_reached(lambda: 1)
    assert [record.getMessage() for record in caplog.records] == ["The cache is reached again."]


def test_what_is_kept_is_found() -> None:
    cache.set("a", 1)
    assert cache.get("a") == 1
    assert cache.add("a", 2) is False
    assert cache.incr("a") == 2
    assert answers()


def test_people_sign_in_without_the_cache(without_cache: None) -> None:
    make.user(Role.REP, email="rep@example.org", password="a good password")
    browser = Client()
    wrong = browser.post("/account/login/", {"login": "rep@example.org", "password": "another password"})
    assert wrong.status_code in (200, 422)
    right = browser.post("/account/login/", {"login": "rep@example.org", "password": "a good password"})
    assert right.status_code == 302
    assert "_auth_user_id" in browser.session
