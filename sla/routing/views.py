"""Who can take how much, and whose leads are whose."""

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
from sla.routing import capacity as capacities
from sla.routing.forms import CapacityForm, TerritoryForm, limits_of
from sla.routing.models import Territory
from teams.http import UserRequest
from teams.models import Team


@require_GET
def capacity(request: UserRequest) -> HttpResponse:
    """Each receiving team: its people with what they have and where it ends, and its territories."""
    return _page(request)


@require_POST
def capacity_limits(request: UserRequest, pk: int) -> HttpResponse:
    """Set how much each of one team takes."""
    team = _led(request, pk)
    form = CapacityForm(request.POST, members=capacities.members_of([team]))
    if not form.is_valid():
        return _page(request, changed={team.pk: form}, status=422)
    form.keep()
    messages.success(request, _("The limits of %(team)s are saved.") % {"team": team})
    return redirect("capacity")


@require_http_methods(["GET", "POST"])
def territory_new(request: UserRequest, team: int) -> HttpResponse:
    return _territory(request, Territory(team=_led(request, team)))


@require_http_methods(["GET", "POST"])
def territory(request: UserRequest, pk: int) -> HttpResponse:
    return _territory(request, _known(request, pk))


def _territory(request: UserRequest, stored: Territory) -> HttpResponse:
    team = stored.team
    form = TerritoryForm(request.POST or None, instance=stored, team=team, members=capacities.members_of([team]))
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
    stored = _known(request, pk)
    step = {"up": -1, "down": 1}.get(request.POST.get("to", ""))
    if step:
        with transaction.atomic():
            capacities.move(stored, step)
    return redirect("capacity")


@require_POST
def territory_delete(request: UserRequest, pk: int) -> HttpResponse:
    stored = _known(request, pk)
    stored.delete()
    messages.success(request, _("The territory “%(name)s” is gone.") % {"name": stored.name})
    return redirect("capacity")


def _led(request: UserRequest, pk: int) -> Team:
    """A team whose turns this person decides about; any other is not there."""
    team = get_object_or_404(capacities.teams_seen_by(request.user, now()), pk=pk)
    if not capacities.may_change(request.user, team):
        raise Http404
    return team


def _known(request: UserRequest, pk: int) -> Territory:
    stored = get_object_or_404(Territory.objects.select_related("team"), pk=pk)
    _led(request, stored.team_id)
    return stored


def _page(request: UserRequest, *, changed: dict[int, CapacityForm] | None = None, status: int = 200) -> HttpResponse:
    at = now()
    teams = list(capacities.teams_seen_by(request.user, at))
    members = capacities.members_of(teams)
    loads = capacities.loads(members, at)
    known = limits_of(members)
    territories = capacities.territories_of(teams)
    says = speaker() if any(territories.values()) else None

    def said(one: Territory) -> str:
        try:
            return sentence(one.criteria, html=True, says=says)
        except BadCriteria:
            return ""

    def of(team: Team) -> dict[str, Any]:
        mine = [load for load in loads if load.member.team_id == team.pk]
        form = (changed or {}).get(team.pk) or CapacityForm(members=[load.member for load in mine], known=known)
        rows = [{"load": load, "limits": form.of(load.member)} for load in mine if _has(form, load.member.pk)]
        return {
            "team": team,
            "rows": rows,
            "may_change": capacities.may_change(request.user, team),
            "territories": [{"territory": each, "sentence": said(each)} for each in territories[team.pk]],
        }

    context = {"teams": [of(team) for team in teams], "nav_here": "capacity"}
    return render(request, "sla/routing/capacity.html", context, status=status)


def _has(form: CapacityForm, member: int) -> bool:
    """Somebody may have joined between the form and the page."""
    return any(each.pk == member for each in form.members)
