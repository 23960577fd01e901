"""What is due goes out once, is tried again when it fails, and says where nothing arrives."""

import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils.timezone import now
from pytest_django import Settings

from integrations.delivery.delivering import send_due
from integrations.delivery.dispatching import dispatch_all
from integrations.mail import emails as letters
from integrations.messages.models import WAITS, Delivery
from integrations.notices import UNREACHABLE
from sla.notices import BREACH, OFFERED, REMINDER
from teams.models import Notice, NoticeChoice, Role, User
from teams.notices import Way, notice_kinds
from tests import make
from tests.integrations.delivery.notified import AT, KEYS, by_chat_alone, connect, due
from tests.integrations.servers import Chat, MailServer
from tests.make import MONDAY_9AM
from tests.site import database_url, queue_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP, email="sam@example.org", quiet_hours=False, given_name="Sam")


# E-mail


def test_a_notice_arrives_as_html_and_plain_text_with_a_link_to_its_page(sam: User, mail_server: MailServer) -> None:
    due(sam)
    assert send_due(at=AT) == 1
    (letter,) = mail_server.letters
    assert (letter["To"], letter["Subject"]) == ("sam@example.org", "Joe Smith is offered to you.")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in letter.iter_parts())
    for body in (text, html):
        assert "Joe Smith is offered to you." in body
        assert "http://localhost:8000/inbox/7/" in body
        assert "http://localhost:8000/me/telling/" in body
        assert "Accept or reject" in body
    delivery = Delivery.objects.get()
    assert (delivery.sent_at, delivery.tries, delivery.given_up_at) == (AT, 1, None)


def test_what_was_sent_is_not_sent_again(sam: User, mail_server: MailServer) -> None:
    due(sam)
    assert [send_due(at=AT), send_due(at=AT + timedelta(days=9))] == [1, 0]


def test_nothing_is_sent_before_it_is_due(sam: User, mail_server: MailServer) -> None:
    due(sam)
    assert send_due(at=AT - timedelta(microseconds=1)) == 0
    assert send_due(at=AT) == 1


def test_many_letters_go_over_one_line(sam: User, mail_server: MailServer) -> None:
    due(sam, count=5)
    assert send_due(at=AT) == 5
    assert mail_server.conversations == 1


def test_each_is_written_to_in_their_own_language_and_zone(mail_server: MailServer) -> None:
    mari = make.user(email="mari@example.org", language="ja", time_zone="Asia/Tokyo", quiet_hours=False)
    paul = make.user(email="paul@example.org", time_zone="Europe/Berlin", quiet_hours=False)
    ken = make.user(email="ken@example.org", browser_language="ja", quiet_hours=False)
    due(mari, paul, ken, kind=BREACH)
    send_due(at=AT)
    html = {letter["To"]: letter.get_body(("html",)).get_content() for letter in mail_server.letters}
    assert '<html lang="ja">' in html["mari@example.org"]
    assert '<html lang="ja">' in html["ken@example.org"]
    assert '<html lang="en">' in html["paul@example.org"]
    subjects = {letter["To"]: letter["Subject"] for letter in mail_server.letters}
    # Japanese puts the family name first, and says it with its own words.
    assert "Smith Joe" in subjects["mari@example.org"]
    assert subjects["paul@example.org"] == "Joe Smith was not answered in time."


def test_a_reminder_says_until_when_in_the_reader_s_zone(mail_server: MailServer) -> None:
    paul = make.user(email="paul@example.org", time_zone="Europe/Berlin", quiet_hours=False)
    due(paul, kind=REMINDER, due_at="2020-11-16T03:30:00+00:00")
    send_due(at=AT)
    for part in mail_server.letters[0].iter_parts():
        assert "It falls due 16 Nov 2020" in part.get_content()


def test_a_name_can_neither_add_a_header_nor_a_tag(sam: User, mail_server: MailServer) -> None:
    due(sam, given_name="<b>Joe</b>\r\nBcc: all@example.org", family_name="")
    send_due(at=AT)
    (letter,) = mail_server.letters
    assert letter["Bcc"] is None
    assert "<b>Joe" not in letter.get_body(("html",)).get_content()
    assert "<b>Joe</b>" in letter.get_body(("plain",)).get_content()


def test_every_kind_can_be_written(sam: User, mail_server: MailServer) -> None:
    NoticeChoice.objects.choose(sam, {Way.EMAIL: KEYS, Way.CHAT: set()})
    for kind in notice_kinds():
        due(sam, kind=kind)
    assert send_due(at=AT) == len(KEYS)
    assert all(letter["Subject"] for letter in mail_server.letters)


def words_in_latin_letters(text: str) -> set[str]:
    """Beside addresses and the product's own name."""
    return set(re.findall("[A-Za-z]{2,}", re.sub(r"https?://[^\s|]+", "", text))) - {"Smarketing"}


def told_in_japanese(*ways: Way) -> User:
    """Somebody who is told of every kind, each by its example."""
    mari = make.user(email="mari@example.org", language="ja", quiet_hours=False)
    NoticeChoice.objects.choose(mari, {way: KEYS if way in ways else set() for way in Way})
    for kind in notice_kinds():
        make.notice(mari, kind=kind, about=kind.key, at=AT)
    return mari


def test_a_japanese_mail_holds_no_english_word(mail_server: MailServer) -> None:
    told_in_japanese(Way.EMAIL)
    dispatch_all(at=AT)
    assert send_due(at=AT) == len(KEYS)
    for letter in mail_server.letters:
        assert not words_in_latin_letters(f"{letter['Subject']} {letter.get_body(('plain',)).get_content()}")


def test_a_japanese_chat_is_told_no_english_word(chat: Chat) -> None:
    connect(chat, user=told_in_japanese(Way.CHAT))
    dispatch_all(at=AT)
    assert send_due(at=AT) == len(KEYS)
    for message in chat.messages:
        said, link = message["blocks"]
        assert not words_in_latin_letters(f"{said['text']['text']} {link['elements'][0]['text']}")


# Many at once

LATER = AT + timedelta(minutes=10)


def test_many_of_one_kind_are_one_letter_that_lists_them(sam: User, mail_server: MailServer) -> None:
    due(sam, count=120)
    assert [send_due(at=AT), send_due(at=LATER), send_due(at=LATER)] == [5, 1, 0]
    letter = mail_server.letters[-1]
    assert letter["Subject"] == f"115 notices: {OFFERED.title}"
    for part in letter.iter_parts():
        body = part.get_content()
        assert body.count("Joe Smith is offered to you.") == 115
        assert body.count("http://localhost:8000/inbox/7/") == 115
        assert "http://localhost:8000/notices/" in body
    assert Delivery.objects.filter(sent_at=LATER, tries=1).count() == 115


def test_many_of_one_kind_are_one_message_of_a_chat(sam: User, chat: Chat) -> None:
    connect(chat, user=sam)
    by_chat_alone(sam)
    due(sam, count=30)
    send_due(at=LATER)
    assert len(chat.messages) == 6
    text = chat.messages[-1]["blocks"][0]["text"]["text"]
    assert text.startswith(f"25 notices: {OFFERED.title}\n• Joe Smith is offered to you.")
    assert text.endswith("5 more are in the list of notices.")


def test_what_goes_as_one_fails_and_is_tried_again_as_one(sam: User, mail_server: MailServer) -> None:
    due(sam, count=8)
    assert send_due(at=AT) == 5
    mail_server.refused["sam@example.org"] = "450 Later"
    assert send_due(at=LATER) == 0
    assert set(Delivery.objects.exclude(gathers_until=None).values_list("tries", "sent_at")) == {(1, None)}
    mail_server.refused.clear()
    assert send_due(at=LATER + WAITS[0]) == 1
    assert len(mail_server.letters) == 6


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_four_who_send_at_once_send_one_letter(sam: User, mail_server: MailServer) -> None:
    due(sam, count=40)

    def work(_: int) -> int:
        try:
            return send_due(at=LATER)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 6
    assert len(mail_server.letters) == 6


# Failures of e-mail


def test_a_mail_server_that_is_down_is_tried_again_later_and_later(sam: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    due(sam)
    moment, waited = AT, []
    while not Delivery.objects.get().given_up_at:
        assert send_due(at=moment) == 0
        delivery = Delivery.objects.get()
        waited.append(delivery.next_try_at - moment)
        assert delivery.error == "Connection refused"
        if delivery.given_up_at:
            break
        assert send_due(at=delivery.next_try_at - timedelta(seconds=1)) == 0
        assert Delivery.objects.get().tries == len(waited)
        moment = delivery.next_try_at
    minutes = [wait.total_seconds() / 60 for wait in waited]
    assert minutes == [1, 5, 30, 120, 480, 480, 480, 0]
    assert delivery.tries == len(WAITS) + 1 == 8
    assert delivery.given_up_at == moment
    # The server was down: that says nothing of the address.
    assert not User.objects.filter(unreachable_since__isnull=False).exists()


def test_a_server_that_is_down_costs_one_try_a_run_and_not_one_a_letter(sam: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    due(sam, count=5)
    send_due(at=AT)
    assert sorted(Delivery.objects.values_list("tries", flat=True)) == [0, 0, 0, 0, 1]


def test_a_next_try_waits_for_opening_hours(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    evening = MONDAY_9AM + timedelta(hours=8, minutes=59, seconds=30)
    due(make.user(email="rosa@example.org"), at=evening)
    send_due(at=evening)
    assert Delivery.objects.get().next_try_at == MONDAY_9AM + timedelta(days=1)


def test_an_address_that_is_refused_is_given_up_and_the_administrators_are_told(
    sam: User, mail_server: MailServer
) -> None:
    admin = make.user(Role.ADMINISTRATOR, email="admin@example.org", quiet_hours=False)
    rosa = make.user(email="rosa@example.org", quiet_hours=False)
    mail_server.refused["sam@example.org"] = "550 No such user here"
    due(sam, rosa)
    assert send_due(at=AT) == 1
    delivery = Delivery.objects.get(notice__user=sam)
    assert (delivery.given_up_at, delivery.error) == (AT, "550 No such user here")
    sam.refresh_from_db()
    assert (sam.unreachable_since, sam.unreachable_because) == (AT, "550 No such user here")
    (told,) = Notice.objects.of(UNREACHABLE)
    assert told.user == admin
    assert told.text == "Sam cannot be reached by e-mail: 550 No such user here"
    # It is news once; and once a letter arrives, it is over.
    due(sam, at=AT + timedelta(hours=1))
    send_due(at=AT + timedelta(hours=1))
    assert Notice.objects.of(UNREACHABLE).count() == 1
    mail_server.refused.clear()
    due(sam, at=AT + timedelta(hours=2))
    send_due(at=AT + timedelta(hours=2))
    sam.refresh_from_db()
    assert (sam.unreachable_since, sam.unreachable_because) == (None, "")


def test_a_server_that_wants_us_to_wait_is_asked_again(sam: User, mail_server: MailServer) -> None:
    mail_server.refused["sam@example.org"] = "450 Greylisted"
    due(sam)
    send_due(at=AT)
    delivery = Delivery.objects.get()
    assert (delivery.given_up_at, delivery.next_try_at) == (None, AT + timedelta(minutes=1))
    mail_server.refused.clear()
    assert send_due(at=AT + timedelta(minutes=1)) == 1


def test_a_letter_goes_to_the_address_of_today(sam: User, mail_server: MailServer) -> None:
    due(sam)
    User.objects.filter(pk=sam.pk).update(email="new@example.org")
    send_due(at=AT)
    assert mail_server.letters[0]["To"] == Delivery.objects.get().address == "new@example.org"


def test_whoever_left_meanwhile_is_not_written_to(sam: User, mail_server: MailServer) -> None:
    due(sam)
    User.objects.update(is_active=False)
    assert send_due(at=AT) == 0
    assert mail_server.letters == []
    assert Delivery.objects.get().given_up_at == AT
    # That is no fault of the address, and nothing that administrators have to mend.
    sam.refresh_from_db()
    assert sam.unreachable_since is None


def test_one_that_cannot_be_written_does_not_stand_before_the_others(
    sam: User, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(sam, count=3)
    write, bad = letters.build_email, Delivery.objects.order_by("pk")[0].pk

    def letter(delivery: Delivery) -> Any:
        if delivery.pk == bad:
            raise KeyError("a word")
        return write(delivery)

    monkeypatch.setattr(letters, "build_email", letter)
    assert send_due(at=AT) == 2
    assert Delivery.objects.get(pk=bad).error == "KeyError: 'a word'"


# Once, whatever happens


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_workers_who_send_the_same_fifty_send_fifty(mail_server: MailServer) -> None:
    due(*(make.user(quiet_hours=False) for _ in range(50)))
    together = threading.Barrier(2)

    def work() -> int:
        try:
            together.wait()
            return send_due(at=AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        sent = [done.result() for done in [pool.submit(work), pool.submit(work)]]
    assert sum(sent) == len(mail_server.letters) == 50
    assert len({letter["To"] for letter in mail_server.letters}) == 50
    assert all(sent)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_worker_killed_after_sending_doubles_the_one_in_flight_under_the_same_name(
    sam: User, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(sam, count=5)
    mark = Delivery.sent
    marked: list[int] = []

    class Killed(BaseException):
        pass

    def killed(delivery: Delivery, *, at: datetime) -> None:
        if len(marked) == 2:
            raise Killed
        marked.append(delivery.pk)
        mark(delivery, at=at)

    monkeypatch.setattr(Delivery, "sent", killed)
    with pytest.raises(Killed):
        send_due(at=AT)
    monkeypatch.setattr(Delivery, "sent", mark)
    assert send_due(at=AT) == 3
    names = [letter["Message-ID"] for letter in mail_server.letters]
    assert len(names) == 6
    assert len(set(names)) == 5
    assert Delivery.objects.filter(tries=1, sent_at=AT).count() == 5


WORKER = "import django; django.setup(); from integrations.delivery.delivering import send_due; send_due()"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("kills", [2, pytest.param(8, marks=pytest.mark.proof)])
def test_workers_killed_at_any_moment_lose_nothing_and_double_at_most_what_was_in_flight(
    mail_server: MailServer, kills: int
) -> None:
    at = now()
    due(*(make.user(quiet_hours=False) for _ in range(10 * kills)), at=at)
    mail_server.pause = 0.01
    where = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(mail_server.port), "EMAIL_TLS": "no"}
    where |= {"DATABASE_URL": database_url(connection.settings_dict["NAME"]), "REDIS_URL": queue_url()}
    where |= {"DJANGO_SETTINGS_MODULE": "smarketing.settings", "VAR_DIR": str(settings.VAR_DIR)}
    for kill in range(kills):
        with subprocess.Popen([sys.executable, "-c", WORKER], cwd=settings.BASE_DIR, env=os.environ | where) as worker:
            while len(mail_server.letters) < 5 * (kill + 1) and worker.poll() is None:
                time.sleep(0.001 * (kill % 7))
            worker.kill()
    sent = Delivery.objects.filter(sent_at__isnull=False).count()
    assert send_due(at=at, longest=timedelta(minutes=1)) == 10 * kills - sent > 0
    assert len({letter["To"] for letter in mail_server.letters}) == 10 * kills
    doubles = len(mail_server.letters) - 10 * kills
    assert 0 <= doubles <= kills
    assert len({letter["Message-ID"] for letter in mail_server.letters}) == 10 * kills


def test_a_run_ends_in_time_and_the_next_one_goes_on(sam: User, mail_server: MailServer) -> None:
    due(sam, count=3)
    assert send_due(at=AT, longest=timedelta()) == 0
    assert send_due(at=AT) == 3
