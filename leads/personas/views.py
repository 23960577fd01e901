"""Personas: who the ideal buyers are, in words and in criteria, version by version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.criteria import BadCriteria, condition, sentence, speaker
from leads.criteria.links import leads_who_meet
from leads.criteria.words import Speaker
from leads.models.leads import Lead
from leads.models.personas import Persona, PersonaVersion
from leads.personas.forms import VERDICTS, CommentForm, LeadPersonaForm, PersonaForm
from leads.personas.matching import leave_to_the_machine, say_persona
from smarketing.pages.navigation import url_of
from smarketing.pages.wording import japanese
from teams.http import UserRequest
from teams.records import changing, get_editable


@require_GET
def personas(request: UserRequest) -> HttpResponse:
    here = Count("matches", filter=Q(matches__lead__merged_into=None))
    every = Persona.objects.prefetch_related("versions").annotate(lead_count=here)
    found = [persona for persona in every if persona.latest]
    says = speaker()
    context = {
        "personas": [described(each, says) for each in found if each.retired_at is None],
        "retired": [each for each in found if each.retired_at],
    }
    return render(request, "leads/personas/personas.html", context)


def described(persona: Persona, says: Speaker) -> dict[str, Any]:
    latest = persona.latest
    assert latest is not None
    return {
        "persona": persona,
        "version": latest,
        "sentence": describe_version(latest, says),
        "leads_url": leads_of(persona),
    }


def leads_of(persona: Persona) -> str:
    page = url_of("leads")
    return f"{page}?persona={persona.pk}" if page else ""


def describe_version(version: PersonaVersion, says: Speaker | None = None) -> str:
    """The criteria as a sentence; nothing where there are none, or where they can no longer be read."""
    if version.criteria is None:
        return ""
    try:
        return sentence(version.criteria, html=True, verdict=VERDICTS["ja" if japanese() else "en"], says=says)
    except BadCriteria:
        return ""


def about(persona: Persona, version: PersonaVersion) -> dict[str, Any]:
    """What the page of a persona says. A higher app may add to it, in the template's block `agreed`."""
    matching = None
    text = describe_version(version)
    if text and version.criteria is not None:
        matching = Lead.objects.unmerged().filter(condition(version.criteria, at=now())).count()
    return {
        "persona": persona,
        "version": version,
        "sentence": text,
        "matching": matching,
        "criteria_url": leads_who_meet(version.criteria),
        "matched_url": leads_of(persona),
        "is_latest": version == persona.latest,
        "versions": sorted(persona.versions.all(), key=lambda each: -each.number),
        "comments": persona.comments.select_related("by__team"),
        "matched": persona.matches.filter(lead__merged_into=None).count(),
        "comment_form": CommentForm(),
        "awaited": [
            (_("Awareness"), version.awareness),
            (_("Consideration"), version.consideration),
            (_("Decision"), version.decision),
        ],
    }


def get_persona_or_404(pk: int) -> Persona:
    written = Persona.objects.filter(versions__isnull=False).distinct()
    return get_object_or_404(written.prefetch_related("versions__created_by"), pk=pk)


@require_http_methods(["GET", "POST"])
def persona_new(request: UserRequest) -> HttpResponse:
    form = PersonaForm(request.POST or None)
    if form.is_valid():
        with transaction.atomic():
            version = form.save(commit=False)
            version.persona, version.created_by = Persona.objects.create(), request.user
            version.save()
        messages.success(request, _("%(persona)s is written down.") % {"persona": version.name})
        return redirect("persona", version.persona_id)
    return render(request, "leads/personas/persona_edit.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@transaction.atomic
def persona_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Write the draft. What an agreement names is never edited: then this is the next version."""
    subject = get_persona_or_404(pk)
    versions = PersonaVersion.objects.lock_series(subject)
    before = versions.frozen().newest()
    draft = versions.drafts().select_for_update(of=["self"]).first() or next_version(before)
    form = PersonaForm(request.POST or None, instance=draft, agreed=before)
    if form.is_valid():
        version = form.save(commit=False)
        version.created_by, version.created_at = request.user, now()
        version.save()
        messages.success(request, _("Version %(number)s is saved as a draft.") % {"number": version.number})
        return redirect("persona", pk)
    context = {"form": form, "persona": subject, "version": draft, "before": before}
    return render(request, "leads/personas/persona_edit.html", context, status=422 if form.errors else 200)


def next_version(frozen: PersonaVersion | None) -> PersonaVersion:
    """The same words under the next number, to be changed; call it under the lock of the persona's versions."""
    if frozen is None:
        raise Http404  # the persona was discarded while we waited for the lock
    names = [field.name for field in PersonaVersion._meta.fields if field.name not in ("id", "frozen_at", "number")]
    number = PersonaVersion.objects.series(frozen.persona_id).next_number()
    return PersonaVersion(number=number, **{name: getattr(frozen, name) for name in names})


@require_POST
def persona_discard(request: UserRequest, pk: int) -> HttpResponse:
    """Throw the draft away; a persona that never was more than a draft goes with it."""
    subject = get_persona_or_404(pk)
    with transaction.atomic():
        subject.versions.drafts().delete()
        if not PersonaVersion.objects.filter(persona=subject).exists():
            subject.delete()
            messages.success(request, _("The persona is gone."))
            return redirect("personas")
    messages.success(request, _("The draft is gone."))
    return redirect("persona", pk)


@require_POST
def persona_retirement(request: UserRequest, pk: int) -> HttpResponse:
    """Take a persona out of use, or back into it. What was agreed about it stays."""
    subject = get_persona_or_404(pk)
    subject.retired_at = None if subject.retired_at else now()
    subject.save(update_fields=["retired_at"])
    messages.success(request, _("Retired.") if subject.retired_at else _("In use again."))
    return redirect("persona", pk)


@require_http_methods(["GET", "POST"])
def lead_persona(request: UserRequest, pk: int) -> HttpResponse:
    """Say which persona a lead is, with a reason, or leave it to the machine again."""
    lead = get_editable(Lead.objects.unmerged(), request.user, pk=pk)
    if request.method == "POST" and "machine" in request.POST:
        with changing(request.user, lead):
            leave_to_the_machine(lead, by=request.user)
        return redirect("lead", pk)
    form = LeadPersonaForm(request.POST or None, lead=lead)
    if form.is_valid():
        with changing(request.user, lead):
            say_persona(lead, form.cleaned_data["persona"], reason=form.cleaned_data["reason"], by=request.user)
        messages.success(request, _("Saved. The machine will not overwrite it."))
        return redirect("lead", pk)
    match = getattr(lead, "persona_match", None)
    context = {"form": form, "lead": lead, "match": match}
    return render(request, "leads/personas/lead_persona.html", context, status=422 if form.errors else 200)
