"""What is said of a notice outside the app, and the address that it leads to."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from teams.models import Notice


def sentence(notice: Notice) -> str:
    """Return its sentence on one line, in the language that is active."""
    return " ".join(notice.text.split())


def page(notice: Notice) -> str:
    """Return where it leads: a page that asks to sign in. Nothing is accepted or rejected by following a link."""
    return settings.PUBLIC_URL + (notice.url or reverse("notices"))


def address_of(name: str) -> str:
    return settings.PUBLIC_URL + reverse(name)
