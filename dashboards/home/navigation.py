"""The counts beside the navigation: what waits for a person."""

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
    """A context processor: `nav_counts` by URL name, counted only on pages that show them."""
    return {"nav_counts": SimpleLazyObject(lambda: navigation_counts(getattr(request, "user", None)))}


def navigation_counts(user: object) -> dict[str, int | tuple[int, str]]:
    if not isinstance(user, User):
        return {}
    [(notices, offered, is_overdue)] = COUNTS.rows(user=user.pk, at=now())
    counts: dict[str, int | tuple[int, str]] = {"notices": notices}
    if user.has_role(Role.REP, Role.SDR):
        # Shown as a breach if one is overdue.
        counts["inbox"] = (offered, "breached") if is_overdue else offered
    return counts


def _counts_query() -> QuerySet[User, Any]:
    """Of one person: unread notices, hand-offs that wait for an answer, whether one of these is overdue."""
    unread = Notice.objects.unread().filter(user=OuterRef("pk"))
    offered = Handoff.objects.open().filter(rep=OuterRef("pk"))
    overdue = offered.filter(timers__kind="answer", timers__due_at__lt=Given("at", DateTimeField()))
    return User.objects.filter(pk=Given("user", BigIntegerField())).values_list(
        CountOf(unread, limit=None), CountOf(offered, limit=None), Exists(overdue)
    )


COUNTS = Statement(_counts_query)
