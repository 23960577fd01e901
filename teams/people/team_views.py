"""Teams and the organization."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import ProtectedError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from history import audit
from metrics.kept import describe_kept
from teams.http import UserRequest
from teams.models import Organization, Team
from teams.people.forms import OrganizationForm, TeamForm, time_zones
from teams.sign_in.confirming import confirmed


@require_http_methods(["GET", "POST"])
@confirmed
def team(request: UserRequest, pk: int | None = None) -> HttpResponse:
    stored = get_object_or_404(Team, pk=pk) if pk else None
    form = TeamForm(request.POST or None, instance=stored)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        if "head" in form.changed_data:
            audit.write(audit.Kind.PERMISSIONS, by=request.user, name=str(saved), about=f"head: {saved.head or '–'}")
        messages.success(request, _("The team is saved."))
        return redirect("people")
    return render(request, "teams/team.html", {"form": form, "team": stored}, status=422 if form.errors else 200)


@require_POST
@confirmed
def team_delete(request: UserRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(Team, pk=pk)
    try:
        stored.delete()
    except ProtectedError:
        messages.error(request, _("An agreement names this team: it stays."))
        return redirect("team", pk)
    messages.success(request, _("The team is gone. Its members are still here."))
    return redirect("people")


@require_http_methods(["GET", "POST"])
@confirmed
def organization(request: UserRequest) -> HttpResponse:
    stored = Organization.ours()
    form = OrganizationForm(request.POST or None, instance=stored)
    if request.method == "POST" and form.is_valid():
        form.save()
        if "second_factor_required" in form.changed_data:
            about = f"second_factor_required: {stored.second_factor_required}"
            audit.write(audit.Kind.PERMISSIONS, by=request.user, about=about)
        messages.success(
            request, _("Saved. Days, weeks and months are counted in %(zone)s.") % {"zone": stored.time_zone}
        )
        return redirect("organization")
    context = {"form": form, "zones": time_zones(), "kept_numbers": describe_kept()}
    return render(request, "teams/organization.html", context, status=422 if form.errors else 200)
