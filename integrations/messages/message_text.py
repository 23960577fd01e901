"""What is said of a notice outside the app, and the address that it leads to."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from teams.models import Notice


def sentence(notice: Notice) -> str:
    """Return its sentence on one line, in the language that is active."""
    return " ".join(notice.text.split())


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
