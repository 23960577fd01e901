"""Mails about an account: the product's own, in the person's language, to nobody who has no account."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now
from pytest_django import Settings

from teams.models import AccountMail, Role, User
from teams.sign_in import mails
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "eleven blue herons"
RESET = "/account/password/reset/"


@pytest.fixture(autouse=True)
def mailbox(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PUBLIC_URL = "https://smarketing.example.com"
    cache.clear()


@pytest.fixture
def rep() -> User:
    return make.user(Role.REP, email="Rep@example.org", password=PASSWORD, language="ja")


def asked(email: str) -> tuple[int, str, list[str]]:
    """What the page answers, and what it asks of the database."""
    with CaptureQueriesContext(connection) as queries:
        answer = Client().post(RESET, {"email": email}, headers={"Host": "localhost"}, follow=True)
    page = re.sub(r'csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
    return answer.status_code, page, [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries]


def test_the_page_answers_the_same_and_does_the_same_for_unknown_addresses(rep: User) -> None:
    known, unknown = asked(rep.email), asked("nobody@example.org")
    assert known == unknown
    assert AccountMail.objects.count() == 2


@pytest.mark.parametrize("email", ["nobody@example.org", "gone@example.org"])
def test_nothing_at_all_is_sent_to_who_has_no_account(email: str) -> None:
    make.user(Role.REP, email="gone@example.org", password=PASSWORD, is_active=False)
    Client().post(RESET, {"email": email})
    assert mails.send_waiting() == 0
    assert mail.outbox == []
    assert not AccountMail.objects.exists()


@pytest.mark.parametrize(
    ("language", "subject"),
    [("en", "Set a new password for Smarketing"), ("ja", "Smarketingの新しいパスワードの設定")],
)
def test_the_link_comes_in_the_person_s_language_from_the_public_address(
    rep: User, language: str, subject: str
) -> None:
    User.objects.filter(pk=rep.pk).update(language=language)
    Client().post(RESET, {"email": "rep@EXAMPLE.org"}, headers={"Host": "127.0.0.1", "Accept-Language": "en"})
    assert mails.send_waiting() == 1
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([rep.email], subject)
    (html,) = [str(part) for part, kind in sent.alternatives if kind == "text/html"]
    for text in (sent.body, html):
        assert set(re.findall(r"https?://[^/\s\"]+", str(text))) == {"https://smarketing.example.com"}
    link = re.findall(r"https://\S+", str(sent.body))[0].removeprefix("https://smarketing.example.com")
    assert Client().get(link, follow=True).context["form"].user == rep


def test_two_workers_send_a_mail_once(rep: User) -> None:
    Client().post(RESET, {"email": rep.email})
    assert [mails.send_waiting(), mails.send_waiting()] == [1, 0]


def test_a_mail_that_the_server_refuses_is_tried_again_and_given_up_in_the_end(rep: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    Client().post(RESET, {"email": rep.email})
    assert mails.send_waiting() == 0
    assert AccountMail.objects.count() == 1
    assert mails.send_waiting(at=now() + mails.TRIED_FOR + timedelta(minutes=1)) == 0
    assert not AccountMail.objects.exists()


@pytest.mark.parametrize("kind", AccountMail.Kind.values)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_kind_of_mail_has_words_in_both_languages(rep: User, kind: str, language: str) -> None:
    rep.language = language
    letter = mails.build(AccountMail(email=rep.email, kind=kind, browser="Firefox, Windows"), rep)
    assert bool(re.search("[ぁ-ん]", str(letter.subject))) is (language == "ja")
    assert bool(re.search("[ぁ-ん]", str(letter.body))) is (language == "ja")
    assert "Firefox, Windows" in letter.body


def test_a_changed_password_is_told_by_mail(rep: User) -> None:
    browser = make.signed_in(rep)
    form = {"oldpassword": PASSWORD, "password1": "twelve red foxes", "password2": "twelve red foxes"}
    assert browser.post("/account/password/change/", form).status_code == 302
    mails.send_waiting()
    assert [letter.subject for letter in mail.outbox] == ["Smarketingのパスワードが変更されました"]


def test_an_address_that_was_replaced_signs_nobody_in(rep: User) -> None:
    from teams.people import administering  # noqa: PLC0415
    from teams.sign_in.finding import prove_address  # noqa: PLC0415

    prove_address(rep)
    rep.email = "new@example.org"
    administering.save(rep, by=make.user(Role.ADMINISTRATOR))
    for email, status in (("rep@example.org", 200), ("new@example.org", 302)):
        answer = Client().post("/account/login/", {"login": email, "password": PASSWORD})
        assert answer.status_code == status
    Client().post(RESET, {"email": "rep@example.org"})
    assert mails.send_waiting() == 0
