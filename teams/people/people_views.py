"""People: invited, edited, deactivated by an administrator."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from teams.http import UserRequest
from teams.models import Team, User
from teams.people import administering
from teams.people.forms import PersonForm
from teams.people.inviting import send_link
from teams.sign_in.confirming import confirmed
from teams.sign_in.links import password_link


@require_GET
def people(request: UserRequest) -> HttpResponse:
    """Everyone who works here, and all teams."""
    everyone = User.objects.get_queryset().select_related("team").order_by("-is_active", "family_name", "email")
    if words := request.GET.get("q", "").strip()[:100]:
        everyone = everyone.filter(
            Q(email__icontains=words) | Q(family_name__icontains=words) | Q(given_name__icontains=words)
        )
    teams = Team.objects.select_related("head").annotate(members_count=Count("members", Q(members__is_active=True)))
    page = Paginator(everyone, 100).get_page(request.GET.get("page"))
    return render(request, "teams/people.html", {"page": page, "teams": teams, "q": words})


@require_http_methods(["GET", "POST"])
@confirmed
def person_new(request: UserRequest) -> HttpResponse:
    form = PersonForm(request.POST or None, by=request.user, instance=User())
    if request.method == "POST" and form.is_valid():
        administering.save(form.instance, by=request.user)
        return _send_link_and_render(request, form.instance)
    return render(request, "teams/person.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@confirmed
def person(request: UserRequest, pk: int) -> HttpResponse:
    stored_person = get_object_or_404(User.objects.get_queryset(), pk=pk)
    form = PersonForm(request.POST or None, by=request.user, instance=stored_person)
    if request.method == "POST" and form.is_valid():
        administering.save(form.instance, by=request.user)
        messages.success(request, _("%(person)s is saved.") % {"person": stored_person})
        return redirect("people")
    stored = get_object_or_404(User.objects.get_queryset(), pk=pk)
    context = {"form": form, "person": stored, "decisions": administering.decisions(stored)}
    context["has_second_factor"] = administering.has_second_factor(stored)
    return render(request, "teams/person.html", context, status=422 if form.errors else 200)


@require_POST
@confirmed
def person_reset(request: UserRequest, pk: int) -> HttpResponse:
    """Send a new link; the old password stays valid until it is used."""
    person = get_object_or_404(User.objects.active(), pk=pk)
    administering.write_history(person, {administering.NEW_LINK: (None, person.email)}, by=request.user)
    return _send_link_and_render(request, person)


def _send_link_and_render(request: UserRequest, person: User) -> HttpResponse:
    link = password_link(person)
    try:
        send_link(person, link, by=request.user)
        sent = True
    except OSError:
        sent = False
    return render(request, "teams/invited.html", {"person": person, "link": link, "sent": sent})


@require_POST
@confirmed
def person_second_factor(request: UserRequest, pk: int) -> HttpResponse:
    """Switch off the second factor of a person who lost the device."""
    person = get_object_or_404(User.objects.get_queryset(), pk=pk)
    if administering.remove_second_factor(person, by=request.user):
        messages.success(request, _("%(person)s signs in with the password alone now.") % {"person": person})
    return redirect("person", pk)


@require_POST
@confirmed
def person_deactivation(request: UserRequest, pk: int) -> HttpResponse:
    """End a person's access; what they did stays."""
    person = get_object_or_404(User.objects.active(), pk=pk)
    if person == request.user:
        messages.error(request, _("You cannot deactivate yourself."))
        return redirect("person", pk)
    administering.set_active(person, False, by=request.user)
    messages.success(request, _("%(person)s can no longer sign in.") % {"person": person})
    if headed_teams := list(Team.objects.filter(head=person)):
        names = ", ".join(str(team) for team in headed_teams)
        messages.warning(request, _("%(person)s is still the head of %(teams)s.") % {"person": person, "teams": names})
    return redirect("people")


@require_POST
@confirmed
def person_activation(request: UserRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User.objects.get_queryset(), pk=pk)
    administering.set_active(person, True, by=request.user)
    messages.success(request, _("%(person)s can sign in again.") % {"person": person})
    return redirect("people")
