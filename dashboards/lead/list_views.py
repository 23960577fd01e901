"""The list of leads: searched, filtered, sorted, with columns to choose from."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from dashboards.lead.list_search import LeadSearch
from leads.models import Activity, Lead, PersonaVersion
from smarketing.pages.navigation import may_open
from smarketing.pages.paging import Sort, chosen_sort, list_page
from teams.http import UserRequest

SORTS = (
    Sort(name="newest", label=gettext_lazy("Newest"), by="created_at", descending=True),
    Sort(
        name="name", label=gettext_lazy("Name"), by="search_entry__name_key", key="search_entry__lead_id", nullable=True
    ),
    Sort(
        name="fit",
        label=gettext_lazy("Fit, highest first"),
        by="score__fit",
        key="score__lead_id",
        descending=True,
        nullable=True,
    ),
    Sort(
        name="interest",
        label=gettext_lazy("Interest, highest first"),
        by="score__interest",
        key="score__lead_id",
        descending=True,
        nullable=True,
    ),
    Sort(
        name="moved",
        label=gettext_lazy("Moved last"),
        by="journey__entered_at",
        key="journey__lead_id",
        descending=True,
        nullable=True,
    ),
)
COLUMNS: dict[str, str | Promise] = {
    "company": gettext_lazy("Title, company"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "persona": gettext_lazy("Persona"),
    "quadrant": gettext_lazy("Quadrant"),
    "scores": gettext_lazy("Fit, interest"),
    "stage": gettext_lazy("Stage"),
    "owner": gettext_lazy("Owner"),
    "source": gettext_lazy("Source"),
    "campaign": gettext_lazy("Campaign"),
    "country": gettext_lazy("Country"),
    "consent": gettext_lazy("Consent"),
    "last": gettext_lazy("Last activity"),
    "created": gettext_lazy("Created"),
}
DEFAULT_COLUMNS = ("company", "quadrant", "scores", "stage", "owner", "last")


def select_row_data(queryset: QuerySet[Lead], sort: Sort) -> QuerySet[Lead]:
    """Load everything that a row shows in one query."""
    activities = Activity.objects.filter(lead=OuterRef("pk"), occurred_at__lte=now()).order_by("-occurred_at")
    persona = PersonaVersion.objects.filter(persona=OuterRef("persona_match__persona")).order_by("-number")
    rows = (
        queryset.select_related("company", "owner__team", "campaign", "score__model", "journey__stage")
        .defer("company__custom", "campaign__goal")
        .annotate(
            last_activity_at=Subquery(activities.values("occurred_at")[:1]),
            persona_name=Subquery(persona.values("name")[:1]),
        )
    )
    if sort.name == "name":
        rows = rows.select_related("search_entry").defer("search_entry__text", "search_entry__words")
    return rows


def chosen_columns(request: HttpRequest) -> Sequence[str]:
    """The columns of the query, else those that this person chose last."""
    if "columns" in request.GET:
        chosen = [name for name in COLUMNS if name in request.GET.getlist("columns")]
        request.session["lead_columns"] = chosen
        return chosen
    return [name for name in request.session.get("lead_columns", DEFAULT_COLUMNS) if name in COLUMNS]


@require_GET
def leads(request: UserRequest) -> HttpResponse:
    search = LeadSearch(request.GET)
    columns = chosen_columns(request)
    if search.needs_redirect:
        return redirect(search.address)
    sort = chosen_sort(request, SORTS)
    panel = "panel" in request.GET or search.opens_panel
    page = list_page(request, select_row_data(search.leads.with_rights_of(request.user), sort), sort)
    context = {
        "page": page,
        "asked": search,
        "sort": sort,
        "sorts": SORTS,
        "columns": {name: COLUMNS[name] for name in columns},
        "all_columns": COLUMNS,
        "panel": panel,
        "segment_url": reverse("segment_new") + "?" + urlencode({"criteria": json.dumps(search.tree)}),
        "may_segment": may_open(request.user, "segment_new"),
        "may_change": may_open(request.user, "lead_selection"),
    }
    return render(
        request, "dashboards/lead/leads.html#panel" if request.htmx and panel else "dashboards/lead/leads.html", context
    )
