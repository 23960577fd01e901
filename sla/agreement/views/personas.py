"""The page of a persona, with what is agreed of it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from leads.models import Persona, PersonaVersion
from leads.personas.forms import CommentForm
from leads.personas.views import about, get_persona_or_404
from sla.agreement.models.agreements import AgreedPersona, Agreement
from teams.http import UserRequest


@require_GET
def persona(request: UserRequest, pk: int) -> HttpResponse:
    subject = get_persona_or_404(pk)
    assert subject.latest is not None
    return _render_persona(request, subject, subject.latest)


@require_GET
def persona_version(request: UserRequest, pk: int, number: int) -> HttpResponse:
    subject = get_persona_or_404(pk)
    return _render_persona(
        request, subject, get_object_or_404(subject.versions.select_related("created_by"), number=number)
    )


@require_POST
def persona_comment(request: UserRequest, pk: int) -> HttpResponse:
    subject = get_persona_or_404(pk)
    form = CommentForm(request.POST)
    if form.is_valid():
        comment = form.save(commit=False)
        comment.persona, comment.by = subject, request.user
        comment.save()
        return redirect(f"{request.build_absolute_uri('..')}#comment-{comment.pk}")
    assert subject.latest is not None
    return _render_persona(request, subject, subject.latest, comment_form=form, status=422)


def _render_persona(
    request: UserRequest, persona: Persona, version: PersonaVersion, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = about(persona, version) | {"agreed": agreed_in_force(persona), "coming": agreed_next(persona)} | more
    return render(request, "sla/agreement/persona.html", context, status=status)


def agreed_in_force(persona: Persona) -> AgreedPersona | None:
    """The version that the agreement in force names."""
    return _agreed_versions(persona).filter(agreement__in=Agreement.objects.in_force()).first()


def agreed_next(persona: Persona) -> AgreedPersona | None:
    """The version that the next agreement names: a draft, a proposal, or one that is signed and not yet in force."""
    not_begun = Q(agreement__in_force_from=None) | Q(agreement__in_force_from__gt=now(), agreement__replaced_at=None)
    return _agreed_versions(persona).filter(not_begun).order_by("-agreement__number").first()


def _agreed_versions(persona: Persona) -> QuerySet[AgreedPersona]:
    return AgreedPersona.objects.filter(version__persona=persona).select_related("agreement", "version")
