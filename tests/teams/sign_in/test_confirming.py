"""Before signing, making tokens and changing people, the password is asked for again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from teams.models import Role, Team, Token, User
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "eleven blue herons"
TOKEN = {"name": "Script", "scope": "read", "expires_on": ""}


@pytest.fixture(autouse=True)
def quickly(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()


@pytest.fixture
def browser() -> Client:
    admin = make.user(Role.ADMINISTRATOR, email="admin@example.org", password=PASSWORD, language="en")
    browser = Client()
    browser.post("/account/login/", {"login": admin.email, "password": PASSWORD})
    return browser


def post(browser: Client, address: str, form: dict[str, Any], password: str = PASSWORD) -> Any:
    """Send a form, and the password that it asks for."""
    asked = browser.post(address, form)
    assert asked["Location"].startswith("/account/reauthenticate/")
    return browser.post(asked["Location"], {"password": password, "next": address})


def test_a_token_is_made_once_the_password_was_given_again(browser: Client) -> None:
    assert browser.get("/me/tokens/").status_code == 200
    answer = post(browser, "/me/tokens/", TOKEN)
    assert answer.context["secret"] in answer.content.decode()
    assert Token.objects.get().name == "Script"
    # For a few minutes it is not asked for again.
    assert browser.post("/me/tokens/", TOKEN).status_code == 200


def test_a_wrong_password_makes_nothing(browser: Client) -> None:
    post(browser, "/me/tokens/", TOKEN, "a wrong password")
    assert not Token.objects.exists()


def test_a_second_token_is_made_from_the_page_that_shows_the_first(browser: Client) -> None:
    answer = post(browser, "/me/tokens/", TOKEN)
    assert own_addresses(answer) == ["/me/tokens/"]
    browser.post(own_addresses(answer)[0], TOKEN | {"name": "Another"})
    assert {token.name for token in Token.objects.all()} == {"Script", "Another"}


def own_addresses(answer: Any) -> list[str]:
    """Where the forms of its main part are sent, apart from those that do something else. An empty one is sent to
    where the page stands."""
    main = re.search(r"<main.*</main>", answer.content.decode(), re.S)
    assert main
    forms = re.findall(r"<form[^>]*>", main[0])
    found = [re.search(r'action="([^"]*)"', form) for form in forms if 'method="post"' in form]
    return [each[1] if each else "" for each in found if not each or not each[1].endswith(OTHERS)]


# What else the same pages do.
OTHERS = ("/reset/", "/second-factor/", "/deactivation/", "/activation/", "/delete/", "/revocation/", "/return/")
REFUSED = ["/me/tokens/", "/settings/people/new/", "/settings/people/{sam}/", "/settings/teams/new/",
           "/settings/teams/{team}/", "/settings/organization/"]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_refused_once_the_password_was_given_is_sent_again_to_its_own_address(
    browser: Client, address: str
) -> None:
    sam = make.user(Role.REP, email="sam@example.org")
    address = address.format(sam=sam.pk, team=make.team(Team.Kind.SALES, name="East").pk)
    answer = post(browser, address, {"name": ""})
    assert answer.status_code == 422
    assert own_addresses(answer) == [address]


def test_every_page_that_asks_for_the_password_is_among_them() -> None:
    pages = {
        each.name
        for mounted in get_resolver().url_patterns
        if isinstance(mounted, URLResolver)
        for each in mounted.url_patterns
        if isinstance(each, URLPattern) and getattr(each.callback, "is_confirmed", False)
    }
    once = {"person_reset", "person_second_factor", "person_deactivation", "person_activation", "team_delete"}
    # Signing is tested with the agreement.
    assert pages - once == {
        "tokens", "person_new", "person", "team_new", "team", "organization", "agreement_signature",
    }  # fmt: skip


def changes() -> list[tuple[str, dict[str, Any]]]:
    person = {"email": "sam@example.org", "family_name": "Sato", "given_name": "", "roles": ["administrator"],
              "team": "", "language": ""}  # fmt: skip
    team = {"name": "West", "name_ja": "", "kind": "sales", "head": ""}
    return [
        ("/settings/people/new/", person | {"email": "new@example.org"}),
        ("/settings/people/{sam}/", person),
        ("/settings/people/{sam}/reset/", {}),
        ("/settings/people/{sam}/second-factor/", {}),
        ("/settings/people/{sam}/deactivation/", {}),
        ("/settings/people/{sam}/activation/", {}),
        ("/settings/teams/new/", team),
        ("/settings/teams/{team}/", team),
        ("/settings/teams/{team}/delete/", {}),
        ("/settings/organization/", {"name": "Other", "country": "JP", "time_zone": "Asia/Tokyo", "currency": "JPY"}),
    ]


@pytest.mark.parametrize(("address", "form"), changes())
def test_people_are_changed_once_the_password_was_given_again(
    browser: Client, address: str, form: dict[str, Any]
) -> None:
    sam = make.user(Role.REP, email="sam@example.org")
    address = address.format(sam=sam.pk, team=make.team(Team.Kind.SALES, name="East").pk)
    before = (list(User.objects.order_by("pk").values()), list(Team.objects.values()))
    asked = browser.post(address, form)
    assert asked["Location"].startswith("/account/reauthenticate/")
    after = (list(User.objects.order_by("pk").values()), list(Team.objects.values()))
    assert before == after
    done = browser.post(asked["Location"], {"password": PASSWORD, "next": address})
    assert done.status_code in (200, 302)
    assert "reauthenticate" not in done.get("Location", "")
