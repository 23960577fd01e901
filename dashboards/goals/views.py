"""The goals that both teams share."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboards.goals.forms import GoalForm, initial_goal
from dashboards.goals.lines import goal_lines
from dashboards.goals.models import Goal
from sla.models import Calendar
from smarketing.company import company_zone
from teams.http import UserRequest
from teams.models import Organization


@require_GET
def goals(request: UserRequest) -> HttpResponse:
    at, zone = now(), company_zone()
    hours, currency = Calendar.default().hours(at=at), Organization.ours().currency
    today = at.astimezone(zone).date()
    lines = goal_lines(list(Goal.objects.select_related("set_by")), hours, currency, zone, at)
    context: dict[str, Any] = {
        "now": [line for line in lines if today in line.period],
        "coming": [line for line in lines if line.period.start > today],
        "past": [line for line in lines if line.period.end <= today],
    }
    return render(request, "dashboards/goals/goals.html", context)


@require_http_methods(["GET", "POST"])
def goal_new(request: UserRequest) -> HttpResponse:
    goal = Goal(**initial_goal(now()))
    return save_or_render(request, goal, _("The goal is set."))


@require_http_methods(["GET", "POST"])
def goal(request: UserRequest, pk: int) -> HttpResponse:
    return save_or_render(request, get_object_or_404(Goal, pk=pk), _("The goal was changed."))


def save_or_render(request: UserRequest, goal: Goal, text: str) -> HttpResponse:
    form = GoalForm(request.POST or None, instance=goal)
    if request.method == "POST" and form.is_valid():
        form.set(by=request.user, at=now())
        messages.success(request, text)
        return redirect("goals")
    context = {"form": form, "goal": goal, "currency": Organization.ours().currency, "nav_here": "goals"}
    return render(request, "dashboards/goals/goal.html", context, status=422 if form.errors else 200)


@require_POST
def goal_delete(request: UserRequest, pk: int) -> HttpResponse:
    get_object_or_404(Goal, pk=pk).delete()
    messages.success(request, _("The goal was deleted."))
    return redirect("goals")
