"""Leads that stood in a stage before their hop, or the definition that qualified them, began.

They are offered only where the signers chose "all now", and then spread: a rep is offered a fifth of a week's capacity
on an open day, or five where none is set.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Protocol

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields import BooleanField
from django.db.models.functions import Coalesce

from funnel.models import Transition
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.hops import Hop
from sla.calendars.models import Calendar
from sla.handoffs.models.handoffs import Handoff
from sla.routing.assignment import Slot
from smarketing.company import day_around, start_of_day
from teams.models import User

A_DAY = 5
WORKING_DAYS = 5
ALWAYS = datetime.min.replace(tzinfo=UTC)


def with_first_day(hops: QuerySet[Hop]) -> QuerySet[Hop]:
    """Hops with `offers_from`, the moment since which each is agreed without interruption, between the same teams; and
    `offers_standing`, whether the signers of that version chose "all now"."""
    versions = Agreement.objects.dated().exclude(in_force_from=F("replaced_at"))
    same = Hop.objects.filter(
        agreement=OuterRef("pk"),
        from_stage=OuterRef(OuterRef("from_stage")),
        offering_team=OuterRef(OuterRef("offering_team")),
        receiving_team=OuterRef(OuterRef("receiving_team")),
    )
    until_now = versions.filter(in_force_from__lte=OuterRef("agreement__in_force_from"))
    without = until_now.exclude(Exists(same)).order_by("-in_force_from").values("in_force_from")[:1]
    with_it = until_now.filter(in_force_from__gt=OuterRef("last_without")).order_by("in_force_from")
    dated: QuerySet[Any] = hops.annotate(last_without=Coalesce(Subquery(without), Value(ALWAYS)))
    described: QuerySet[Hop] = dated.annotate(
        offers_from=Subquery(with_it.values("in_force_from")[:1]),
        offers_standing=Subquery(with_it.values("qualifies_standing")[:1]),
    )
    return described


class OfferingHop(Protocol):
    """A hop, or its places in a statement that is compiled once."""

    @property
    def from_stage_id(self) -> Any: ...

    @property
    def offers_from(self) -> Any: ...

    @property
    def offers_standing(self) -> bool: ...


def entered_since(transitions: QuerySet[Transition], hop: OfferingHop) -> QuerySet[Any]:
    """The steps that the hop offers: from its first day on, and those from before where the signers chose so; each with
    `stood_before`, whether it is offered only because they chose so."""
    if not hop.offers_standing:
        transitions = transitions.filter(at__gte=hop.offers_from)
    before = Q(at__lt=hop.offers_from) | _qualified_standing()
    return transitions.annotate(stood_before=Case(When(before, then=True), default=False, output_field=BooleanField()))


def _qualified_standing() -> Q:
    """Steps of leads without anything new since the definition that made them began."""
    began = F("definition__in_force_from")
    no_news = Q(lead__journey__news_at=None) | Q(lead__journey__news_at__lt=began)
    came_since = Transition.objects.filter(
        lead=OuterRef("lead"), at__gte=OuterRef("definition__in_force_from"), at__lt=OuterRef("at")
    )
    return (
        Q(how=Transition.How.MACHINE, definition__qualifies_standing=True, lead__created_at__lt=began)
        & no_news
        & ~Q(Exists(came_since))
    )


class StandingShares:
    """How many more leads that stood before each rep is offered on that company day."""

    def __init__(self, left: dict[int, int]) -> None:
        self.left = left

    @classmethod
    def of(cls, slots: Iterable[Slot], *, at: datetime) -> StandingShares:
        slots = list(slots)
        today = start_of_day(at)
        offered = Handoff.objects.filter(rep__in=[slot.user.pk for slot in slots], stood_before=True)
        had = list(offered.filter(offered_at__gte=today, replaces=None).values_list("rep", flat=True))
        return cls({slot.user.pk: _share(slot, at=at) - had.count(slot.user.pk) for slot in slots})

    @property
    def are_used_up(self) -> bool:
        return all(left <= 0 for left in self.left.values())

    def without_any(self) -> set[int]:
        """The reps who are offered no more of them today."""
        return {rep for rep, left in self.left.items() if left <= 0}

    def take(self, rep: int) -> None:
        self.left[rep] -= 1


def _share(slot: Slot, *, at: datetime) -> int:
    if not _is_open_day(slot.user, at=at):
        return 0
    # Rounded up: the limit of the week itself holds anyway.
    return A_DAY if slot.most_a_week is None else -(-slot.most_a_week // WORKING_DAYS)


def _is_open_day(user: User, *, at: datetime) -> bool:
    """Whether the rep's calendar opens at all on that company day."""
    try:
        hours = Calendar.hours_for(user, at=at)
    except ValueError:  # It never opens.
        return False
    return bool(hours.elapsed(*day_around(at)))
