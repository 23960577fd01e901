"""Notices as messages of a chat, by its incoming webhook."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from history.restoration import is_copy
from integrations.chat.models import Channel
from integrations.chat.posting import Answer, Refused, post
from integrations.messages.error_text import Failed, describe_os_error
from integrations.messages.message_text import (
    absolute_url,
    action_label,
    describe_rest,
    heading,
    listed,
    page_url,
    sentence,
    shortened,
)
from integrations.messages.models import Delivery
from teams.models import Notice
from teams.notices import UNKNOWN

# A Teams connector says that it failed with status 200.
FAILED_INSIDE = "failed with error"
# The longest we let a chat put us off.
LONGEST_WAIT = timedelta(hours=8)
# So many notices are listed in one message, as long as they fit: Slack takes 3,000 characters in a block, Teams 28 KB
# in a message, which holds the text twice.
LISTED = 20
LONGEST_TEXT = 2900
LONGEST_LINE = 500


def post_notice(delivery: Delivery, channel: Channel) -> None:
    """Post a notice. Raises `Failed`."""
    with translation.override(channel.spoken):
        notices = [each.notice for each in delivery.together]
        if len(notices) == 1:
            send(channel, sentence(notices[0]), page_url(notices[0]), action_label(notices[0]))
        else:
            send(channel, _summary(notices), absolute_url("notices"), str(UNKNOWN.page({}).action))


def _summary(notices: Sequence[Notice]) -> str:
    """The list of several notices: as many as fit, and how many more there are."""
    lines = [f"• {shortened(words, LONGEST_LINE)}" for words, _address in listed(notices, LISTED)]
    most = len(lines)
    while True:
        text = "\n".join(filter(None, [heading(notices), *lines[:most], describe_rest(notices, most)]))
        if len(text) <= LONGEST_TEXT or not most:
            return text
        most -= 1


def send_test(channel: Channel) -> None:
    """Post a line that says it works. Raises `Failed`."""
    with translation.override(channel.spoken):
        send(
            channel,
            _("This is where Smarketing tells its notices from now on."),
            absolute_url("telling"),
            _("What I am told, and how"),
        )


def send(channel: Channel, text: str, url: str, button: str) -> None:
    """Post one message in the channel's style, in the language that is active. Raises `Failed`."""
    if is_copy():
        raise Failed(gettext_noop("This is a restored copy, which sends nothing until it is confirmed."), of_all=True)
    style = slack if channel.style == Channel.Style.SLACK else adaptive_card
    message = style(shortened(text, LONGEST_TEXT), url, button)
    try:
        answer = post(channel.url, json.dumps(message, ensure_ascii=False).encode())
    except Refused as problem:
        raise Failed(str(problem), of_all=True) from problem
    except OSError as problem:
        raise Failed(describe_os_error(problem), of_all=True) from problem
    raise_for_answer(answer)


def raise_for_answer(answer: Answer) -> None:
    """Raise `Failed` unless the message was taken."""
    if 200 <= answer.status < 300 and FAILED_INSIDE not in answer.text:
        return
    raise Failed(
        f"{answer.status} {answer.text}", for_good=answer.status in (404, 410), of_all=True, wait=_wait(answer)
    )


def slack(text: str, url: str, button: str) -> dict[str, Any]:
    """A message of Slack's kind. Names may hold anything, so that the text is plain, and the fallback escaped."""
    return {
        "text": f"{_escaped(text)} {url}",
        "blocks": [
            {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": f"<{url}|{_escaped(button)}>"}]},
        ],
    }


def adaptive_card(text: str, url: str, button: str) -> dict[str, Any]:
    """A message of Teams' kind. Runs of rich text are not read as markdown, text blocks are."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": text,
        "body": [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text}]}],
        "actions": [{"type": "Action.OpenUrl", "title": button, "url": url}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _wait(answer: Answer) -> timedelta | None:
    seconds = answer.retry_after.strip()
    return min(timedelta(seconds=int(seconds[:9])), LONGEST_WAIT) if seconds.isdecimal() else None
