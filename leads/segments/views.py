"""Segments: saved questions about leads."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.criteria import BadCriteria, TooMany, Tree, counts, sentence, speaker
from leads.criteria.editor import COUNT_TIMEOUT
from leads.criteria.forms import from_json
from leads.criteria.words import Speaker
from leads.models.segments import Segment
from leads.segments.forms import SegmentForm
from smarketing.pages.navigation import url_of
from teams.http import UserRequest

AT_ONCE = 10


@require_GET
def segments(request: UserRequest) -> HttpResponse:
    says = speaker()
    found = [described(each, says) for each in Segment.objects.select_related("created_by")]
    count([each for each in found if each["sentence"]])
    return render(request, "leads/segments/segments.html", {"segments": found})


def described(segment: Segment, says: Speaker) -> dict[str, Any]:
    try:
        said = sentence(segment.criteria, html=True, says=says)
    except BadCriteria:
        said = ""
    return {"segment": segment, "sentence": said, "count": None}


def count(found: Sequence[dict[str, Any]]) -> None:
    """Count several segments in one query, if that does not take too long."""
    for begin in range(0, len(found), AT_ONCE):
        some = found[begin : begin + AT_ONCE]
        with suppress(TooMany):
            for each, number in zip(some, matching([each["segment"].criteria for each in some]), strict=True):
                each["count"] = number


def matching(trees: Sequence[Tree]) -> list[int | None]:
    """How many leads match each of these; None where it cannot be counted. Raises `TooMany`."""
    try:
        tallies = counts({"any": trees}, at=now(), patience=COUNT_TIMEOUT)
    except BadCriteria:
        # Each may be as deep and as large as a tree can be, and together they are more.
        return [matching_alone(tree) for tree in trees]
    return [tallies[f"/any/{place}"] for place in range(len(trees))]


def matching_alone(tree: Tree) -> int | None:
    try:
        return counts(tree, at=now(), patience=COUNT_TIMEOUT)[""]
    except BadCriteria:
        return None


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
    return render(request, "leads/segments/segment_edit.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def segment_edit(request: UserRequest, pk: int) -> HttpResponse:
    segment = get_object_or_404(Segment, pk=pk)
    form = SegmentForm(request.POST or None, instance=segment)
    if form.is_valid():
        messages.success(request, _("The segment “%(name)s” is saved.") % {"name": form.save()})
        return redirect("segments")
    context = {"form": form, "segment": get_object_or_404(Segment, pk=pk)}
    return render(request, "leads/segments/segment_edit.html", context, status=422 if form.errors else 200)


@require_POST
def segment_delete(request: UserRequest, pk: int) -> HttpResponse:
    segment = get_object_or_404(Segment, pk=pk)
    segment.delete()
    messages.success(request, _("The segment “%(name)s” is gone. Its leads stay.") % {"name": segment})
    return redirect("segments")
