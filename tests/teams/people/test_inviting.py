"""The link by which somebody comes in, and the letter that brings it."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import translation
from django.utils.timezone import now
from pytest_django import Settings

from teams.models import Role, User
from teams.people.inviting import send_link
from teams.sign_in.links import password_link
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP, email="sam@example.org", given_name="Sam", family_name="Sato")


def sent(to: User, by: User | None = None) -> mail.EmailMultiAlternatives:
    mail.outbox.clear()
    send_link(to, "https://example.org/way/in/", by=by or make.user(given_name="Ada", family_name="Min"))
    (letter,) = mail.outbox
    assert isinstance(letter, mail.EmailMultiAlternatives)
    return letter


def opens(link: str, settings: Settings) -> bool:
    page = Client().get(link.removeprefix(settings.PUBLIC_URL.rstrip("/")), follow=True)
    return not page.context.get("token_fail")


def test_a_link_begins_with_the_public_address(sam: User, settings: Settings):
    for address in ("https://sm.example.org", "https://sm.example.org/"):
        settings.PUBLIC_URL = address
        assert password_link(sam).startswith("https://sm.example.org/account/")


def test_a_link_holds_for_three_days(sam: User, settings: Settings):
    link = password_link(sam)
    at = now()
    with time_machine.travel(at + timedelta(days=3) - timedelta(minutes=1)):
        assert opens(link, settings)
    with time_machine.travel(at + timedelta(days=3, minutes=1)):
        assert not opens(link, settings)


def test_a_link_is_over_once_the_password_is_another(sam: User, settings: Settings):
    link = password_link(sam)
    sam.set_password("twelve red foxes")
    sam.save()
    assert not opens(link, settings)


def test_a_link_is_one_person_s(sam: User, settings: Settings):
    rosa = make.user(Role.REP)
    key = password_link(sam).rstrip("/").rpartition("/")[2].partition("-")[2]
    theirs = password_link(rosa)
    assert not opens(theirs.replace(theirs.rstrip("/").rpartition("/")[2].partition("-")[2], key), settings)


def test_a_letter_is_text_and_html_with_the_same_link(sam: User):
    letter = sent(sam)
    html, kind = letter.alternatives[0]
    assert kind == "text/html"
    for body in (letter.body, str(html)):
        assert "https://example.org/way/in/" in body
        assert "Sam Sato" in body
        assert "Ada Min" in body


def test_a_letter_is_in_the_language_of_its_reader(sam: User):
    sam.language = "ja"
    with translation.override("en"):
        letter = sent(sam)
        assert translation.get_language() == "en"
    assert not letter.subject.isascii()
    assert "Sato Sam" in letter.body


def test_a_letter_to_who_chose_no_language_is_in_the_administrator_s(sam: User):
    with translation.override("ja"):
        assert not sent(sam).subject.isascii()
    with translation.override("en"):
        assert sent(sam).subject == "Your way into Smarketing"


def test_a_name_with_marks_is_text_in_both_forms(sam: User):
    sam.given_name = "<b>Sam</b> & Co"
    letter = sent(sam)
    assert "<b>Sam</b> & Co" in letter.body
    assert "<b>Sam</b>" not in str(letter.alternatives[0][0])
