"""Pages of leads, companies and campaigns that need no score and no stage."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.models.companies import Company
from leads.models.leads import Lead
from leads.pages.filters import CompanyFilter
from leads.pages.forms import CompanyForm, LeadForm
from leads.registering.changing import Changes
from leads.registering.companies import change_company, register_company
from leads.registering.identities import Conflict
from leads.registering.registration import change, register
from leads.registering.searching import search_companies
from leads.registering.taking import Owned, take
from smarketing.database.counting import CountOf
from smarketing.pages.answers import form_status
from smarketing.pages.paging import Sort, chosen_sort, list_page
from teams.http import UserRequest
from teams.models import Role
from teams.records import changing, get_editable

HOW = "page"
T = TypeVar("T")


def attempt(form: LeadForm | CompanyForm, verb: Callable[[dict[str, Any]], T]) -> T | None:
    """Do what the form asks for, whole or not at all; what the record refuses is said at its field."""
    try:
        with transaction.atomic():
            return verb(form.values())
    except ValidationError as wrong:
        form.refuse(wrong)
    except Conflict as clash:
        form.add_error("email", clash.sentence)
    return None


@require_http_methods(["GET", "POST"])
def lead_new(request: UserRequest) -> HttpResponse:
    # Whoever sells and writes a lead down works it; marketing's is nobody's yet.
    owner = request.user if request.user.has_role(Role.REP, Role.SDR) else None
    form = LeadForm(request.POST or None, initial={"owner": owner, "company": request.GET.get("company", "")})
    if form.is_valid():
        made = attempt(form, lambda values: register(values, by=request.user, how=HOW, rights_of=request.user))
        if made:
            lead, created = made
            messages.success(request, _("%(lead)s is a lead now.") % {"lead": lead})
            return redirect("lead", lead.pk)
    return render(request, "leads/pages/lead_edit.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def lead_edit(request: UserRequest, pk: int) -> HttpResponse:
    lead = get_editable(Lead.objects.unmerged().select_related("company"), request.user, pk=pk)
    form = LeadForm(request.POST or None, subject=lead)
    if form.is_valid():
        fresh = Lead.objects.get(pk=pk)

        def save(values: dict[str, Any]) -> Changes:
            with changing(request.user, fresh):
                return change(fresh, values, by=request.user, how=HOW)

        changes = attempt(form, save)
        if changes is not None:
            messages.success(request, _("Saved.") if changes else _("Nothing was changed."))
            return redirect("lead", pk)
    return render(request, "leads/pages/lead_edit.html", {"form": form, "lead": lead}, status=form_status(form))


@require_POST
def lead_taking(request: UserRequest, pk: int) -> HttpResponse:
    """Make a lead mine that is nobody's."""
    lead = get_object_or_404(Lead.objects.unmerged(), pk=pk)
    try:
        take(lead, by=request.user, how=HOW)
    except Owned:
        messages.error(request, _("Somebody else has taken it. Nothing was changed."))
    else:
        messages.success(request, _("%(lead)s is yours.") % {"lead": lead})
    return redirect("lead", pk)


COMPANY_SORTS = (
    Sort(name="newest", label=gettext_lazy("Newest"), by="created_at", descending=True),
    Sort(name="name", label=gettext_lazy("Name"), by="name_key"),
    Sort(name="employees", label=gettext_lazy("Employees, most first"), by="employees", descending=True, nullable=True),
    Sort(name="revenue", label=gettext_lazy("Revenue, highest first"), by="revenue", descending=True, nullable=True),
)


@require_GET
def companies(request: UserRequest) -> HttpResponse:
    chosen = CompanyFilter(request.GET, queryset=Company.objects.all())
    found = search_companies(chosen.qs, request.GET.get("q", ""))
    sort = chosen_sort(request, COMPANY_SORTS)
    leads = Lead.objects.unmerged().filter(company=OuterRef("pk"))
    page = list_page(request, found.annotate(lead_count=CountOf(leads)), sort)
    context = {"page": page, "filter": chosen, "sort": sort, "sorts": COMPANY_SORTS, "q": request.GET.get("q", "")}
    return render(request, "leads/pages/companies.html", context)


@require_GET
def company_names(request: HttpRequest) -> HttpResponse:
    """What the field of a company may be completed to."""
    typed = request.GET.get("company", "").strip()
    found = search_companies(Company.objects.order_by("name_key"), typed) if typed else Company.objects.none()
    return render(request, "leads/pages/_company_names.html", {"companies": found[:10]})


@require_http_methods(["GET", "POST"])
def company_new(request: UserRequest) -> HttpResponse:
    form = CompanyForm(request.POST or None)
    if form.is_valid():
        made = attempt(form, lambda values: register_company(values, by=request.user, how=HOW, rights_of=request.user))
        if made:
            return redirect("company", made.pk)
    return render(request, "leads/pages/company_edit.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def company_edit(request: UserRequest, pk: int) -> HttpResponse:
    company = get_editable(Company.objects.all(), request.user, pk=pk)
    form = CompanyForm(request.POST or None, subject=company)
    if form.is_valid():
        fresh = Company.objects.get(pk=pk)
        changes = attempt(
            form, lambda values: change_company(fresh, values, by=request.user, how=HOW, rights_of=request.user)
        )
        if changes is not None:
            messages.success(request, _("Saved.") if changes else _("Nothing was changed."))
            return redirect("company", pk)
    context = {"form": form, "company": company}
    return render(request, "leads/pages/company_edit.html", context, status=422 if form.errors else 200)
