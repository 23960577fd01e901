"""The counts beside the navigation: what waits for the person who looks."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.timezone import now

from sla.models import Handoff
from teams.models import Role, User


def nav_counts(request: HttpRequest) -> dict[str, Any]:
    """A context processor: `nav_counts`, by URL name. Nothing is counted on a page that shows none of it."""
    return {"nav_counts": SimpleLazyObject(lambda: waiting_for(getattr(request, "user", None)))}


def waiting_for(user: object) -> dict[str, int | tuple[int, str]]:
    if not isinstance(user, User):
        return {}
    counts: dict[str, int | tuple[int, str]] = {"notices": user.notices.filter(read_at=None).count()}
    if user.has_role(Role.REP, Role.SDR):
        counts["inbox"] = open_handoffs(user)
    return counts


def open_handoffs(user: User) -> int | tuple[int, str]:
    """How many hand-offs wait for an answer; in the tone of a breach once one is overdue."""
    overdue = Q(timers__kind="answer", timers__due_at__lt=now())
    counted = (
        Handoff.objects.open()
        .for_rep(user)
        .aggregate(n=Count("pk", distinct=True), overdue=Count("pk", filter=overdue, distinct=True))
    )
    return (counted["n"], "breached") if counted["overdue"] else counted["n"]
