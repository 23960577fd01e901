"""The counts beside the navigation: what waits for the person who looks."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, DateTimeField, Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.timezone import now

from sla.models import Handoff
from smarketing.database.counting import CountOf
from smarketing.database.statements import Given, Statement
from teams.models import Notice, Role, User


def nav_counts(request: HttpRequest) -> dict[str, Any]:
    """A context processor: `nav_counts`, by URL name. Nothing is counted on a page that shows none of it."""
    return {"nav_counts": SimpleLazyObject(lambda: waiting_for(getattr(request, "user", None)))}


def waiting_for(user: object) -> dict[str, int | tuple[int, str]]:
    if not isinstance(user, User):
        return {}
    [(notices, offered, is_overdue)] = WAITING.rows(user=user.pk, at=now())
    counts: dict[str, int | tuple[int, str]] = {"notices": notices}
    if user.has_role(Role.REP, Role.SDR):
        # In the tone of a breach once one is overdue.
        counts["inbox"] = (offered, "breached") if is_overdue else offered
    return counts


def _waiting() -> QuerySet[User, Any]:
    """Of one person: how many notices are unread, how many hand-offs wait for an answer, and whether one is overdue."""
    unread = Notice.objects.unread().filter(user=OuterRef("pk"))
    offered = Handoff.objects.open().filter(rep=OuterRef("pk"))
    overdue = offered.filter(timers__kind="answer", timers__due_at__lt=Given("at", DateTimeField()))
    return User.objects.filter(pk=Given("user", BigIntegerField())).values_list(
        CountOf(unread, limit=None), CountOf(offered, limit=None), Exists(overdue)
    )


WAITING = Statement(_waiting)
