"""The page of one company: its leads by stage, deals, attributes and changes."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from dashboards.lead.changes import changes_of
from funnel.models import Opportunity, Stage
from leads.models import Activity, Company, CustomField, Lead
from leads.registering.likeness import alike
from smarketing.database.keyset import Order
from smarketing.database.together import fetch_together
from smarketing.pages.paging import list_page
from teams.http import UserRequest
from teams.models import Organization

MOST_ALIKE = 5
NEWEST = Order("created_at", descending=True)


@require_GET
def company(request: UserRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(Company.objects.with_rights_of(request.user).select_related("owner__team"), pk=pk)
    leads = Lead.objects.unmerged().filter(company=shown)
    activities = Activity.objects.filter(lead=OuterRef("pk"), occurred_at__lte=now()).order_by("-occurred_at")
    rows = leads.select_related("journey__stage", "score__model", "owner__team").annotate(
        last_activity_at=Subquery(activities.values("occurred_at")[:1])
    )
    page = list_page(request, rows, NEWEST, size=25)
    deals, identities = fetch_together(deals_of(shown), shown.identities.all())
    context = {
        "company": shown,
        "page": page,
        "stages": stages_of(shown),
        "deals": deals,
        "won": won_of(shown),
        "custom": custom_of(shown),
        "identities": identities,
        "alike": alike(shown)[:MOST_ALIKE],
        "changes": changes_of("company", pk, limit=20),
        "currency": Organization.ours().currency,
    }
    return render(request, "dashboards/lead/company.html", context)


def deals_of(company: Company) -> QuerySet[Opportunity]:
    """Its newest deals."""
    deals = Opportunity.objects.filter(lead__company=company, lead__merged_into=None)
    return deals.select_related("lead", "owner__team").order_by("-opened_at", "-pk")[:20]


def stages_of(company: Company) -> list[tuple[Stage, list[Lead]]]:
    """The leads of the company at each stage, the latest stage first."""
    leads = (
        Lead.objects.unmerged()
        .filter(company=company, journey__closed_at=None, journey__isnull=False)
        .select_related("journey__stage")
        .order_by("-journey__stage__position", "-pk")[:200]
    )
    groups: dict[int, tuple[Stage, list[Lead]]] = {}
    for lead in leads:
        stage = lead.journey.stage
        groups.setdefault(stage.pk, (stage, []))[1].append(lead)
    return list(groups.values())


def won_of(company: Company) -> list[Any]:
    """The amounts won by currency; amounts of different currencies are not added."""
    won = Opportunity.objects.won().filter(lead__company=company, lead__merged_into=None)
    return list(won.values("currency").annotate(total=Sum("amount")).order_by("currency"))


def custom_of(company: Company) -> list[tuple[CustomField, Any]]:
    fields = [each for each in CustomField.objects.known() if each.subject == CustomField.Subject.COMPANY]
    return [(field, company.custom[field.key]) for field in fields if company.custom.get(field.key) not in (None, "")]
