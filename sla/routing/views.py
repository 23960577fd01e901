"""The limits of reps, and the territories."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.criteria import BadCriteria, sentence, speaker
from sla.routing import capacity as team_capacity
from sla.routing.divided import divided_companies
from sla.routing.forms import CapacityForm, TerritoryForm, capacity_by_user
from sla.routing.models import Territory
from teams.http import UserRequest
from teams.models import Team

# So many companies with two reps are listed.
MOST_DIVIDED = 50


@require_GET
def capacity(request: UserRequest) -> HttpResponse:
    """Each receiving team: its people with what they have and where it ends, and its territories."""
    return _render_capacity(request)


@require_POST
def capacity_limits(request: UserRequest, pk: int) -> HttpResponse:
    """Set the limits of the members of one team."""
    team = _get_changeable_team_or_404(request, pk)
    form = CapacityForm(request.POST, members=team_capacity.assignable_members([team]))
    if not form.is_valid():
        return _render_capacity(request, changed={team.pk: form}, status=422)
    form.save()
    messages.success(request, _("The limits of %(team)s are saved.") % {"team": team})
    return redirect("capacity")


@require_http_methods(["GET", "POST"])
def territory_new(request: UserRequest, team: int) -> HttpResponse:
    return _edit_territory(request, Territory(team=_get_changeable_team_or_404(request, team)))


@require_http_methods(["GET", "POST"])
def territory(request: UserRequest, pk: int) -> HttpResponse:
    return _edit_territory(request, _get_territory_or_404(request, pk))


def _edit_territory(request: UserRequest, stored: Territory) -> HttpResponse:
    team = stored.team
    form = TerritoryForm(
        request.POST or None, instance=stored, team=team, members=team_capacity.assignable_members([team])
    )
    if form.is_valid():
        if stored.pk is None:
            last = team.territories.aggregate(last=Max("position"))["last"]
            form.instance.position = 0 if last is None else last + 1
        messages.success(request, _("The territory “%(name)s” is saved.") % {"name": form.save()})
        return redirect("capacity")
    context = {"form": form, "team": team, "territory": stored, "nav_here": "capacity"}
    return render(request, "sla/routing/territory.html", context, status=422 if form.errors else 200)


@require_POST
def territory_move(request: UserRequest, pk: int) -> HttpResponse:
    stored = _get_territory_or_404(request, pk)
    step = {"up": -1, "down": 1}.get(request.POST.get("to", ""))
    if step:
        with transaction.atomic():
            team_capacity.move_territory(stored, step)
    return redirect("capacity")


@require_POST
def territory_delete(request: UserRequest, pk: int) -> HttpResponse:
    stored = _get_territory_or_404(request, pk)
    stored.delete()
    messages.success(request, _("The territory “%(name)s” is gone.") % {"name": stored.name})
    return redirect("capacity")


def _get_changeable_team_or_404(request: UserRequest, pk: int) -> Team:
    """A team that this person may change; 404 for any other."""
    team = get_object_or_404(team_capacity.visible_teams(request.user, now()), pk=pk)
    if not team_capacity.may_change(request.user, team):
        raise Http404
    return team


def _get_territory_or_404(request: UserRequest, pk: int) -> Territory:
    stored = get_object_or_404(Territory.objects.select_related("team"), pk=pk)
    _get_changeable_team_or_404(request, stored.team_id)
    return stored


def _render_capacity(
    request: UserRequest, *, changed: dict[int, CapacityForm] | None = None, status: int = 200
) -> HttpResponse:
    at = now()
    teams = list(team_capacity.visible_teams(request.user, at))
    members = team_capacity.assignable_members(teams)
    loads = team_capacity.loads(members, at)
    stored = capacity_by_user(members)
    territories = team_capacity.territories_by_team(teams)
    describe = speaker() if any(territories.values()) else None

    def describe_criteria(territory: Territory) -> str:
        try:
            return sentence(territory.criteria, html=True, says=describe)
        except BadCriteria:
            return ""

    def team_context(team: Team) -> dict[str, Any]:
        team_loads = [load for load in loads if load.member.team_id == team.pk]
        form = (changed or {}).get(team.pk) or CapacityForm(
            members=[load.member for load in team_loads], capacities=stored
        )
        rows = [
            {"load": load, "limits": form.limit_fields(load.member)}
            for load in team_loads
            if _has_fields_of(form, load.member.pk)
        ]
        return {
            "team": team,
            "rows": rows,
            "may_change": team_capacity.may_change(request.user, team),
            "territories": [
                {"territory": territory, "sentence": describe_criteria(territory)} for territory in territories[team.pk]
            ],
        }

    context = {
        "teams": [team_context(team) for team in teams],
        "divided": divided_companies(teams, limit=MOST_DIVIDED),
        "nav_here": "capacity",
    }
    return render(request, "sla/routing/capacity.html", context, status=status)


def _has_fields_of(form: CapacityForm, member: int) -> bool:
    """Whether the form has the fields of this member, who may have joined after it was made."""
    return any(user.pk == member for user in form.members)
