"""Messages are as long as the chats take them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from integrations.chat.models import Channel
from integrations.chat.sending import send
from integrations.delivery.delivering import send_due
from integrations.delivery.dispatching import dispatch_all
from sla.notices import REJECTED
from teams.models import NoticeChoice, Role
from teams.notices import Way
from tests import make
from tests.integrations.servers import Chat
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db
# What the chats take: characters of a block, bytes of a message.
BLOCK_OF_SLACK, MESSAGE_OF_TEAMS = 3000, 28 * 1024


@pytest.mark.parametrize("style", ["slack", "teams"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_list_of_long_names_fits_and_says_how_many_more_there_are(chat: Chat, style: str, language: str) -> None:
    mara = make.user(Role.MARKETER, quiet_hours=False, language=language)
    NoticeChoice.objects.choose(mara, {Way.EMAIL: set(), Way.CHAT: {REJECTED.key}})
    Channel.objects.create(user=mara, url=chat.url, style=style)
    names = dict.fromkeys(("given_name", "family_name", "rep", "reason", "note"), "長い名" * 26)
    for n in range(26):
        params = {name: value for name, value in names.items() if name in REJECTED.example}
        make.notice(mara, kind=REJECTED, about=f"handoff {n}", at=MONDAY_9AM, **params)
    dispatch_all(at=MONDAY_9AM)
    assert send_due(at=MONDAY_9AM + timedelta(minutes=10)) == 6
    *_single, together = chat.messages
    told = text_of(together, style)
    listed = told.count("• ")
    assert 1 < listed < 20
    assert str(21 - listed) in told.splitlines()[-1]
    assert all(fits(message, style) for message in chat.messages)


@pytest.mark.parametrize("style", ["slack", "teams"])
def test_a_long_sentence_is_cut(chat: Chat, style: str) -> None:
    send(Channel(url=chat.url, style=style), "長" * 9000, "https://smarketing.example/", "Open")
    (message,) = chat.messages
    assert fits(message, style)
    assert text_of(message, style).endswith("長…")


def text_of(message: Any, style: str) -> str:
    if style == "slack":
        return str(message["blocks"][0]["text"]["text"])
    return str(message["attachments"][0]["content"]["body"][0]["inlines"][0]["text"])


def fits(message: Any, style: str) -> bool:
    if style == "slack":
        return len(text_of(message, style)) <= BLOCK_OF_SLACK
    return len(json.dumps(message, ensure_ascii=False).encode()) <= MESSAGE_OF_TEAMS
