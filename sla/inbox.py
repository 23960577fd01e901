"""What waits for a rep: the hand-offs by deadline, and why each lead was offered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.models import Activity, ActivityKind, Lead
from leads.telling import icon_of, said
from sla.hours import OpeningHours
from sla.models import Handoff
from sla.touching import Clock, Work, at_work, hours_of, with_touches, works
from smarketing import wording
from teams.models import User

LATELY = 6
COLLEAGUES = 8
SIZE = 50


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
    last = Activity.objects.filter(lead=OuterRef("lead")).order_by("-occurred_at", "-pk")
    shown = {
        "family_name": F("lead__family_name"),
        "given_name": F("lead__given_name"),
        "email": F("lead__email"),
        "title": F("lead__title"),
        "company": F("lead__company__name"),
        # Millionths, or None before the first score.
        "fit": F("lead__score__fit"),
        "interest": F("lead__score__interest"),
        "last_kind": Subquery(last.values("kind")[:1]),
        "last_at": Subquery(last.values("occurred_at")[:1]),
    }
    mine = Handoff.objects.open().for_rep(user).with_clock()
    return mine.annotate(**shown).values_list("pk", "due_at", "target", "lead_id", *shown, named=True)


def name_of(offer: Any) -> str:
    """The lead of a row of `offered()`, as it is named everywhere."""
    lead = Lead(pk=offer.lead_id, family_name=offer.family_name, given_name=offer.given_name, email=offer.email)
    return str(lead)


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
    return with_touches(Handoff.objects.for_rep(user).with_clock()).select_related(
        "lead__company",
        "lead__score",
        "lead__persona_match__persona",
        "hop__agreement",
        "hop__from_stage",
        "hop__offering_team",
        "policy",
        "hop__rejected_stage",
        "hop__accepted_stage",
        "transition__definition__stage",
        "reason",
    )


def working(user: User, *, at: datetime) -> list[Work]:
    """Return what one rep works, the most urgent first, each with what its line in the list shows."""
    mine = at_work(Handoff.objects.for_rep(user)).select_related("policy", "lead__company", "hop")
    return works(mine, hours_of([user], at=at), at=at)


def count_working(user: User) -> int:
    return at_work(Handoff.objects.for_rep(user)).count()


def by_due(found: Iterable[Work]) -> list[dict[str, object]]:
    """Arrange work, already in its order, under headings."""
    groups: dict[Any, list[Work]] = {}
    for work in found:
        groups.setdefault(work.due, []).append(work)
    return [{"heading": due.heading, "rows": rows} for due, rows in groups.items()]


def by_day(offers: Iterable[Any], hours: OpeningHours, *, at: datetime) -> list[dict[str, object]]:
    """Arrange rows of `offered()`, already by deadline, under headings: overdue, today, tomorrow, later."""
    names = {kind.pk: str(kind) for kind in ActivityKind.objects.all()}
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
        row = {"handoff": offer, "clock": clock, "last": names.get(offer.last_kind)}
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
            "note": said(activity),
        }
        for activity in activities
    ]


def colleagues(lead: Lead) -> QuerySet[Lead]:
    """Return the others at the lead's company: the buying group."""
    if lead.company_id is None:
        return Lead.objects.none()
    last = Activity.objects.filter(lead=OuterRef("pk")).order_by("-occurred_at").values("occurred_at")[:1]
    here = Lead.objects.here().filter(company=lead.company_id).exclude(pk=lead.pk)
    return here.select_related("journey__stage").annotate(last_seen=Subquery(last)).order_by("-pk")[:COLLEAGUES]
