"""Asking again who it is, before something that nobody else may do at a computer left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from allauth.account.decorators import reauthentication_required
from django.http import HttpResponse

View = TypeVar("View", bound=Callable[..., HttpResponse])


def confirmed(view: View) -> View:
    """Let a form be sent only by who gave the password or a code within the last minutes; the page itself opens.

    What was sent is kept meanwhile, and done once the password or the code was right. What it shows then stands at the
    address at which the password was given: its forms name their own (`request.path`).
    """
    decorated: Any = reauthentication_required(allow_get=True)(view)
    decorated.is_confirmed = True
    confirmed_view: View = decorated
    return confirmed_view
