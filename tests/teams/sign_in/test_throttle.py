"""How long somebody waits who gave a wrong password, and that no stranger makes others wait."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from teams.models import Role, User
from teams.sign_in import throttle
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "eleven blue herons"
HERE, THERE = "198.51.100.1", "203.0.113.7"


@pytest.fixture(autouse=True)
def nobody_counted() -> None:
    cache.clear()


@pytest.fixture
def rep() -> User:
    return make.user(Role.REP, email="rep@example.org", password=PASSWORD, language="en")


def try_to(
    password: str = PASSWORD, *, email: str = "rep@example.org", at: str = HERE, browser: Client | None = None
) -> Any:
    browser = browser or Client()
    return browser.post("/account/login/", {"login": email, "password": password}, REMOTE_ADDR=at)


def wrong(times: int, **where: Any) -> None:
    for _n in range(times):
        try_to("a wrong password", **where)


def attempt(email: str = "rep@example.org", at: str = HERE) -> throttle.Attempt:
    return throttle.Attempt.of(Client().get("/account/login/", REMOTE_ADDR=at).wsgi_request, email)


def known(email: str = "rep@example.org") -> Client:
    browser = Client()
    try_to(email=email, browser=browser)
    browser.post("/account/logout/")
    return browser


@pytest.mark.parametrize(("failures", "seconds"), [(1, 0), (5, 0), (6, 30), (7, 60), (8, 120), (500, 120)])
def test_the_delay_of_a_pair_grows_to_two_minutes(failures: int, seconds: int) -> None:
    assert throttle.delay(failures) == seconds


def test_five_wrong_passwords_do_not_lock_the_right_one_out(rep: User) -> None:
    wrong(5)
    assert try_to().status_code == 302


def test_the_sixth_wrong_password_makes_its_address_wait(rep: User) -> None:
    wrong(6)
    assert "seconds, then try again." in try_to().content.decode()
    cache.delete(f"{attempt().pair}:from")  # The time is over.
    assert try_to().status_code == 302


def test_tries_that_are_refused_are_not_counted(rep: User) -> None:
    wrong(6)
    counted = cache.get(attempt().pair)
    assert all("Wait" in try_to().content.decode() for _n in range(3))
    assert cache.get(attempt().pair) == counted


def test_who_signs_in_begins_anew(rep: User) -> None:
    wrong(5)
    assert try_to().status_code == 302
    wrong(5)
    assert try_to().status_code == 302


def test_wrong_passwords_from_elsewhere_make_nobody_wait(rep: User) -> None:
    wrong(15, at=THERE)
    assert try_to(at=HERE).status_code == 302


@pytest.mark.parametrize("failures", [throttle.MOST_OF_ACCOUNT, 2_000])
def test_over_all_addresses_an_account_waits_five_seconds_and_no_more(rep: User, failures: int) -> None:
    cache.set(attempt().account, failures)
    assert "Wait 5 seconds" in try_to().content.decode()
    wrong(3, at=THERE)  # A stranger who goes on does not make it longer.
    admitted = f"{attempt().pair}:admitted"
    cache.set(admitted, cache.get(admitted) - throttle.SLOWED)  # The time is over.
    assert try_to().status_code == 302


def test_before_each_further_try_a_stranger_waits_again(rep: User) -> None:
    cache.set(attempt().account, throttle.MOST_OF_ACCOUNT)
    admitted = f"{attempt().pair}:admitted"
    for _n in range(2):
        assert "Wait 5 seconds" in try_to("a wrong password").content.decode()
        cache.set(admitted, cache.get(admitted) - throttle.SLOWED)
        assert "not correct" in try_to("a wrong password").content.decode()


def test_a_browser_that_signed_in_before_is_not_slowed_by_others(rep: User) -> None:
    browser = known()
    wrong(8)
    for many in (attempt().account, attempt().address):
        cache.set(many, 500)
    assert "Wait" in try_to().content.decode()
    assert try_to(browser=browser).status_code == 302


def test_a_known_browser_is_slowed_by_its_own_wrong_passwords(rep: User) -> None:
    browser = known()
    wrong(6, browser=browser)
    assert "Wait" in try_to(browser=browser).content.decode()


def test_a_browser_is_known_for_the_accounts_that_signed_in_with_it(rep: User) -> None:
    browser = known()
    wrong(6, email="other@example.org")
    assert "Wait" in try_to(email="other@example.org", browser=browser).content.decode()


def test_a_cookie_that_we_did_not_sign_is_none(rep: User) -> None:
    browser = known()
    value = browser.cookies["known_browser"].value
    browser.cookies["known_browser"] = value[:-2] + ("xx" if value[-2:] != "xx" else "yy")
    wrong(6)
    assert "Wait" in try_to(browser=browser).content.decode()


def test_ten_wrong_passwords_from_one_address_lock_nobody_behind_it_out(rep: User) -> None:
    for n in range(40):
        wrong(1, email=f"nobody{n}@example.org")
    assert try_to().status_code == 302


def test_behind_a_proxy_the_address_is_the_client_s(rep: User, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1

    def post(password: str, forwarded: str) -> Any:
        form = {"login": rep.email, "password": password}
        return Client().post("/account/login/", form, headers={"X-Forwarded-For": forwarded})

    for n in range(6):
        post("a wrong password", f"192.0.2.{n}, {THERE}")
    assert "Wait" in post(PASSWORD, f"192.0.2.99, {THERE}").content.decode()
    assert post(PASSWORD, f"{THERE}, {HERE}").status_code == 302


def test_of_an_account_that_does_not_exist_the_same_is_said(rep: User) -> None:
    said = []
    for email in (rep.email, "nobody@example.org"):
        wrong(5, email=email)
        said.append([str(try_to("a wrong password", email=email).context["form"].errors) for _n in range(2)])
    assert said[0] == said[1]


def test_the_wait_is_said_in_japanese(rep: User) -> None:
    wrong(6)
    form = {"login": rep.email, "password": PASSWORD}
    page = Client().post("/account/login/", form, headers={"Accept-Language": "ja"}, REMOTE_ADDR=HERE)
    assert "秒待ってから" in page.content.decode()


def test_without_the_cache_nobody_waits(rep: User, settings: Settings) -> None:
    nowhere = {"LOCATION": "redis://127.0.0.1:1/0", "OPTIONS": {"socket_connect_timeout": 0.2}}
    settings.CACHES = {"default": settings.CACHES["default"] | nowhere}
    wrong(7)
    assert try_to().status_code == 302
