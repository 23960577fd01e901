"""What each decides about themself: language, zone, appearance, tokens, a second factor; and what they are told."""

import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.timezone import now

from sla.notices import BREACH
from teams.models import Notice, Role, Scope, Token, User
from teams.notices import notice_kinds
from tests import make
from tests.api import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep() -> User:
    return make.user(Role.REP, email="rep@example.org", given_name="Aya", family_name="Nakamura", password="a password")


@pytest.fixture
def browser(rep: User) -> Client:
    return make.signed_in(rep)


def settings_of(**more: str) -> dict[str, str]:
    return {"family_name": "Nakamura", "given_name": "Aya", "language": "", "time_zone": "", "theme": ""} | more


# Settings


def test_the_language_of_the_settings_wins_over_the_browser_s(browser: Client) -> None:
    assert 'lang="en"' in browser.get("/me/").content.decode()
    assert 'lang="ja"' in browser.get("/me/", headers={"Accept-Language": "ja"}).content.decode()
    browser.post("/me/", settings_of(language="ja"))
    page = browser.get("/me/", headers={"Accept-Language": "en"}).content.decode()
    assert 'lang="ja"' in page
    assert "Nakamura Aya" in page


def test_the_appearance_takes_effect(browser: Client) -> None:
    browser.post("/me/", settings_of(theme="dark"))
    assert 'data-theme="dark"' in browser.get("/me/").content.decode()


def test_moments_are_shown_in_the_person_s_time_zone(browser: Client, rep: User) -> None:
    make.notice(rep, at=datetime(2026, 1, 5, 15, 30, tzinfo=UTC))
    assert ">6 Jan" in browser.get("/notices/").content.decode()
    browser.post("/me/", settings_of(time_zone="America/New_York"))
    assert ">5 Jan" in browser.get("/notices/").content.decode()


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Base"}, {"language": "xx"}, {"theme": "pink"}])
def test_a_setting_that_is_none_is_refused_at_its_field(browser: Client, wrong: dict[str, str]) -> None:
    answer = browser.post("/me/", settings_of(**wrong))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(wrong)


# Notices


def test_told_twice_is_told_once(rep: User) -> None:
    for _n in range(2):
        make.notice(rep)
    assert Notice.objects.count() == 1


def test_every_kind_of_notice_has_words_in_both_languages(rep: User) -> None:
    for kind in notice_kinds():
        notice = Notice(user=rep, kind=kind.key, about="1", params=kind.example)
        with translation.override("en"):
            english, title = notice.text, notice.title
        with translation.override("ja"):
            assert re.search("[ぁ-ん]", notice.text), kind
            assert notice.text != english
            assert notice.title != title
        assert "%(" not in english


def test_a_notice_is_opened_and_read(browser: Client, rep: User) -> None:
    make.notice(rep, given_name="Joe", family_name="Smith", handoff=7)
    assert "Joe Smith is offered to you." in browser.get("/notices/").content.decode()
    answer = browser.get(f"/notices/{Notice.objects.get().pk}/")
    assert answer["Location"] == "/inbox/7/"
    assert Notice.objects.get().read_at
    make.notice(rep, kind=BREACH)
    browser.post("/notices/read/")
    assert not Notice.objects.unread().exists()


def test_somebody_else_s_notice_is_not_there(browser: Client) -> None:
    make.notice(make.user(Role.REP))
    assert browser.get(f"/notices/{Notice.objects.get().pk}/").status_code == 404


def test_notices_cost_the_same_for_one_and_for_many(browser: Client, rep: User) -> None:
    make.notice(rep)
    browser.get("/notices/")
    with CaptureQueriesContext(connection) as one:
        browser.get("/notices/")
    for n in range(10):
        make.notice(rep, about=f"lead {n}")
    with CaptureQueriesContext(connection) as many:
        browser.get("/notices/")
    assert len(many) == len(one)


# Tokens


def test_a_secret_is_shown_once_and_kept_as_a_digest(browser: Client, rep: User) -> None:
    answer = browser.post("/me/tokens/", {"name": "Script", "scope": "write", "expires_on": ""})
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert secret not in browser.get("/me/tokens/").content.decode()
    token = Token.objects.get()
    assert token.digest != secret
    assert secret not in str(Token.objects.values().get())
    assert Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/handoffs/").status_code == 200


def test_a_token_ends_on_its_day_in_the_company_s_zone(browser: Client) -> None:
    day = (now() + timedelta(days=30)).date()
    browser.post("/me/tokens/", {"name": "Script", "scope": "read", "expires_on": day.isoformat()})
    token = Token.objects.get()
    assert token.scopes == ["read"]
    assert token.expires_at == datetime.combine(day, datetime.min.time(), UTC) - timedelta(hours=9)


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scope": "all"}, {"expires_on": "2020-01-01"}, {"expires_on": "x"}])
def test_a_wrong_token_is_refused_at_its_field(browser: Client, wrong: dict[str, str]) -> None:
    answer = browser.post("/me/tokens/", {"name": "Script", "scope": "read", "expires_on": ""} | wrong)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(wrong)
    assert not Token.objects.exists()


def test_a_revoked_token_opens_nothing_any_more(browser: Client, rep: User) -> None:
    program = Program(rep)
    browser.post(f"/me/tokens/{program.token.pk}/revocation/")
    assert program.get("handoffs/").status_code == 401
    assert b"Revoked" in browser.get("/me/tokens/").content


def test_somebody_else_s_token_is_not_there(browser: Client) -> None:
    program = Program(make.user(Role.REP))
    assert browser.post(f"/me/tokens/{program.token.pk}/revocation/").status_code == 404
    assert program.get("handoffs/").status_code == 200


def printed(*arguments: str, **options: str) -> dict[str, object]:
    out = StringIO()
    call_command("token", *arguments, stdout=out, **options)
    (line,) = out.getvalue().splitlines()
    return dict(json.loads(line))


def test_the_command_prints_the_secret_in_one_line(rep: User) -> None:
    said = printed("REP@example.org", scopes="read,write", name="コマンド", expires="2099-01-01")
    assert said == {
        "secret": said["secret"],
        "name": "コマンド",
        "scopes": ["read", "write"],
        "expires_at": "2099-01-01T00:00:00+09:00",
    }
    client = Client(headers={"Authorization": f"Bearer {said['secret']}"})
    assert client.get("/api/v1/handoffs/").status_code == 200


def test_the_command_makes_a_token_that_reads_by_default(rep: User) -> None:
    assert printed(rep.email)["scopes"] == [Scope.READ]


@pytest.mark.parametrize(
    ("email", "options"),
    [
        ("nobody@example.org", {}),
        ("gone@example.org", {}),
        ("rep@example.org", {"scopes": "everything"}),
        ("rep@example.org", {"scopes": ","}),
        ("rep@example.org", {"name": " "}),
        ("rep@example.org", {"expires": "tomorrow"}),
        ("rep@example.org", {"expires": "2020-01-01"}),
    ],
)
def test_the_command_reports_a_mistake_in_one_line(rep: User, email: str, options: dict[str, str]) -> None:
    make.user(Role.REP, email="gone@example.org", is_active=False)
    with pytest.raises(CommandError) as wrong:
        printed(email, **options)
    assert wrong.value.returncode == 2
    assert len(str(wrong.value).splitlines()) == 1
    assert not Token.objects.exists()


# A second factor


def code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_a_second_factor_is_switched_on_and_asked_for(rep: User) -> None:
    browser = Client()
    browser.post("/account/login/", {"login": rep.email, "password": "a password"})
    asked = browser.get("/account/2fa/totp/activate/")
    page = browser.post(asked["Location"], {"password": "a password"}, follow=True)
    assert page.status_code == 200
    secret = page.context["form"].secret
    assert "data:image/svg+xml" in page.content.decode()
    assert browser.post("/account/2fa/totp/activate/", {"code": "000000"}).status_code in (200, 422)
    assert browser.post("/account/2fa/totp/activate/", {"code": code(secret)}).status_code == 302
    assert Authenticator.objects.filter(user=rep, type="totp").exists()

    stranger = Client()
    asked = stranger.post("/account/login/", {"login": rep.email, "password": "a password"})
    assert "_auth_user_id" not in stranger.session
    assert "/2fa/authenticate/" in asked["Location"]


def test_an_administrator_switches_off_the_second_factor_of_somebody_who_lost_it(rep: User) -> None:
    Authenticator.objects.create(user=rep, type="totp", data={"secret": "x"})
    admin = make.signed_in(make.user(Role.ADMINISTRATOR))
    assert b"Switch it off" in admin.get(f"/settings/people/{rep.pk}/").content
    admin.post(f"/settings/people/{rep.pk}/second-factor/")
    assert not Authenticator.objects.exists()
    page = admin.get(f"/settings/people/{rep.pk}/").content
    assert b"Second factor switched off" in page
    assert b"Switch it off" not in page
