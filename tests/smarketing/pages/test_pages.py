"""The shell around every page: signing in, the way around, what went wrong, and the choice of language and theme."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

from smarketing.pages import navigation
from teams.models import Role, User
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> User:
    return make.user(Role.REP, email="rosa@demo.example", password="a-long-password", given_name="Rosa")


def test_signing_in_leads_to_where_one_was_going(client: Client, rosa: User):
    answer = client.post(
        "/account/login/?next=/account/2fa/", {"login": "Rosa@demo.example", "password": "a-long-password"}
    )
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/account/2fa/"


def test_a_wrong_password_keeps_the_e_mail_and_says_so(client: Client, rosa: User):
    answer = client.post("/account/login/", {"login": "rosa@demo.example", "password": "wrong"})
    page = answer.content.decode()
    assert 'value="rosa@demo.example"' in page
    assert 'role="alert"' in page


def test_nobody_signs_up_alone(client: Client):
    mine = {"email": "x@example.org", "password1": "abcDEF12345", "password2": "abcDEF12345"}
    answer = client.post("/account/signup/", mine)
    assert "By invitation" in answer.content.decode()
    assert not User.objects.exists()


def test_before_sign_in_the_browser_chooses_the_language(client: Client):
    page = client.get("/account/login/", headers={"accept-language": "ja"}).content.decode()
    assert '<html lang="ja"' in page
    assert "ログイン" in page


def test_choosing_a_language_is_kept_with_the_person(client: Client, rosa: User):
    client.force_login(rosa)
    answer = client.post(reverse("set_language"), {"language": "ja", "next": "/account/2fa/"})
    assert answer.headers["Location"] == "/account/2fa/"
    rosa.refresh_from_db()
    assert rosa.language == "ja"
    assert '<html lang="ja"' in client.get("/account/2fa/").content.decode()


def test_an_unknown_language_changes_nothing(client: Client, rosa: User):
    client.force_login(rosa)
    client.post(reverse("set_language"), {"language": "tlh"})
    rosa.refresh_from_db()
    assert rosa.language == ""


def test_choosing_a_theme_is_kept_with_the_person(client: Client, rosa: User):
    client.force_login(rosa)
    client.post(reverse("set_theme"), {"theme": "dark"})
    assert 'data-theme="dark"' in client.get("/account/2fa/").content.decode()


def test_before_sign_in_the_theme_is_kept_in_the_browser(client: Client):
    client.post(reverse("set_theme"), {"theme": "dark"})
    assert 'data-theme="dark"' in client.get("/account/login/").content.decode()


def test_an_unknown_theme_changes_nothing(client: Client):
    client.post(reverse("set_theme"), {"theme": '"><script>'})
    assert "data-theme" not in client.get("/account/login/").content.decode().split("<head>")[0]


def test_going_back_never_leaves_us(client: Client):
    answer = client.post(reverse("set_theme"), {"theme": "dark", "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize(("language", "words"), [("en", "There is nothing here"), ("ja", "ページが見つかりません")])
def test_what_is_not_there_is_said_in_the_language_of_the_page(client: Client, rosa: User, language: str, words: str):
    rosa.language = language
    rosa.save()
    client.force_login(rosa)
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    "template",
    ["400.html", "403.html", "404.html", "409.html", "429.html", "403_csrf.html", "500.html", "503.html"],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_error_pages_need_no_context(template: str, language: str):
    with translation.override(language):
        assert "<h1>" in render_to_string(template)


def test_a_form_without_its_token_is_refused_in_words(rosa: User):
    answer = Client(enforce_csrf_checks=True).post(reverse("set_theme"), {"theme": "dark"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()


def test_pages_carry_no_inline_script_or_style(client: Client, rosa: User):
    client.force_login(rosa)
    for path in ("/account/2fa/", "/account/password/change/", "/no/such/page/"):
        page = client.get(path).content.decode()
        assert not re.search(r"\sstyle=|<style|\son\w+=", page)
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page)


def test_the_longest_address_says_where_one_is():
    urls = {"home": "/", "leads": "/leads/", "segments": "/leads/segments/"}
    assert navigation.page_at("/", urls) == "home"
    assert navigation.page_at("/leads/7/", urls) == "leads"
    assert navigation.page_at("/leads/segments/3/", urls) == "segments"
    assert navigation.page_at("/elsewhere/", urls) == ""


def test_the_way_around_shows_only_what_one_may_open(rf: RequestFactory, rosa: User):
    request = rf.get("/")
    request.user = rosa
    shown = [link.name for section in navigation.sections(request) for link in section.links]
    assert all(navigation.may_open(rosa, name) for name in shown)
    assert all(link.url for section in navigation.sections(request) for link in section.links)


def test_plotly_is_served_from_its_package():
    found = finders.find("plotly/plotly.min.js")
    assert found
    assert Path(str(found)).stat().st_size > 1_000_000


def test_plotly_finds_its_styles_taken_care_of():
    """What plotly.js would write into <style> elements is named in figure.js, by the ids that it looks for."""
    plotly = Path(str(finders.find("plotly/plotly.min.js"))).read_text(encoding="utf-8")
    scripts = Path(str(finders.find("js/app.js"))).read_text(encoding="utf-8")
    wanted = set(re.findall(r'getElementById\("([0-9a-f]{64})"\)', plotly))
    assert all(each in scripts for each in wanted)
    assert "no-inline-styles" in plotly
