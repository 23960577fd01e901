"""The second factor: switched on by whoever was invited, asked of everybody where the company says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client
from django.utils.translation import override
from pytest_django import Settings

from smarketing import env
from teams.models import Organization, Role, User
from teams.people import administering
from teams.sign_in import mails
from teams.sign_in.links import password_link
from tests import make
from tests.teams.test_me import code

pytestmark = pytest.mark.django_db
PASSWORD = "eleven blue herons"
ACTIVATE = "/account/2fa/totp/activate/"


@pytest.fixture(autouse=True)
def quickly(settings: Settings) -> Iterator[None]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    with override(None):
        yield


def invited() -> User:
    person = User(email="Aya@example.org", roles=["rep"], language="en")
    administering.save(person, by=make.user(Role.ADMINISTRATOR))
    set_password(person, PASSWORD)
    return User.objects.get(pk=person.pk)


def set_password(person: User, password: str) -> None:
    guest, person = Client(), User.objects.get(pk=person.pk)
    where = guest.get(urlsplit(password_link(person)).path, follow=True).redirect_chain[-1][0]
    assert guest.post(where, {"password1": password, "password2": password}).status_code == 302


def signed_in(person: User, password: str = PASSWORD) -> Client:
    browser = Client()
    assert browser.post("/account/login/", {"login": person.email, "password": password}).status_code == 302
    return browser


def confirmed(browser: Client, address: str, password: str = PASSWORD) -> Any:
    """Open a page that asks for the password again."""
    asked = browser.get(address)
    assert asked["Location"].startswith("/account/reauthenticate/")
    return browser.post(asked["Location"], {"password": password}, follow=True)


def switched_on(browser: Client, password: str = PASSWORD) -> None:
    page = confirmed(browser, ACTIVATE, password)
    answer = browser.post(ACTIVATE, {"code": code(page.context["form"].secret)})
    assert answer["Location"] == "/account/2fa/recovery-codes/"


def test_an_invitation_proves_the_address() -> None:
    person = invited()
    assert list(EmailAddress.objects.values_list("user", "email", "verified")) == [(person.pk, "aya@example.org", True)]


def test_whoever_was_invited_switches_it_on() -> None:
    person = invited()
    switched_on(signed_in(person))
    assert Authenticator.objects.filter(user=person, type="totp").exists()


def test_a_stranger_who_asks_for_a_link_locks_nobody_out_of_it() -> None:
    person = invited()
    for _n in range(2):
        Client().post("/account/password/reset/", {"email": person.email})
        assert mails.send_waiting() == 1  # And the first password is no change of one.
    switched_on(signed_in(person))


def test_who_changes_the_password_is_not_locked_out_of_it() -> None:
    person = invited()
    browser = signed_in(person)
    form = {"oldpassword": PASSWORD, "password1": "twelve red foxes", "password2": "twelve red foxes"}
    assert browser.post("/account/password/change/", form).status_code == 302
    switched_on(browser, "twelve red foxes")
    set_password(person, "thirteen green owls")
    assert signed_in(person, "thirteen green owls").get("/account/2fa/authenticate/").status_code == 200


def test_who_guesses_codes_is_stopped_in_every_browser_and_a_code_opens_once() -> None:
    person, seed = invited(), generate_totp_secret()
    TOTP.activate(person, seed)
    guessing, another = signed_in(person), signed_in(person)
    for _n in range(5):
        assert guessing.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    for browser in (guessing, another):
        browser.post("/account/2fa/authenticate/", {"code": code(seed)})
        assert browser.get("/me/").status_code == 302
    cache.clear()
    another.post("/account/2fa/authenticate/", {"code": code(seed)})
    assert another.get("/me/").status_code == 200
    guessing.post("/account/2fa/authenticate/", {"code": code(seed)})
    assert guessing.get("/me/").status_code == 302


def test_nobody_is_known_by_an_address_that_was_replaced() -> None:
    person = invited()
    person.email = "other@example.org"
    administering.save(person, by=make.user(Role.ADMINISTRATOR))
    assert not EmailAddress.objects.exists()
    switched_on(signed_in(person))


def test_its_pages_call_it_by_one_word_and_lead_on() -> None:
    person = invited()
    User.objects.filter(pk=person.pk).update(language="ja")
    guest = Client()
    where = guest.get(urlsplit(password_link(person)).path, follow=True).redirect_chain[-1][0]
    done = guest.post(where, {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    assert 'href="/account/login/"' in done.content.decode()
    browser = signed_in(person)
    switched_on(browser)
    second = signed_in(person).get("/account/2fa/authenticate/", headers={"accept-language": "ja"}).content.decode()
    pages = [second]
    for path in ("", "recovery-codes/", "recovery-codes/generate/", "totp/deactivate/"):
        pages.append(browser.get(f"/account/2fa/{path}").content.decode())
    for page in pages:
        assert "二要素認証" in page
        assert "多要素" not in page


# Required by the company


@pytest.fixture
def required() -> None:
    Organization.objects.update_or_create(pk=1, defaults={"second_factor_required": True})


PAGES = ["/", "/leads/", "/me/", "/me/tokens/", "/notices/", "/settings/people/", "/inbox/"]


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("address", PAGES)
def test_who_has_none_is_led_to_set_it_up(address: str) -> None:
    browser = make.signed_in(make.user(Role.REP, Role.ADMINISTRATOR))
    assert browser.get(address)["Location"] == ACTIVATE
    assert browser.post(address)["Location"] == ACTIVATE


@pytest.mark.usefixtures("required")
def test_who_set_it_up_goes_on() -> None:
    person = invited()
    browser = signed_in(person)
    page = confirmed(browser, ACTIVATE)
    assert "Your company asks everybody for a second factor." in page.content.decode()
    browser.post(ACTIVATE, {"code": code(page.context["form"].secret)})
    assert browser.get("/me/").status_code == 200


@pytest.mark.usefixtures("required")
def test_it_cannot_be_switched_off_again() -> None:
    person = make.user(Role.REP)
    TOTP.activate(person, generate_totp_secret())
    make.signed_in(person).post("/account/2fa/totp/deactivate/", {})
    assert Authenticator.objects.filter(user=person).exists()


def test_an_administrator_requires_it_on_a_page() -> None:
    browser = make.signed_in(make.user(Role.ADMINISTRATOR))
    form = {"name": "Acme", "country": "JP", "time_zone": "Asia/Tokyo", "currency": "JPY"}
    browser.post("/settings/organization/", form | {"second_factor_required": "on"})
    assert Organization.ours().second_factor_required
    assert browser.get("/settings/organization/")["Location"] == ACTIVATE


def test_where_it_is_not_required_nobody_is_led_away() -> None:
    assert make.signed_in(make.user(Role.REP)).get("/me/").status_code == 200


def test_a_secret_of_another_key_is_said_at_its_place(settings: Settings) -> None:
    person = invited()
    TOTP.activate(person, generate_totp_secret())
    settings.ENCRYPTION_KEYS = [env.new_key()]
    page = signed_in(person).post("/account/2fa/authenticate/", {"code": "123456"})
    assert "Your second factor cannot be read on this server." in page.content.decode()
