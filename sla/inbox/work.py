"""What a rep works: the worklist page by page, the most urgent first, and what to reach first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from sla.calendars.hours import OpeningHours
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.work_order import BY_PLACE, Place, place_work
from sla.handoffs.worklist import WorkItem, being_worked, make_work_items, pauses_of, untouched
from smarketing.database.keyset import PAGE_SIZE, Cursor, Page
from smarketing.database.together import Asked, count_of
from teams.models import User


@dataclass(frozen=True)
class Worklist:
    """A page of what a rep works, how much that is in all, and the first of what is nobody's; all the most urgent
    first. `chosen` is the one that was asked for, on whichever page it is."""

    page: Page[Any]
    count: int
    nobodys: list[WorkItem]
    chosen: WorkItem | None
    open_count: int

    def find(self, handoff: int) -> WorkItem | None:
        """The item of a hand-off that is chosen, or on this page."""
        shown = [self.chosen] if self.chosen else self.page.rows
        return next((each for each in shown if each.handoff.pk == handoff), None)


def list_team_work(
    user: User, hours: OpeningHours, *, at: datetime, cursor: Cursor | None = None, chosen: int | None = None
) -> Worklist:
    """The worklist of a rep, and what is nobody's as a rep of the same team left, by the user's hours."""
    reps = User.objects.get_queryset().filter(Q(pk=user.pk) | Q(is_active=False)).values("pk")
    of_team = Handoff.objects.filter(Q(rep=user) | Q(hop__receiving_team=user.team_id), rep__in=reps)
    cursor = cursor if cursor and isinstance(cursor.value, str) else None
    places = place_work(being_worked(of_team), user.pk, hours, at=at, cursor=cursor, size=PAGE_SIZE)
    own: list[Any] = [each for each in places if each.is_own]
    if cursor and not own:
        return list_team_work(user, hours, at=at, chosen=chosen)
    page = Page.cut(own, BY_PLACE, cursor, size=PAGE_SIZE)
    nobodys = [each for each in places if not each.is_own][:PAGE_SIZE]
    keys = [each.pk for each in (*page.rows, *nobodys)]
    items, (open_count,) = Asked.all_of(
        [
            _asked_items([*keys, chosen] if chosen else keys, hours, at=at),
            Asked((count_of(Handoff.objects.open().for_rep(user)),), list),
        ]
    ).fetch()
    return Worklist(
        Page(_in_order(page.rows, items), page.previous, page.next),
        own[0].of_kind if own else 0,
        _in_order(nobodys, items),
        items.get(chosen),
        open_count,
    )


def list_first_touches(user: User, hours: OpeningHours, *, at: datetime, size: int) -> Asked[list[WorkItem]]:
    """What is to be asked for the first of a rep's own work that was never touched."""
    mine = untouched(being_worked(Handoff.objects.for_rep(user)))
    places = place_work(mine, user.pk, hours, at=at, size=size)[:size]
    asked = _asked_items([each.pk for each in places], hours, at=at)
    return Asked(asked.querysets, lambda *found: _in_order(places, asked.make(*found)))


def group_by_due(items: Iterable[WorkItem]) -> list[dict[str, object]]:
    """Group a sorted worklist under headings."""
    groups: dict[Any, list[WorkItem]] = {}
    for item in items:
        groups.setdefault(item.due, []).append(item)
    return [{"heading": due.heading, "rows": rows} for due, rows in groups.items()]


def _asked_items(keys: Sequence[int], hours: OpeningHours, *, at: datetime) -> Asked[dict[int, WorkItem]]:
    """What is to be asked for these, each with its lead, by its key."""
    worked: QuerySet[Handoff] = being_worked(Handoff.objects.filter(pk__in=keys)).select_related("lead__company")

    def make(rows: list[Handoff], pauses: list[Any]) -> dict[int, WorkItem]:
        items = make_work_items(rows, pauses, defaultdict(lambda: hours), at=at)
        return {item.handoff.pk: item for item in items}

    return Asked((worked, pauses_of(keys)), make)


def _in_order(places: Iterable[Place], items: dict[int, WorkItem]) -> list[WorkItem]:
    """Those that are still worked: between two statements somebody may have given one up."""
    return [items[place.pk] for place in places if place.pk in items]
