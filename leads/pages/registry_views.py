"""The lists that an administrator keeps: attributes of our own, and kinds of activity."""

from django.contrib import messages
from django.forms import ModelForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.activities.forms import ActivityKindForm
from leads.models.activities import ActivityKind
from leads.models.custom_fields import CustomField
from leads.registering.custom_field_forms import CustomFieldForm
from teams.http import UserRequest


@require_GET
def custom_fields(request: UserRequest) -> HttpResponse:
    return render(request, "leads/pages/custom_fields.html", {"fields": CustomField.objects.all()})


@require_http_methods(["GET", "POST"])
def custom_field_new(request: UserRequest) -> HttpResponse:
    return saved(request, CustomFieldForm(request.POST or None), "custom_field")


@require_http_methods(["GET", "POST"])
def custom_field_edit(request: UserRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(CustomField, pk=pk)
    return saved(request, CustomFieldForm(request.POST or None, instance=found), "custom_field")


@require_GET
def activity_kinds(request: UserRequest) -> HttpResponse:
    return render(request, "leads/activities/activity_kinds.html", {"kinds": ActivityKind.objects.all()})


@require_http_methods(["GET", "POST"])
def activity_kind_new(request: UserRequest) -> HttpResponse:
    return saved(request, ActivityKindForm(request.POST or None), "activity_kind")


@require_http_methods(["GET", "POST"])
def activity_kind_edit(request: UserRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ActivityKind, pk=pk)
    return saved(request, ActivityKindForm(request.POST or None, instance=found), "activity_kind")


@require_POST
def activity_kind_retirement(request: UserRequest, pk: int) -> HttpResponse:
    """Offer a kind no more, or again. What was done stays; the built-in ones stay too."""
    kind = get_object_or_404(ActivityKind, pk=pk, is_built_in=False)
    kind.retired_at = None if kind.retired_at else now()
    kind.save(update_fields=["retired_at"])
    said = _("“%(kind)s” is retired.") if kind.retired_at else _("“%(kind)s” is in use again.")
    messages.success(request, said % {"kind": kind})
    return redirect("activity_kinds")


def saved(request: UserRequest, form: ModelForm, name: str) -> HttpResponse:  # type: ignore[type-arg]
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect(f"{name}s")
    return render(request, f"leads/{name}_edit.html", {"form": form}, status=422 if form.errors else 200)
