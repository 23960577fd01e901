"""Pages of stages and reasons."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, ProtectedError, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from funnel.models.stages import Reason, Stage
from funnel.stages.forms import ReasonForm, StageForm
from smarketing.pages.answers import form_status
from teams.http import UserRequest


@require_GET
def stages(request: UserRequest) -> HttpResponse:
    here = Q(journeys__closed_at=None, journeys__lead__merged_into=None)
    return render(
        request,
        "funnel/stages/stages.html",
        {"stages": Stage.objects.annotate(here=Count("journeys", filter=here)).order_by("position")},
    )


@require_http_methods(["GET", "POST"])
def stage_new(request: UserRequest) -> HttpResponse:
    return _stage_saved(request, StageForm(request.POST or None))


@require_http_methods(["GET", "POST"])
def stage_edit(request: UserRequest, pk: int) -> HttpResponse:
    return _stage_saved(request, StageForm(request.POST or None, instance=get_object_or_404(Stage, pk=pk)))


def _stage_saved(request: UserRequest, form: StageForm) -> HttpResponse:
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("stages")
    return render(request, "funnel/stages/stage_edit.html", {"form": form}, status=form_status(form))


@require_POST
def stage_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Take away a stage of our own, as long as no lead ever stood there."""
    stage = get_object_or_404(Stage, pk=pk, role=None)
    try:
        stage.delete()
        messages.success(request, _("“%(stage)s” is gone.") % {"stage": stage})
    except ProtectedError:
        messages.error(
            request, _("Leads have stood at “%(stage)s”, or an agreement names it: it stays.") % {"stage": stage}
        )
    return redirect("stages")


@require_GET
def reasons(request: UserRequest) -> HttpResponse:
    lists = [(kind, [each for each in Reason.objects.all() if each.kind == kind]) for kind in Reason.Kind]
    return render(request, "funnel/stages/reasons.html", {"lists": lists})


@require_http_methods(["GET", "POST"])
def reason_new(request: UserRequest, kind: str) -> HttpResponse:
    if kind not in Reason.Kind.values:
        raise Http404
    return _reason_saved(request, ReasonForm(request.POST or None, instance=Reason(kind=kind)))


@require_http_methods(["GET", "POST"])
def reason_edit(request: UserRequest, pk: int) -> HttpResponse:
    return _reason_saved(request, ReasonForm(request.POST or None, instance=get_object_or_404(Reason, pk=pk)))


def _reason_saved(request: UserRequest, form: ReasonForm) -> HttpResponse:
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("reasons")
    return render(request, "funnel/stages/reason_edit.html", {"form": form}, status=form_status(form))


@require_POST
def reason_retirement(request: UserRequest, pk: int) -> HttpResponse:
    """Offer a reason no more, or again. Where it was given, it stays readable."""
    reason = get_object_or_404(Reason, pk=pk)
    others = Reason.objects.offered(reason.kind).exclude(pk=pk)
    if not reason.retired_at and not others.exists():
        messages.error(request, _("One reason has to stay on the list."))
        return redirect("reasons")
    reason.retired_at = None if reason.retired_at else now()
    reason.save(update_fields=["retired_at"])
    said = _("“%(reason)s” is retired.") if reason.retired_at else _("“%(reason)s” is in use again.")
    messages.success(request, said % {"reason": reason})
    return redirect("reasons")


@require_POST
def reason_order(request: UserRequest, pk: int) -> HttpResponse:
    """One up, or one down."""
    Reason.objects.move(get_object_or_404(Reason, pk=pk), up=request.POST.get("to") == "up")
    return redirect("reasons")
