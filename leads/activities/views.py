"""The kinds of activity that an administrator keeps."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.activities.forms import ActivityKindForm
from leads.models.activities import ActivityKind
from smarketing.pages.answers import save_or_show
from teams.http import UserRequest


@require_GET
def activity_kinds(request: UserRequest) -> HttpResponse:
    return render(request, "leads/activities/activity_kinds.html", {"kinds": ActivityKind.objects.known()})


@require_http_methods(["GET", "POST"])
def activity_kind_new(request: UserRequest) -> HttpResponse:
    return _edited(request, ActivityKindForm(request.POST or None))


@require_http_methods(["GET", "POST"])
def activity_kind_edit(request: UserRequest, pk: int) -> HttpResponse:
    return _edited(request, ActivityKindForm(request.POST or None, instance=get_object_or_404(ActivityKind, pk=pk)))


@require_POST
def activity_kind_retirement(request: UserRequest, pk: int) -> HttpResponse:
    """Offer a kind no more, or again. What was done stays; the built-in ones stay too."""
    kind = get_object_or_404(ActivityKind, pk=pk, is_built_in=False)
    kind.retired_at = None if kind.retired_at else now()
    kind.save(update_fields=["retired_at"])
    said = _("“%(kind)s” is retired.") if kind.retired_at else _("“%(kind)s” is in use again.")
    messages.success(request, said % {"kind": kind})
    return redirect("activity_kinds")


def _edited(request: UserRequest, form: ActivityKindForm) -> HttpResponse:
    return save_or_show(request, form, "leads/activities/activity_kind_edit.html", then="activity_kinds")
