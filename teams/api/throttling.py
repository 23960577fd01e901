"""How often a program may call: so many requests a minute and token (`API_REQUESTS_A_MINUTE`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from smarketing.api.buckets import Allowance, take
from teams.models import Token


class TooOften(exceptions.Throttled):
    """The token asked more often than it may."""

    default_detail = ""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.detail = exceptions.ErrorDetail(_("Too many requests: go on in %(n)s s.") % {"n": wait}, self.default_code)


class TokenThrottle(BaseThrottle):
    """A bucket for each token. What is left is told in every answer (`smarketing.api.endpoint`)."""

    def allow_request(self, request: Request, view: Any) -> bool:
        allowance = Allowance(settings.API_REQUESTS_A_MINUTE, 60)
        if not allowance.requests or not isinstance(request.auth, Token):
            return True
        taken = take(f"token {request.auth.pk}", allowance)
        if taken is None:
            return True
        view.taken = taken
        if not taken.passes:
            raise TooOften(taken.next_in)
        return True
