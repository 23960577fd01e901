"""Where somebody is signed in, and what ends that."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from teams.models import Role, Token, User
from teams.sign_in.links import password_link
from tests import make
from tests.api import Program

pytestmark = pytest.mark.django_db
PASSWORD, OTHER = "eleven blue herons", "twelve red foxes"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E Safari/604.1"
CHANGE = {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}


@pytest.fixture(autouse=True)
def nobody_counted() -> None:
    cache.clear()


@pytest.fixture
def rep() -> User:
    return make.user(Role.REP, email="rep@example.org", password=PASSWORD, language="en")


def signed_in(rep: User, agent: str = FIREFOX) -> Client:
    browser = Client(headers={"User-Agent": agent})
    assert browser.post("/account/login/", {"login": rep.email, "password": PASSWORD}).status_code == 302
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/me/").status_code == 200


def listed(browser: Client) -> list[tuple[str, bool]]:
    return [(each.browser, each.is_here) for each in browser.get("/me/sessions/").context["sessions"]]


def test_each_browser_is_listed_by_a_name_that_one_recognises(rep: User) -> None:
    here, there = signed_in(rep), signed_in(rep, SAFARI)
    signed_in(make.user(Role.REP, email="other@example.org", password=PASSWORD))
    assert sorted(listed(here)) == [("Firefox, Windows", True), ("Safari, iPhone", False)]
    there.post("/account/logout/")
    assert listed(here) == [("Firefox, Windows", True)]


def test_one_other_browser_is_signed_out(rep: User) -> None:
    here, there, third = signed_in(rep), signed_in(rep, SAFARI), signed_in(rep)
    (other,) = [each for each in here.get("/me/sessions/").context["sessions"] if each.browser == "Safari, iPhone"]
    here.post(f"/me/sessions/{other.pk}/ending/")
    assert [is_in(browser) for browser in (here, there, third)] == [True, False, True]


def test_nobody_ends_somebody_else_s_session(rep: User) -> None:
    here = signed_in(rep)
    (mine,) = here.get("/me/sessions/").context["sessions"]
    make.signed_in(make.user(Role.ADMINISTRATOR)).post(f"/me/sessions/{mine.pk}/ending/")
    assert is_in(here)


def test_end_all_ends_every_other_session_and_every_token(rep: User) -> None:
    here, there, unlisted, program = signed_in(rep), signed_in(rep, SAFARI), make.signed_in(rep), Program(rep)
    stranger = make.signed_in(make.user(Role.REP))
    here.post("/me/sessions/ending/")
    assert [is_in(browser) for browser in (here, there, unlisted, stranger)] == [True, False, False, True]
    assert program.get("handoffs/").status_code == 401
    assert listed(here) == [("Firefox, Windows", True)]
    # Signing in goes on as before.
    assert is_in(signed_in(rep, SAFARI))


@pytest.mark.parametrize("ends", [True, False])
def test_a_changed_password_ends_other_sessions_and_asks_about_tokens(rep: User, ends: bool) -> None:
    here, there, program = signed_in(rep), signed_in(rep, SAFARI), Program(rep)
    assert "Also end my token" in here.get("/account/password/change/").content.decode()
    here.post("/account/password/change/", CHANGE | ({"end_tokens": "on"} if ends else {}))
    assert [is_in(here), is_in(there)] == [True, False]
    assert listed(here) == [("Firefox, Windows", True)]
    assert program.get("handoffs/").status_code == (401 if ends else 200)


@pytest.mark.parametrize("ends", [True, False])
def test_a_password_by_link_ends_all_sessions_and_asks_about_tokens(rep: User, ends: bool) -> None:
    there, program, guest = signed_in(rep), Program(rep), Client()
    page = guest.get(urlsplit(password_link(User.objects.get(pk=rep.pk))).path, follow=True)
    assert page.context["form"].fields["end_tokens"].initial is True
    form: dict[str, Any] = {"password1": OTHER, "password2": OTHER} | ({"end_tokens": "on"} if ends else {})
    guest.post(page.redirect_chain[-1][0], form)
    assert not is_in(there)
    assert not Session.objects.filter(session_key=there.session.session_key).exists()
    assert program.get("handoffs/").status_code == (401 if ends else 200)


def test_who_has_no_token_is_not_asked(rep: User) -> None:
    Program(rep)
    Token.objects.filter(user=rep).revoke()
    assert "end_tokens" not in signed_in(rep).get("/account/password/change/").context["form"].fields


def test_the_list_costs_the_same_for_one_session_and_for_ten(rep: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            here.get("/me/sessions/")
        return len(asked)

    here = signed_in(rep)
    here.get("/me/sessions/")
    one = queries()
    for _n in range(9):
        signed_in(rep)
        Program(rep)
    assert queries() == one
