"""The first page: what waits for the person who looks, by what they do here. Every number opens its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dashboards.attainment.page import AttainmentPage
from dashboards.numbers.question_urls import behind_url
from dashboards.weekly.week_in_short import key_figures, this_week
from funnel.models import Opportunity
from leads.models import Activity, Import, Lead, Persona
from metrics.question import Question, View
from metrics.registry import metric
from scoring.models import ScoreModel
from sla.agreement.signing import unsigned_by
from sla.disputes.disputing import open_disputes
from sla.handoffs.touching import Clock
from sla.inbox.inbox import offered
from sla.models import Agreement, Calendar, Handoff, Review
from smarketing.company import company_zone
from smarketing.database.counting import count_up_to
from smarketing.pages.navigation import may_open, url_of
from teams.http import UserRequest
from teams.models import Organization, Role, Team, User

SHOWN = 5
# What counts as having reached somebody, or tried.
REACHING = ("call", "meeting")
LATELY = timedelta(days=14)


@require_GET
def home(request: UserRequest) -> HttpResponse:
    user, at = request.user, now()
    context: dict[str, Any] = {
        "at": at,
        "signing": signing_of(user),
        "agreement": Agreement.objects.in_force(at).first(),
    }
    if user.has_role(Role.REP, Role.SDR):
        context |= selling(user, at)
    if user.has_role(Role.MARKETER, Role.MANAGER):
        context |= marketing(at)
    if user.has_role(Role.MANAGER):
        context |= managing(at)
    if user.has_role(Role.ADMINISTRATOR):
        context["setup"] = setup(request, at)
    return render(request, "dashboards/home/home.html", context)


def signing_of(user: User) -> Agreement | None:
    """The proposed agreement that waits for this head's signature."""
    agreement = Agreement.objects.pending().first()
    if agreement is None or agreement.proposed_at is None:
        return None
    return agreement if unsigned_by(agreement, user) else None


def selling(user: User, at: datetime) -> dict[str, Any]:
    """What waits for a rep: offers by deadline, leads to begin with, deals that close soon."""
    hours = Calendar.hours_of(user, at=at)
    offers = list(offered(user)[: SHOWN + 1])
    since = Handoff.objects.filter(lead=OuterRef("pk"), rep=user, answer="accepted")
    accepted = Handoff.objects.filter(lead=OuterRef("lead"), rep=user, answer="accepted").order_by("-answered_at")
    reached = Activity.objects.filter(
        lead=OuterRef("pk"), kind__key__in=REACHING, occurred_at__gte=accepted.values("answered_at")[:1]
    )
    first_steps = (
        Lead.objects.here()
        .filter(Exists(since), owner=user, journey__closed_at=None)
        .exclude(Exists(reached))
        .exclude(journey__stage__role__in=("opportunity", "customer"))
        .select_related("company", "journey__stage", "score")
        .order_by("-journey__entered_at")
    )
    deals = Opportunity.objects.open().filter(owner=user, lead__merged_into=None).select_related("lead__company")
    return {
        "is_selling": True,
        "offers": [(offer, Clock.of(offer, hours, at=at)) for offer in offers[:SHOWN]],
        "offer_count": Handoff.objects.open().for_rep(user).count(),
        "first_steps": list(first_steps[:SHOWN]),
        "deals": list(deals.order_by("expected_close_on", "pk")[:SHOWN]),
    }


def marketing(at: datetime) -> dict[str, Any]:
    """What marketing learns from: rejections with their reasons, leads that match nobody, the last imports."""
    rejected = Handoff.objects.filter(answer="rejected", answered_at__gte=at - LATELY)
    without = Lead.objects.here().filter(Q(persona_match=None) | Q(persona_match__persona=None))
    unmatched, _more = count_up_to(without)
    return {
        "is_marketing": True,
        "rejections": rejected.select_related("lead__company", "rep__team", "reason").order_by("-answered_at")[:SHOWN],
        "rejection_count": rejected.count(),
        "unmatched": unmatched + _more,
        "has_personas": Persona.objects.filter(retired_at=None).exists(),
        "has_leads": Lead.objects.exists(),
        "imports": Import.objects.defer("content", "mapping", "said", "dry_run").order_by("-created_at")[:SHOWN],
        "on_its_way": Agreement.objects.pending().first(),
    }


def managing(at: datetime) -> dict[str, Any]:
    """What a manager looks after: the week so far, what is overdue, who waits without anybody to take them."""
    today = at.astimezone(company_zone()).date()
    now_in_stock = Question(this_week(at), view=View.STOCK, at=at)
    late = [row for row in metric("overdue").rows(replace(now_in_stock, by="rep")) if row.numerator]
    late.sort(key=lambda row: -row.numerator)
    reps = User.objects.select_related("team").in_bulk([int(row.key) for row in late if row.key.isdecimal()])
    unoffered = metric("unoffered").value(now_in_stock).numerator
    return {
        "is_managing": True,
        "week": key_figures(at),
        "overdue": [
            (reps[int(row.key)], row.numerator, behind_url("overdue", replace(now_in_stock, by="rep"), row.key))
            for row in late[:SHOWN]
        ],
        "unoffered": unoffered,
        "unoffered_url": behind_url("unoffered", now_in_stock),
        "promises": len(AttainmentPage(today, at).worrying),
        "disputes": open_disputes().count(),
        "reviews": list(Review.objects.filter(held_at=None, due_on__lte=today).order_by("due_on")),
    }


@dataclass(frozen=True)
class Step:
    """One thing that an administrator sets up."""

    text: str
    note: str
    url: str
    is_done: bool


def setup(request: UserRequest, at: datetime) -> list[Step]:
    """What must be there before the promises can run, in the order in which it is done."""
    kinds = set(Team.objects.filter(head__isnull=False, members__isnull=False).values_list("kind", flat=True))
    has_teams = Team.Kind.MARKETING in kinds and bool(kinds & {Team.Kind.SALES, Team.Kind.SDR})
    in_force = Agreement.objects.in_force(at).exists()
    is_open = in_force or calendar_was_checked()
    is_named = bool(Organization.ours().name)
    steps = [
        (
            "organization",
            _("Say who you are"),
            _("Name, country, time zone and currency."),
            is_named,
        ),
        ("people", _("Invite people"), _("Marketing and sales, each with a head who signs."), has_teams),
        (
            "calendar",
            _("Check the opening hours"),
            _("Every deadline is counted in them."),
            is_open,
        ),
        ("imports", _("Bring in leads"), _("From a file of the system you use today."), Lead.objects.exists()),
        ("personas", _("Write a persona"), _("Whom both teams want to reach."), Persona.objects.exists()),
        (
            "scoring",
            _("Publish a score model"),
            _("How fit and interest are counted."),
            ScoreModel.objects.in_force(at).exists(),
        ),
        ("agreement", _("Sign the agreement"), _("From then on leads qualify and are handed over."), in_force),
    ]
    return [
        Step(text, note, url_of(name) if may_open(request.user, name) else "", done) for name, text, note, done in steps
    ]


def calendar_was_checked() -> bool:
    """Somebody added a day of their own, or changed the windows that came with the product."""
    calendar = Calendar.default()
    return calendar.days.exists() or calendar.windows != {
        str(day): [["09:00", "12:00"], ["13:00", "18:00"]] for day in range(5)
    }
