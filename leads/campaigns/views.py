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
from smarketing.database.counting import CountOf, count_up_to
from smarketing.database.keyset import Order, fetch_page
from smarketing.pages.paging import Sort, chosen_sort, list_page
from teams.http import UserRequest

CAMPAIGN_SORTS = (
    Sort(name="name", label=pgettext_lazy("sorted by", "Name"), by="name"),
    Sort(name="latest", label=gettext_lazy("Start, latest first"), by="starts_on", descending=True, nullable=True),
)


@require_GET
def campaigns(request: UserRequest) -> HttpResponse:
    sort = chosen_sort(request, CAMPAIGN_SORTS)
    leads = Lead.objects.unmerged().filter(campaign=OuterRef("pk"))
    page = list_page(request, Campaign.objects.annotate(lead_count=CountOf(leads)), sort)
    return render(request, "leads/campaigns/campaigns.html", {"page": page, "sort": sort, "sorts": CAMPAIGN_SORTS})


@require_GET
def campaign(request: UserRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Campaign, pk=pk)
    newest = Order("created_at", descending=True)
    leads = Lead.objects.unmerged().filter(campaign=found).select_related("company")
    context = {
        "campaign": found,
        "leads": fetch_page(leads, newest, size=10).rows,
        "lead_count": count_up_to(leads)[0],
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
