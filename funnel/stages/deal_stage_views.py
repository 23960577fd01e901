"""Pages of the stages of a deal."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from funnel.models.deal_stages import DealStage
from funnel.stages.forms import DealStageForm
from smarketing.pages.answers import form_status
from teams.http import UserRequest


@require_GET
def deal_stages(request: UserRequest) -> HttpResponse:
    here = Q(
        opportunities__won_at=None, opportunities__lost_at=None, opportunities__lead__merged_into=None,
        opportunities__isnull=False,
    )  # fmt: skip
    stages = DealStage.objects.annotate(here=Count("opportunities", filter=here)).order_by("position", "pk")
    return render(request, "funnel/stages/deal_stages.html", {"stages": stages})


@require_http_methods(["GET", "POST"])
def deal_stage_new(request: UserRequest) -> HttpResponse:
    return _saved(request, DealStageForm(request.POST or None))


@require_http_methods(["GET", "POST"])
def deal_stage_edit(request: UserRequest, pk: int) -> HttpResponse:
    return _saved(request, DealStageForm(request.POST or None, instance=get_object_or_404(DealStage, pk=pk)))


def _saved(request: UserRequest, form: DealStageForm) -> HttpResponse:
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("deal_stages")
    return render(request, "edit_listed.html", {"form": form}, status=form_status(form))


@require_POST
def deal_stage_retirement(request: UserRequest, pk: int) -> HttpResponse:
    """Offer a stage no more, or again. Deals that stand there stay, and their history stays readable."""
    stage = get_object_or_404(DealStage, pk=pk)
    if not stage.retired_at and not DealStage.objects.offered().exclude(pk=pk).exists():
        messages.error(request, _("One stage has to stay on the list."))
        return redirect("deal_stages")
    stage.retired_at = None if stage.retired_at else now()
    stage.save(update_fields=["retired_at"])
    said = _("“%(stage)s” is retired.") if stage.retired_at else _("“%(stage)s” is in use again.")
    messages.success(request, said % {"stage": stage})
    return redirect("deal_stages")


@require_POST
def deal_stage_order(request: UserRequest, pk: int) -> HttpResponse:
    """One up, or one down."""
    DealStage.objects.move(get_object_or_404(DealStage, pk=pk), up=request.POST.get("to") == "up")
    return redirect("deal_stages")
