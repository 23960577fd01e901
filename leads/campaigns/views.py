"""Pages of campaigns."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from leads.campaigns.forms import CampaignForm
from leads.models.campaigns import Campaign
from leads.models.leads import Lead
from smarketing.pages.paging import CountOf, Sort, chosen_sort, counted, page_of, turn
from teams.http import UserRequest

CAMPAIGN_SORTS = (
    Sort("name", pgettext_lazy("sorted by", "Name"), "name"),
    Sort("latest", gettext_lazy("Start, latest first"), "starts_on", descending=True, nullable=True),
)


@require_GET
def campaigns(request: UserRequest) -> HttpResponse:
    sort = chosen_sort(request, CAMPAIGN_SORTS)
    leads = Lead.objects.here().filter(campaign=OuterRef("pk"))
    page = page_of(request, Campaign.objects.annotate(lead_count=CountOf(leads)), sort)
    return render(request, "leads/campaigns/campaigns.html", {"page": page, "sort": sort, "sorts": CAMPAIGN_SORTS})


@require_GET
def campaign(request: UserRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Campaign, pk=pk)
    newest = Sort("newest", "", "created_at", descending=True)
    leads = Lead.objects.here().filter(campaign=found).select_related("company")
    context = {
        "campaign": found,
        "leads": turn(leads, newest, size=10).rows,
        "lead_count": counted(leads)[0],
    }
    return render(request, "leads/campaigns/campaign.html", context)


@require_http_methods(["GET", "POST"])
def campaign_new(request: UserRequest) -> HttpResponse:
    return saved_campaign(request, Campaign())


@require_http_methods(["GET", "POST"])
def campaign_edit(request: UserRequest, pk: int) -> HttpResponse:
    return saved_campaign(request, get_object_or_404(Campaign, pk=pk))


def saved_campaign(request: UserRequest, subject: Campaign) -> HttpResponse:
    form = CampaignForm(request.POST or None, instance=subject)
    if form.is_valid():
        subject = form.save()
        messages.success(request, _("Saved."))
        return redirect(reverse("campaign", args=[subject.pk]))
    context = {"form": form, "campaign": Campaign.objects.filter(pk=subject.pk).first()}
    return render(request, "leads/campaigns/campaign_edit.html", context, status=422 if form.errors else 200)
