"""Notices by chat: as each style wants them, tried again, and given up."""

from datetime import timedelta
from typing import Any

import pytest

from integrations.chat.models import Channel
from integrations.delivery import delivering
from integrations.delivery.delivering import send_due
from integrations.messages.models import Delivery
from sla.notices import BREACH
from teams.models import NoticeChoice, Role, Team, User
from teams.notices import Way
from tests import make
from tests.integrations.delivery.notified import AT, by_chat_alone, connect, due
from tests.integrations.servers import Chat, MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP, email="sam@example.org", quiet_hours=False, given_name="Sam")


def test_slack_gets_plain_text_that_cannot_call_everybody(sam: User, chat: Chat) -> None:
    by_chat_alone(sam)
    connect(chat, user=sam)
    due(sam, given_name="<!channel>", family_name="& Co")
    assert send_due(at=AT) == 1
    (message,) = chat.messages
    assert message["text"].startswith("&lt;!channel&gt; &amp; Co is offered to you. http://localhost:8000/inbox/7/")
    said, link = message["blocks"]
    assert said["text"] == {"type": "plain_text", "text": "<!channel> & Co is offered to you.", "emoji": False}
    assert link["elements"][0]["text"] == "<http://localhost:8000/inbox/7/|Accept or reject>"
    assert chat.paths == ["/hook/secret"]
    assert Delivery.objects.get().address == "127.0.0.1"


def test_teams_gets_an_adaptive_card(sam: User, chat: Chat) -> None:
    by_chat_alone(sam)
    connect(chat, "teams", user=sam)
    chat.status, chat.answer = 202, ""
    due(sam)
    assert send_due(at=AT) == 1
    (attachment,) = chat.messages[0]["attachments"]
    assert chat.messages[0]["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert card["type"] == "AdaptiveCard"
    assert card["body"][0]["inlines"] == [{"type": "TextRun", "text": "Joe Smith is offered to you."}]
    assert card["actions"][0]["url"] == "http://localhost:8000/inbox/7/"


def test_a_team_s_chat_is_written_in_its_head_s_language(chat: Chat) -> None:
    head = make.user(Role.MANAGER, language="ja", quiet_hours=False)
    team = make.team(Team.Kind.SALES, head=head)
    rep = make.user(Role.REP, team=team, quiet_hours=False)
    NoticeChoice.objects.choose(rep, {Way.EMAIL: set(), Way.CHAT: set()})
    connect(chat, team=team, kinds=["breach"])
    due(rep, kind=BREACH)
    assert send_due(at=AT) == 1
    assert "Smith Joe" in chat.messages[0]["text"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_webhook_that_is_gone_is_dead_at_once(sam: User, chat: Chat, status: int) -> None:
    by_chat_alone(sam)
    channel = connect(chat, user=sam)
    chat.status, chat.answer = status, "no_service"
    due(sam, count=3)
    send_due(at=AT)
    channel.refresh_from_db()
    assert (channel.dead_at, channel.last_error) == (AT, f"{status} no_service")
    send_due(at=AT)
    assert Delivery.objects.filter(given_up_at=AT).count() == 3
    assert len(chat.messages) == 1


@pytest.mark.parametrize(
    ("status", "answer"),
    [(500, "broken"), (403, "no"), (301, ""), (200, "Webhook message delivery failed with error: HTTP 429")],
)
def test_a_chat_that_fails_is_tried_again_and_comes_back(sam: User, chat: Chat, status: int, answer: str) -> None:
    by_chat_alone(sam)
    channel = connect(chat, user=sam)
    chat.status, chat.answer, chat.headers = status, answer, {"Location": chat.url}
    due(sam, count=2)
    assert send_due(at=AT) == 0
    channel.refresh_from_db()
    assert (channel.failing_since, channel.dead_at) == (AT, None)
    assert len(chat.messages) == 1
    chat.status, chat.answer = 200, "ok"
    assert send_due(at=AT + timedelta(minutes=1)) == 2
    channel.refresh_from_db()
    assert (channel.failing_since, channel.last_error) == (None, "")


def test_a_chat_that_asks_us_to_wait_is_left_alone_so_long(sam: User, chat: Chat) -> None:
    by_chat_alone(sam)
    connect(chat, user=sam)
    chat.status, chat.headers = 429, {"Retry-After": "600"}
    due(sam)
    send_due(at=AT)
    assert Delivery.objects.get().next_try_at == AT + timedelta(minutes=10)


def test_a_chat_that_is_down_does_not_hold_up_the_mail(sam: User, chat: Chat, mail_server: MailServer) -> None:
    connect(chat, user=sam)
    chat.status = 500
    due(sam, kind=BREACH, count=3)
    assert send_due(at=AT) == 3
    assert len(mail_server.letters) == 3
    assert len(chat.messages) == 1


def test_a_disconnected_chat_gives_up_what_was_on_its_way(sam: User, chat: Chat) -> None:
    by_chat_alone(sam)
    connect(chat, user=sam)
    due(sam)
    Channel.objects.all().delete()
    assert send_due(at=AT) == 0
    assert Delivery.objects.get().error == "The channel is gone."


def test_the_task_decides_and_sends(
    sam: User, mail_server: MailServer, django_capture_on_commit_callbacks: Any
) -> None:
    from integrations.tasks import deliver  # noqa: PLC0415

    make.notice(sam)
    deliver()
    assert len(mail_server.letters) == 1
    assert timedelta(seconds=15) > delivering.LONGEST
