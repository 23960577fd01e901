"""What waits for a rep: the hand-offs by deadline, and why each lead was offered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, DateTimeField, F, Func, OuterRef, QuerySet, Subquery, TextField
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.activities.activity_text import describe_activity, icon_of
from leads.models import Activity, Lead, named
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.touching import Clock, Work, at_work, with_touch_clock, works
from smarketing.database.counting import COUNT_TO, CountOf
from smarketing.database.keyset import Cursor, Order, Page, RowComparison, row_value
from smarketing.database.statements import Given, Statement
from smarketing.pages import wording
from smarketing.pages.paging import ListPage
from smarketing.pages.wording import full_name
from teams.models import User

LATELY = 6
COLLEAGUES = 8
SIZE = 50
BY_DEADLINE = Order("due_at")


@dataclass(frozen=True)
class NumberedPage:
    """Some of what is worked. No column holds its order, so that its pages are counted."""

    rows: list[Work]
    previous_url: str
    next_url: str
    note: str

    @classmethod
    def of(cls, works: Sequence[Work], asked: str) -> NumberedPage:
        """The page of that number, or the nearest that there is."""
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 1
        number = max(1, min(number, -(-len(works) // SIZE)))
        return cls(
            list(works[(number - 1) * SIZE : number * SIZE]),
            previous_url=f"?page={number - 1}" if number > 1 else "",
            next_url=f"?page={number + 1}" if number * SIZE < len(works) else "",
            note=gettext("%(n)s in all") % {"n": wording.number(len(works))},
        )


def offered(user: User) -> QuerySet[Handoff, Any]:
    """Return the open hand-offs of one rep by deadline: named tuples of what their lines in the list show.

    No models: a lead, its company and its score have five times the columns of a line, and cost five times its time.
    """
    return _shown(Handoff.objects.open().for_rep(user).with_clock())


def _shown(handoffs: QuerySet[Handoff], *more: Subquery) -> QuerySet[Handoff, Any]:
    last = Activity.objects.filter(lead=OuterRef("lead")).order_by("-occurred_at", "-pk")
    shown = {
        "family_name": F("lead__family_name"),
        "given_name": F("lead__given_name"),
        "email": F("lead__email"),
        "title": F("lead__title"),
        "company": F("lead__company__name"),
        "fit": F("lead__score__fit"),
        "interest": F("lead__score__interest"),
        "last_kind": Subquery(last.values("kind")[:1]),
        "last_at": Subquery(last.values("occurred_at")[:1]),
    }
    columns: tuple[Any, ...] = ("pk", "due_at", "target", "lead_id", *shown, *more)
    return handoffs.annotate(**shown).values_list(*columns, named=True)


class Offer(NamedTuple):
    """A row of `listed()`: one of `offered()`."""

    pk: int
    due_at: datetime
    target: timedelta
    lead_id: int
    family_name: str
    given_name: str
    email: str
    title: str
    company: str | None
    # Millionths, or None before the first score.
    fit: int | None
    interest: int | None
    last_kind: int | None
    last_at: datetime | None
    # What the kind is called in English and in Japanese.
    last_names: list[str] | None


def _listed(*, beyond: str = "", descending: bool = False) -> QuerySet[Handoff, Any]:
    """Up to a page and one row more of what is offered to one rep, each with how many are offered and worked in all."""
    mine = Handoff.objects.filter(rep=Given("rep", BigIntegerField()))
    chosen = mine.open().with_clock()
    if beyond:
        here = row_value(F("due_at"), F("pk"))
        there = row_value(Given("value", DateTimeField()), Given("key", BigIntegerField()))
        chosen = chosen.filter(RowComparison(here, there, arg_joiner=beyond))
    order = ["-due_at", "-pk"] if descending else ["due_at", "pk"]
    # Only what is shown is looked up: the lead, its company and its score.
    keys = chosen.order_by(*order).values("pk")[: SIZE + 1]
    names = Func(F("kind__name_en"), F("kind__name_ja"), template="ARRAY[%(expressions)s]", output_field=TextField())
    last = Activity.objects.filter(lead=OuterRef("lead")).order_by("-occurred_at", "-pk").values(names=names)[:1]
    more = Subquery(last), CountOf(mine.open()), CountOf(at_work(mine), limit=None)
    return _shown(Handoff.objects.filter(pk__in=keys).with_clock(), *more).order_by(*order)


FIRST = Statement(_listed)
BEHIND = Statement(partial(_listed, beyond=" > "))
BEFORE = Statement(partial(_listed, beyond=" < ", descending=True))


@dataclass(frozen=True)
class Listed:
    """A page of what is offered, and how much is worked meanwhile."""

    page: ListPage[Any]
    working: int


def listed(request: HttpRequest, user: User) -> Listed:
    """The page of `offered()` that the address asks for, in one statement."""
    cursor = Cursor.parse(request.GET["after"]) if "after" in request.GET else None
    cursor = cursor and cursor.in_list(offered(user), BY_DEADLINE)
    rows = _ask(user, cursor)
    if cursor and not rows:
        cursor, rows = None, _ask(user, None)
    if not rows:
        return Listed(ListPage([]), count_working(user))
    *_offer, count, working = rows[0]
    offers: list[Any] = [Offer(*row[:-2]) for row in rows]
    page = Page.cut(offers, BY_DEADLINE, cursor, size=SIZE)
    return Listed(ListPage.of(page, min(count, COUNT_TO), count > COUNT_TO, request), working)


def _ask(user: User, cursor: Cursor | None) -> list[tuple[Any, ...]]:
    if cursor is None:
        return FIRST.rows(rep=user.pk)
    statement = BEFORE if cursor.backward else BEHIND
    return statement.rows(rep=user.pk, value=cursor.value, key=cursor.key)


def name_of(offer: Any) -> str:
    """The lead of a row of `offered()`, as it is named everywhere."""
    return full_name(offer.given_name, offer.family_name) or offer.email or str(Lead(pk=offer.lead_id))


def answered(user: User) -> QuerySet[Handoff]:
    """Return what a rep has answered, the latest first; late stays late."""
    return (
        Handoff.objects.exclude(answer="")
        .for_rep(user)
        .with_clock()
        .select_related("lead__company", "reason")
        .order_by("-answered_at", "-pk")
    )


def one(user: User) -> QuerySet[Handoff]:
    """Return a rep's hand-offs with all that the page of one shows."""
    return with_touch_clock(Handoff.objects.for_rep(user).with_clock()).select_related(
        "lead__company",
        "lead__persona_match__persona",
        "hop__offering_team",
        "hop__rejected_stage",
        "policy",
        "transition__definition__stage",
        "reason",
    )


def know(handoff: Handoff, user: User) -> None:
    """Do not look for the rep, whose inbox it is, again."""
    handoff.rep = user
    if handoff.answered_by_id == user.pk:
        handoff.answered_by = user
    if handoff.given_up_by_id == user.pk:
        handoff.given_up_by = user


def working(user: User, hours: OpeningHours | None = None, *, at: datetime) -> list[Work]:
    """Return what one rep works, the most urgent first, each with what its line in the list shows. `hours` are the
    rep's, where they are known."""
    mine = at_work(Handoff.objects.for_rep(user)).select_related("policy", "lead__company", "hop")
    return works(mine, {user.pk: hours or Calendar.hours_of(user, at=at)}, at=at)


def count_working(user: User) -> int:
    return at_work(Handoff.objects.for_rep(user)).count()


def by_due(found: Iterable[Work]) -> list[dict[str, object]]:
    """Arrange work, already in its order, under headings."""
    groups: dict[Any, list[Work]] = {}
    for work in found:
        groups.setdefault(work.due, []).append(work)
    return [{"heading": due.heading, "rows": rows} for due, rows in groups.items()]


def by_day(offers: Iterable[Any], hours: OpeningHours, *, at: datetime) -> list[dict[str, object]]:
    """Arrange rows of `listed()`, already by deadline, under headings: overdue, today, tomorrow, later."""
    today = at.astimezone(hours.tz).date()
    groups: dict[object, list[dict[str, object]]] = {}
    for offer in offers:
        clock = Clock.of(offer, hours, at=at)
        day = clock.due_at.astimezone(hours.tz).date()
        if clock.due_at < at:
            heading = _("Overdue")
        elif day == today:
            heading = _("Due today")
        elif day == today + timedelta(days=1):
            heading = _("Due tomorrow")
        else:
            heading = _("Due later")
        last = named(*offer.last_names) if offer.last_names else ""
        row = {"handoff": offer, "clock": clock, "last": last}
        groups.setdefault(heading, []).append(row)
    return [{"heading": heading, "rows": rows} for heading, rows in groups.items()]


def lately(lead: Lead) -> list[dict[str, object]]:
    """Return the last activities of a lead as lines of a timeline."""
    activities = lead.activities.select_related("kind").order_by("-occurred_at", "-pk")[:LATELY]
    return [
        {
            "icon": icon_of(activity),
            "text": str(activity.kind),
            "at": activity.occurred_at,
            "note": describe_activity(activity),
        }
        for activity in activities
    ]


def colleagues(lead: Lead) -> QuerySet[Lead]:
    """Return the others at the lead's company: the buying group."""
    if lead.company_id is None:
        return Lead.objects.none()
    last = Activity.objects.filter(lead=OuterRef("pk")).order_by("-occurred_at").values("occurred_at")[:1]
    here = Lead.objects.unmerged().filter(company=lead.company_id).exclude(pk=lead.pk)
    return here.select_related("journey__stage").annotate(last_seen=Subquery(last)).order_by("-pk")[:COLLEAGUES]
