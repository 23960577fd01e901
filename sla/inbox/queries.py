"""What the inbox lists: offers by deadline, answered hand-offs, and about one lead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BigIntegerField,
    DateTimeField,
    Exists,
    F,
    Func,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from leads.activities.activity_text import describe_activity, icon_of
from leads.models import Activity, Lead, named
from sla.agreement.models.agreements import AgreedPersona
from sla.calendars.hours import OpeningHours
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.worklist import Countdown, being_worked, with_touch_clock
from smarketing.database.counting import COUNT_TO, CountOf
from smarketing.database.keyset import Cursor, Order, Page, RowComparison, row_value
from smarketing.database.statements import Given, Statement
from smarketing.database.together import Asked
from smarketing.pages.paging import ListPage
from smarketing.pages.wording import full_name
from teams.models import User

MAX_ACTIVITIES = 6
MAX_COLLEAGUES = 8
PAGE_SIZE = 50
BY_DEADLINE = Order("due_at")


def offer_rows(user: User) -> QuerySet[Handoff, Any]:
    """Return the open hand-offs of one rep by deadline: named tuples of the columns that the list shows.

    No models: a lead, its company and its score have five times the columns of a line, and cost five times its time.
    """
    return _with_columns(Handoff.objects.open().for_rep(user).with_clock())


def _with_columns(handoffs: QuerySet[Handoff], *more: Subquery) -> QuerySet[Handoff, Any]:
    last = Activity.objects.filter(lead=OuterRef("lead")).order_by("-occurred_at", "-pk")
    columns = {
        "family_name": F("lead__family_name"),
        "given_name": F("lead__given_name"),
        "email": F("lead__email"),
        "title": F("lead__title"),
        "company": F("lead__company__name"),
        "fit": F("lead__score__fit"),
        "interest": F("lead__score__interest"),
        "fit_threshold": F("lead__score__model__fit_threshold"),
        "interest_threshold": F("lead__score__model__interest_threshold"),
        "last_kind": Subquery(last.values("kind")[:1]),
        "last_at": Subquery(last.values("occurred_at")[:1]),
    }
    clock = ("due_at", "target", "clock_started_at", "clock_hours")
    names: tuple[Any, ...] = ("pk", *clock, "lead_id", "follows_id", *columns, *more)
    return handoffs.annotate(**columns).values_list(*names, named=True)


class OfferRow(NamedTuple):
    """A row of `list_offers()`: the columns of `offer_rows()`, and the names of the last activity."""

    pk: int
    due_at: datetime
    target: timedelta
    clock_started_at: datetime
    # The hours with which the clock started, as JSON.
    clock_hours: str | None
    lead_id: int
    # The first hand-off of its thread, if it is another.
    follows_id: int | None
    family_name: str
    given_name: str
    email: str
    title: str
    company: str | None
    # Millionths, or None before the first score.
    fit: int | None
    interest: int | None
    fit_threshold: Decimal | None
    interest_threshold: Decimal | None
    last_kind: int | None
    last_at: datetime | None
    # What the kind is called in English and in Japanese.
    last_names: list[str] | None


def _offers_statement(*, beyond: str = "", descending: bool = False) -> QuerySet[Handoff, Any]:
    """Up to a page of one rep's offers and one row more, each with how many are offered and worked in all. `beyond` is
    the comparison with the cursor's row."""
    mine = Handoff.objects.filter(rep=Given("rep", BigIntegerField()))
    offers = mine.open().with_clock()
    if beyond:
        row = row_value(F("due_at"), F("pk"))
        cursor = row_value(Given("value", DateTimeField()), Given("key", BigIntegerField()))
        offers = offers.filter(RowComparison(row, cursor, arg_joiner=beyond))
    order = ["-due_at", "-pk"] if descending else ["due_at", "pk"]
    # Only for the rows of the page are the lead, its company and its score looked up.
    keys = offers.order_by(*order).values("pk")[: PAGE_SIZE + 1]
    names = Func(F("kind__name_en"), F("kind__name_ja"), template="ARRAY[%(expressions)s]", output_field=TextField())
    last = Activity.objects.filter(lead=OuterRef("lead")).order_by("-occurred_at", "-pk").values(names=names)[:1]
    more = Subquery(last), CountOf(mine.open()), CountOf(being_worked(mine), limit=None)
    shown = Handoff.objects.filter(pk__among=ArraySubquery(keys)).with_clock()
    return _with_columns(shown, *more).order_by(*order)


FIRST_PAGE = Statement(_offers_statement)
NEXT_PAGE = Statement(partial(_offers_statement, beyond=" > "))
PREVIOUS_PAGE = Statement(partial(_offers_statement, beyond=" < ", descending=True))


@dataclass(frozen=True)
class OfferList:
    """A page of offers, and how many hand-offs the rep works."""

    page: ListPage[Any]
    working_count: int


def list_offers(request: HttpRequest, user: User) -> OfferList:
    """The page of `offer_rows()` that the address asks for, in one statement."""
    cursor = Cursor.parse(request.GET["after"]) if "after" in request.GET else None
    cursor = cursor and cursor.in_list(offer_rows(user), BY_DEADLINE)
    rows = _fetch_rows(user, cursor)
    if cursor and not rows:
        cursor, rows = None, _fetch_rows(user, None)
    if not rows:
        return OfferList(ListPage([]), count_work(user))
    *_offer, count, working_count = rows[0]
    offers: list[Any] = [OfferRow(*row[:-2]) for row in rows]
    page = Page.cut(offers, BY_DEADLINE, cursor, size=PAGE_SIZE)
    return OfferList(ListPage.of(page, min(count, COUNT_TO), count > COUNT_TO, request), working_count)


def _fetch_rows(user: User, cursor: Cursor | None) -> list[tuple[Any, ...]]:
    if cursor is None:
        return FIRST_PAGE.rows(rep=user.pk)
    statement = PREVIOUS_PAGE if cursor.backward else NEXT_PAGE
    return statement.rows(rep=user.pk, value=cursor.value, key=cursor.key)


def lead_name(offer: Any) -> str:
    """The name of the lead of a row of `offer_rows()`, as on every page."""
    return full_name(offer.given_name, offer.family_name) or offer.email or str(Lead(pk=offer.lead_id))


def answered_handoffs(user: User) -> QuerySet[Handoff]:
    """The hand-offs that a rep has answered, the latest first."""
    return (
        Handoff.objects.exclude(answer="")
        .for_rep(user)
        .with_clock()
        .select_related("lead__company", "reason")
        .order_by("-answered_at", "-pk")
    )


def handoff_detail_queryset(user: User) -> QuerySet[Handoff]:
    """A rep's hand-offs, with the relations that the page of one hand-off shows."""
    names = AgreedPersona.objects.filter(agreement=OuterRef("hop__agreement")).order_by("position")
    name = Func(F("version__persona"), F("version__name"), function="jsonb_build_array", output_field=JSONField())
    handoffs = (
        Handoff.objects.for_rep(user)
        .with_clock()
        .annotate(
            persona_names=ArraySubquery(names.values_list(name)),
            is_followed=Exists(Handoff.objects.open().filter(follows=OuterRef("pk"))),
        )
    )
    return with_touch_clock(handoffs).select_related(
        "lead__company",
        "lead__persona_match__persona",
        "hop__offering_team",
        "hop__rejected_stage",
        "policy",
        "transition__definition__stage",
        "reason",
    )


def thread_of(handoff: Handoff) -> list[Handoff]:
    """The open hand-offs of one thread, the first of them first; none where it is alone, or the first is answered."""
    if handoff.follows_id is None and not getattr(handoff, "is_followed", True):
        return []
    first = handoff.follows_id or handoff.pk
    thread = Handoff.objects.open().filter(Q(pk=first) | Q(follows=first), rep=handoff.rep_id)
    rows = list(thread.select_related("lead", "hop__rejected_stage").order_by("offered_at", "pk"))
    return rows if len(rows) > 1 and any(each.pk == first for each in rows) else []


def reuse_rep(handoff: Handoff, user: User) -> None:
    """Set the users of a hand-off that are its rep, so that they are not queried again."""
    handoff.rep = user
    if handoff.answered_by_id == user.pk:
        handoff.answered_by = user
    if handoff.given_up_by_id == user.pk:
        handoff.given_up_by = user


def count_work(user: User) -> int:
    return being_worked(Handoff.objects.for_rep(user)).count()


def group_by_day(offers: Iterable[Any], hours: OpeningHours, *, at: datetime) -> list[dict[str, object]]:
    """Group rows of `list_offers()`, sorted by deadline, under headings: overdue, today, tomorrow, later."""
    today = at.astimezone(hours.tz).date()
    groups: dict[object, list[dict[str, object]]] = {}
    for offer in offers:
        countdown = Countdown.of(offer, hours, at=at)
        day = countdown.due_at.astimezone(hours.tz).date()
        if countdown.due_at < at:
            heading = _("Overdue")
        elif day == today:
            heading = _("Due today")
        elif day == today + timedelta(days=1):
            heading = _("Due tomorrow")
        else:
            heading = _("Due later")
        last = named(*offer.last_names) if offer.last_names else ""
        row = {"handoff": offer, "countdown": countdown, "last": last}
        groups.setdefault(heading, []).append(row)
    return [{"heading": heading, "rows": rows} for heading, rows in groups.items()]


def asked_activities(lead: Lead) -> Asked[list[dict[str, object]]]:
    """The latest activities of a lead, as items of `_timeline.html`."""
    written = lead.activities.select_related("kind").annotate(by_text=KeyTextTransform("by", "properties"))
    loggers = User.objects.get_queryset().with_written_names()
    loggers = loggers.filter(Q(given_first=OuterRef("by_text")) | Q(family_first=OuterRef("by_text")))
    name = loggers.values(name=JSONObject(given_name="given_name", family_name="family_name"))[:1]
    activities = written.annotate(logger=Subquery(name)).order_by("-occurred_at", "-pk")[:MAX_ACTIVITIES]
    return Asked((activities,), _activity_items)


def _activity_items(activities: list[Activity]) -> list[dict[str, object]]:
    people = {each.by_text: User(**each.logger) for each in activities if each.logger}  # type: ignore[attr-defined]
    return [
        {
            "icon": icon_of(activity),
            "text": str(activity.kind),
            "at": activity.occurred_at,
            "note": describe_activity(activity, people),
        }
        for activity in activities
    ]


def colleagues(lead: Lead) -> QuerySet[Lead]:
    """The other leads at the lead's company: the buying group."""
    if lead.company_id is None:
        return Lead.objects.none()
    last = Activity.objects.filter(lead=OuterRef("pk")).order_by("-occurred_at").values("occurred_at")[:1]
    others = Lead.objects.unmerged().filter(company=lead.company_id).exclude(pk=lead.pk)
    return others.select_related("journey__stage").annotate(last_seen=Subquery(last)).order_by("-pk")[:MAX_COLLEAGUES]
