"""A restored copy sends nothing; once it is confirmed, each person gets one summary of what fell due meanwhile."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.mail import send_mail
from django.test import Client
from django.utils.timezone import now
from pytest_django import Settings

from history.models import Restoration
from integrations.chat.models import Channel
from integrations.chat.sending import send_test
from integrations.delivery.dispatching import dispatch_all
from integrations.delivery.summing_up import sum_up
from integrations.mail import mailbox
from integrations.messages.error_text import Failed
from integrations.messages.models import Delivery
from integrations.tasks import deliver
from scoring.models import Score
from sla.feed.feed import renew_feed
from sla.flow import catching_up
from sla.flow.models import BegunDay
from sla.models import Timer
from sla.notices import BREACH, OFFERED
from sla.tasks import sweep_timers
from teams.models import Notice, Role, User
from tests import make
from tests.integrations.servers import Chat, MailServer
from tests.make import MONDAY_9AM
from tests.scoring.make import score_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def copy() -> Restoration:
    return Restoration.objects.create(backed_up_at=MONDAY_9AM, restored_at=MONDAY_9AM + timedelta(hours=1))


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP, email="sam@example.org", quiet_hours=False)


@pytest.fixture
def outgoing(mail_server: MailServer, settings: Settings, tmp_path: Path) -> MailServer:
    """A mail server, reached by the way that all mails take."""
    settings.OUTGOING_EMAIL_BACKEND = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "integrations.mail.outgoing.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    return mail_server


def confirm(copy: Restoration) -> None:
    copy.confirm(by=make.user(Role.ADMINISTRATOR), at=MONDAY_9AM + timedelta(hours=2))


def test_a_mail_goes_out_by_the_server(outgoing: MailServer) -> None:
    send_mail("Hello", "", None, ["sam@example.org"])
    assert [letter["Subject"] for letter in outgoing.letters] == ["Hello"]
    assert mailbox.list_names() == []


def test_a_copy_keeps_its_mails(outgoing: MailServer, copy: Restoration) -> None:
    send_mail("Hello", "", None, ["sam@example.org"])
    assert outgoing.letters == []
    assert [kept.subject for name in mailbox.list_names() if (kept := mailbox.read(name))] == ["Hello"]


def test_a_copy_posts_to_no_chat(chat: Chat, sam: User, copy: Restoration) -> None:
    channel = Channel.objects.create(user=sam, url=chat.url)
    with pytest.raises(Failed, match="restored copy"):
        send_test(channel)
    assert chat.messages == []
    confirm(copy)
    send_test(channel)
    assert len(chat.messages) == 1


def test_a_copy_feeds_no_calendar(client: Client, sam: User, copy: Restoration) -> None:
    address = f"/calendar/{renew_feed(sam).secret}.ics"
    answer = client.get(address)
    assert (answer.status_code, answer["Retry-After"]) == (503, "3600")
    confirm(copy)
    assert client.get(address).status_code == 200


def test_no_clock_of_a_copy_runs_out(copy: Restoration) -> None:
    timer = Timer.objects.get(handoff=make.handoff(), kind="answer")
    sweep_timers()
    timer.refresh_from_db()
    assert timer.breached_at is None
    confirm(copy)
    assert sum_up()
    timer.refresh_from_db()
    assert timer.breached_at == timer.due_at


def test_the_day_begins_before_it_is_told_what_fell_due(copy: Restoration) -> None:
    lead = make.lead(created_at=MONDAY_9AM)
    score_model(interest={"demo_request": (40, None, 30)})
    make.activity(lead, "demo_request", MONDAY_9AM)
    confirm(copy)
    assert sum_up()
    assert Score.objects.get(lead=lead).scored_on == BegunDay.objects.get().day


def test_administrators_are_told_where_catching_up_fails(
    sam: User, copy: Restoration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ValueError("broken")

    monkeypatch.setattr(catching_up.outdated, "notify_outdated", fail)
    confirm(copy)
    assert sum_up()
    told = Notice.objects.get(kind="catching_up_failed")
    assert told.user.roles == [Role.ADMINISTRATOR]
    # It leads to the page that says so, and what to do.
    assert told.address == "/settings/restored-copy/"
    assert "Catching up failed at one of its parts" in make.signed_in(told.user).get(told.address).content.decode()


def test_tasks_go_on_once_what_fell_due_is_told(copy: Restoration) -> None:
    confirm(copy)
    assert sum_up()
    timer = Timer.objects.get(handoff=make.handoff(), kind="answer")
    sweep_timers()
    timer.refresh_from_db()
    assert timer.breached_at == timer.due_at


def test_nothing_is_told_before_it_is_confirmed_and_then_one_summary_each(
    outgoing: MailServer, sam: User, copy: Restoration
) -> None:
    rosa = make.user(Role.REP, email="rosa@example.org", quiet_hours=False)
    # One waited when the backup was made; the others come from the time when it stood still.
    make.notice(sam, kind=OFFERED, about="handoff 0")
    dispatch_all()
    Delivery.objects.update(next_try_at=MONDAY_9AM)
    for number in range(1, 9):
        make.notice(sam, rosa, kind=OFFERED, about=f"handoff {number}")
        make.notice(sam, kind=BREACH, about=f"timer {number}")
    deliver()
    assert outgoing.letters == []
    assert not Delivery.objects.filter(sent_at__isnull=False).exists()

    confirm(copy)
    deliver()
    deliver()
    told = {letter["To"]: str(letter["Subject"]) for letter in outgoing.letters}
    assert len(outgoing.letters) == 2
    assert told["sam@example.org"] == "17 notices from the time when Smarketing stood still"
    assert told["rosa@example.org"].startswith("8 notices")
    assert not Delivery.objects.waiting().exists()
    assert Restoration.objects.get().told_at

    make.notice(sam, kind=OFFERED, about="handoff 99")
    deliver()
    assert len(outgoing.letters) == 3


def test_a_summary_of_several_kinds_is_one_message_for_whoever_sends_it(sam: User, copy: Restoration) -> None:
    make.notice(sam, kind=OFFERED, about="handoff 1")
    make.notice(sam, kind=BREACH, about="timer 1")
    confirm(copy)
    assert sum_up()
    assert Delivery.objects.waiting().count() == 2
    assert Delivery.objects.due(now() + timedelta(days=1)).count() == 1


def test_what_is_no_copy_has_nothing_to_sum_up(sam: User) -> None:
    make.notice(sam, kind=OFFERED, about="handoff 1")
    assert sum_up()
    assert Notice.objects.undispatched().count() == 1


def test_every_page_says_that_it_is_a_copy_until_an_administrator_confirms(
    client: Client, sam: User, copy: Restoration
) -> None:
    strip = "A restored copy of"
    assert strip in client.get("/account/login/").content.decode()
    client.force_login(sam)
    page = client.get("/me/").content.decode()
    assert strip in page
    assert "/settings/restored-copy/" not in page
    assert client.post("/settings/restored-copy/confirmation/").status_code == 403

    client.force_login(make.user(Role.ADMINISTRATOR))
    assert "/settings/restored-copy/" in client.get("/me/").content.decode()
    assert "These are the data of" in client.get("/settings/restored-copy/").content.decode()
    for _ in range(2):  # The second press changes nothing.
        answer = client.post("/settings/restored-copy/confirmation/", follow=True)
        assert "They were restored from a backup of" in answer.content.decode()
    assert strip not in client.get("/me/").content.decode()
    assert len(mail.outbox) == 0


def test_data_that_were_never_restored_say_so(client: Client) -> None:
    client.force_login(make.user(Role.ADMINISTRATOR))
    assert "never restored" in client.get("/settings/restored-copy/").content.decode()
