"""Reading a large file is costly: a person's requests that do it follow one another."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render

from smarketing.database.locks import try_named
from teams.http import UserRequest

P = ParamSpec("P")
# What the view answers: a page, or nothing where another goes on.
A = TypeVar("A", HttpResponse, HttpResponse | None)
# Whoever presses twice need not know of it; whoever sends many files is told after a while.
PATIENCE = 5.0
PAUSE = 0.2


def one_at_a_time(
    view: Callable[Concatenate[UserRequest, P], A],
) -> Callable[Concatenate[UserRequest, P], A | HttpResponse]:
    """Let at most one request of a person be in the view; others wait a little, and are then answered 429."""

    @wraps(view)
    def alone(request: UserRequest, /, *args: P.args, **kwargs: P.kwargs) -> A | HttpResponse:
        with transaction.atomic():
            if _is_our_turn(request):
                return view(request, *args, **kwargs)
        answer = render(request, "429.html", status=429)
        answer["Retry-After"] = str(int(PATIENCE))
        return answer

    return alone


def _is_our_turn(request: UserRequest) -> bool:
    until = time.monotonic() + PATIENCE
    while not (ours := try_named(f"reading files of user {request.user.pk}")) and time.monotonic() < until:
        time.sleep(PAUSE)
    return ours
