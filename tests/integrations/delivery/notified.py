"""Notices that are due, and whoever gets them by chat."""

from datetime import datetime, timedelta
from typing import Any

from integrations.chat.models import Channel
from integrations.delivery.dispatching import dispatch_all
from sla.notices import OFFERED
from teams.models import NoticeChoice, User
from teams.notices import NoticeKind, Way, notice_kinds
from tests import make
from tests.integrations.servers import Chat
from tests.make import MONDAY_9AM

AT = MONDAY_9AM + timedelta(hours=1)
KEYS = {kind.key for kind in notice_kinds()}


def due(*users: User, kind: NoticeKind[Any] = OFFERED, count: int = 1, at: datetime = AT, **params: Any) -> None:
    told: dict[str, Any] = {"given_name": "Joe", "family_name": "Smith"} if "given_name" in kind.example else {}
    told |= {"handoff": 7} if "handoff" in kind.example else {}
    for n in range(count):
        make.notice(*users, kind=kind, about=f"{kind.key} {n} {at}", at=at, **(told | params))
    dispatch_all(at=at)


def connect(chat: Chat, style: str = "slack", **fields: Any) -> Channel:
    return Channel.objects.create(url=chat.url, style=style, **fields)


def by_chat_alone(user: User) -> None:
    NoticeChoice.objects.choose(user, {Way.EMAIL: set(), Way.CHAT: KEYS})
