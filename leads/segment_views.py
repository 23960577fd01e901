"""Segments: saved questions about leads."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.criteria import BadCriteria, condition, sentence
from leads.criteria_forms import from_json
from leads.models import Lead, Segment
from leads.segment_forms import SegmentForm
from smarketing.navigation import url_of
from teams.http import UserRequest


@require_GET
def segments(request: UserRequest) -> HttpResponse:
    every = Segment.objects.select_related("created_by")
    return render(request, "leads/segments.html", {"segments": [described(each) for each in every]})


def described(segment: Segment) -> dict[str, Any]:
    try:
        count = Lead.objects.here().filter(condition(segment.criteria, at=now())).count()
        return {"segment": segment, "sentence": sentence(segment.criteria, html=True), "count": count}
    except BadCriteria:
        return {"segment": segment, "sentence": "", "count": None}


def list_of(segment: Segment) -> str:
    return f"{url_of('leads') or reverse('segments')}?segment={segment.pk}"


@require_http_methods(["GET", "POST"])
def segment_new(request: UserRequest) -> HttpResponse:
    """A new segment; `?criteria=` brings the conditions of a list to be saved."""
    form = SegmentForm(request.POST or None, initial={"criteria": from_json(request.GET.get("criteria"))})
    if form.is_valid():
        segment = form.save(commit=False)
        segment.created_by = request.user
        segment.save()
        messages.success(request, _("The segment “%(name)s” is saved.") % {"name": segment})
        return redirect(list_of(segment))
    return render(request, "leads/segment_edit.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def segment_edit(request: UserRequest, pk: int) -> HttpResponse:
    segment = get_object_or_404(Segment, pk=pk)
    form = SegmentForm(request.POST or None, instance=segment)
    if form.is_valid():
        messages.success(request, _("The segment “%(name)s” is saved.") % {"name": form.save()})
        return redirect("segments")
    context = {"form": form, "segment": get_object_or_404(Segment, pk=pk)}
    return render(request, "leads/segment_edit.html", context, status=422 if form.errors else 200)


@require_POST
def segment_delete(request: UserRequest, pk: int) -> HttpResponse:
    segment = get_object_or_404(Segment, pk=pk)
    segment.delete()
    messages.success(request, _("The segment “%(name)s” is gone. Its leads stay.") % {"name": segment})
    return redirect("segments")
