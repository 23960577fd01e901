"""From an invitation to the second factor, in with it, in with a recovery code, and back: at a browser, on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, Page

from teams.models import Organization, Role, User
from teams.people import administering
from teams.sign_in.links import password_link
from tests import make
from tests.browser import DESKTOP, MISSING, PHONE, chromium
from tests.in_process import HOST, page_of
from tests.teams.test_me import code

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PASSWORD = "eleven blue herons"
HOME = f"http://{HOST}"
SHOTS = os.environ.get("STORY_SHOTS", "")


@pytest.fixture(scope="module")
def browser(django_db_setup: None) -> Iterator[Browser]:
    with chromium() as found:
        if found is None:
            pytest.skip(MISSING)
        yield found
        # Beside an event loop Django opens a connection of its own.
        connections.close_all()


def press(page: Page, fields: dict[str, str]) -> None:
    """Fill a form and send it by keyboard."""
    for name, value in fields.items():
        page.locator(f"main input[name={name}]").fill(value)
    page.locator(f"main input[name={list(fields)[-1]}]").press("Enter")
    page.wait_for_load_state()


def shot(page: Page, name: str) -> None:
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"{name} is wider than the screen"
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def sign_in(page: Page) -> None:
    page.goto(f"{HOME}/account/login/")
    press(page, {"login": "aya@example.org", "password": PASSWORD})


@pytest.mark.parametrize(("language", "size"), [("en", DESKTOP), ("ja", PHONE)])
def test_from_an_invitation_to_the_second_factor_and_back(
    browser: Browser, language: str, size: tuple[int, int]
) -> None:
    cache.clear()
    Organization.objects.update_or_create(pk=1, defaults={"second_factor_required": True})
    aya = User(email="aya@example.org", family_name="中村", given_name="彩", roles=[Role.REP.value], language=language)
    administering.save(aya, by=make.user(Role.ADMINISTRATOR))
    client = Client(SERVER_NAME=HOST)
    with page_of(browser, client, language=language, size=size) as page:
        page.goto(HOME + urlsplit(password_link(aya)).path)
        shot(page, f"{language}-1-invited")
        press(page, {"password1": PASSWORD, "password2": PASSWORD})
        sign_in(page)
        # Whoever has none is led to it, over the password that is asked for again.
        shot(page, f"{language}-2-confirm")
        press(page, {"password": PASSWORD})
        shot(page, f"{language}-3-activate")
        secret = page.locator("#authenticator_secret").input_value()
        press(page, {"code": "000000"})
        assert page.locator("main input[name=code]").is_visible()
        press(page, {"code": code(secret)})
        shot(page, f"{language}-4-codes")
        codes = page.locator("#recovery_codes").input_value().split()
        assert len(codes) == 10
        page.goto(f"{HOME}/me/")
        shot(page, f"{language}-5-settings")
        client.post("/account/logout/")

        sign_in(page)
        shot(page, f"{language}-6-code")
        press(page, {"code": codes[0]})
        page.goto(f"{HOME}/account/2fa/")
        assert "9" in page.locator("main").inner_text()
        shot(page, f"{language}-7-second-factor")
        client.post("/account/logout/")

        # A recovery code is for one use.
        sign_in(page)
        press(page, {"code": codes[0]})
        assert page.locator("main input[name=code]").is_visible()
        press(page, {"code": codes[1]})
        Organization.objects.update(second_factor_required=False)
        page.goto(f"{HOME}/account/2fa/totp/deactivate/")
        if page.locator("main input[name=password]").is_visible():
            press(page, {"password": PASSWORD})
        shot(page, f"{language}-8-back")
        page.locator("main button.btn--danger").click()
        page.wait_for_load_state()
        assert not Authenticator.objects.exists()
        client.post("/account/logout/")
        sign_in(page)
        page.goto(f"{HOME}/me/")
        assert page.locator("main h1").is_visible()
