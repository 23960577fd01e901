"""What is said of a notice outside the app, and the address that it leads to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from teams.models import Notice


def sentence(notice: Notice) -> str:
    """Return its sentence on one line, in the language that is active."""
    return " ".join(notice.text.split())


def shortened(text: str, longest: int) -> str:
    """Return a text of at most so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def heading(notices: Sequence[Notice]) -> str:
    """Return the sentence of one notice, or how many of which kind there are, in the language that is active."""
    if len(notices) == 1:
        return sentence(notices[0])
    if len({notice.kind for notice in notices}) > 1:
        return _("%(count)s notices from the time when Smarketing stood still") % {"count": len(notices)}
    return _("%(count)s notices: %(kind)s") % {"count": len(notices), "kind": notices[0].title}


def listed(notices: Sequence[Notice], most: int) -> list[tuple[str, str]]:
    """Return the sentences and addresses of several notices, the first `most` of them; nothing of one alone."""
    return [(sentence(notice), page_url(notice)) for notice in notices[:most]] if len(notices) > 1 else []


def describe_rest(notices: Sequence[Notice], most: int) -> str:
    """Return how many more there are than those that are listed, or nothing."""
    rest = len(notices) - most
    return _("%(count)s more are in the list of notices.") % {"count": rest} if rest > 0 else ""


def page_url(notice: Notice) -> str:
    """Return where it leads: a page that asks to sign in. Nothing is accepted or rejected by following a link."""
    return settings.PUBLIC_URL + (notice.address or reverse("notices"))


def action_label(notice: Notice) -> str:
    """Return what the page is for, in the language that is active."""
    return str(notice.page.action)


def due_at(notice: Notice) -> datetime | None:
    """Return until when it waits, where its hand-off said so."""
    return parse_datetime(str(notice.params.get("due_at") or "")) if notice.declared.is_due else None


def absolute_url(name: str) -> str:
    return settings.PUBLIC_URL + reverse(name)
