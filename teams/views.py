"""People, and what each decides about themself."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, ProtectedError, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from teams import administering
from teams.forms import OrganizationForm, PersonForm, ProfileForm, TeamForm, TokenForm, zones
from teams.http import UserRequest
from teams.inviting import password_link, send_link
from teams.models import Notice, Organization, Team, Token, User


@require_GET
def people(request: UserRequest) -> HttpResponse:
    """Everyone who works here, and the teams."""
    everyone = User.objects.get_queryset().select_related("team").order_by("-is_active", "family_name", "email")
    if words := request.GET.get("q", "").strip()[:100]:
        everyone = everyone.filter(
            Q(email__icontains=words) | Q(family_name__icontains=words) | Q(given_name__icontains=words)
        )
    teams = Team.objects.select_related("head").annotate(members_count=Count("members", Q(members__is_active=True)))
    page = Paginator(everyone, 100).get_page(request.GET.get("page"))
    return render(request, "teams/people.html", {"page": page, "teams": teams, "q": words})


@require_http_methods(["GET", "POST"])
def person_new(request: UserRequest) -> HttpResponse:
    form = PersonForm(request.POST or None, by=request.user, instance=User())
    if request.method == "POST" and form.is_valid():
        administering.save(form.instance, by=request.user)
        return _invited(request, form.instance)
    return render(request, "teams/person.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def person(request: UserRequest, pk: int) -> HttpResponse:
    somebody = get_object_or_404(User.objects.get_queryset(), pk=pk)
    form = PersonForm(request.POST or None, by=request.user, instance=somebody)
    if request.method == "POST" and form.is_valid():
        administering.save(form.instance, by=request.user)
        messages.success(request, _("%(person)s is saved.") % {"person": somebody})
        return redirect("people")
    stored = get_object_or_404(User.objects.get_queryset(), pk=pk)
    context = {"form": form, "person": stored, "decisions": administering.decisions(stored)}
    context["has_second_factor"] = administering.has_second_factor(stored)
    return render(request, "teams/person.html", context, status=422 if form.errors else 200)


@require_POST
def person_reset(request: UserRequest, pk: int) -> HttpResponse:
    """Send a new way in; the old password stays until it is used."""
    somebody = get_object_or_404(User.objects.active(), pk=pk)
    administering.keep(somebody, {administering.WAY_IN: (None, somebody.email)}, by=request.user)
    return _invited(request, somebody)


def _invited(request: UserRequest, somebody: User) -> HttpResponse:
    link = password_link(somebody)
    try:
        send_link(somebody, link, by=request.user)
        sent = True
    except OSError:
        sent = False
    return render(request, "teams/invited.html", {"person": somebody, "link": link, "sent": sent})


@require_POST
def person_second_factor(request: UserRequest, pk: int) -> HttpResponse:
    """Switch off the second factor of somebody who lost their device."""
    somebody = get_object_or_404(User.objects.get_queryset(), pk=pk)
    if administering.remove_second_factor(somebody, by=request.user):
        messages.success(request, _("%(person)s signs in with the password alone now.") % {"person": somebody})
    return redirect("person", pk)


@require_POST
def person_deactivation(request: UserRequest, pk: int) -> HttpResponse:
    """Close the door behind somebody; what they did stays."""
    somebody = get_object_or_404(User.objects.active(), pk=pk)
    if somebody == request.user:
        messages.error(request, _("You cannot deactivate yourself."))
        return redirect("person", pk)
    administering.set_active(somebody, False, by=request.user)
    messages.success(request, _("%(person)s can no longer sign in.") % {"person": somebody})
    if led := list(Team.objects.filter(head=somebody)):
        names = ", ".join(str(team) for team in led)
        messages.warning(
            request, _("%(person)s is still the head of %(teams)s.") % {"person": somebody, "teams": names}
        )
    return redirect("people")


@require_POST
def person_activation(request: UserRequest, pk: int) -> HttpResponse:
    somebody = get_object_or_404(User.objects.get_queryset(), pk=pk)
    administering.set_active(somebody, True, by=request.user)
    messages.success(request, _("%(person)s can sign in again.") % {"person": somebody})
    return redirect("people")


@require_http_methods(["GET", "POST"])
def team(request: UserRequest, pk: int | None = None) -> HttpResponse:
    stored = get_object_or_404(Team, pk=pk) if pk else None
    form = TeamForm(request.POST or None, instance=stored)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("The team is saved."))
        return redirect("people")
    return render(request, "teams/team.html", {"form": form, "team": stored}, status=422 if form.errors else 200)


@require_POST
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
def organization(request: UserRequest) -> HttpResponse:
    stored = Organization.ours()
    form = OrganizationForm(request.POST or None, instance=stored)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(
            request, _("Saved. Days, weeks and months are counted in %(zone)s.") % {"zone": stored.time_zone}
        )
        return redirect("organization")
    context = {"form": form, "zones": zones()}
    return render(request, "teams/organization.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def profile(request: UserRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your settings are saved."))
        return redirect("profile")
    return render(request, "teams/profile.html", {"form": form, "zones": zones()}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def tokens(request: UserRequest) -> HttpResponse:
    """The secrets by which programs act as me; a new one is shown once, on the answer to its making."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        _token, secret = form.issue(request.user)
        form = TokenForm()
    context = {"form": form, "secret": secret, "tokens": Token.objects.filter(user=request.user)}
    return render(request, "teams/tokens.html", context, status=422 if form.errors else 200)


@require_POST
def token_revocation(request: UserRequest, pk: int) -> HttpResponse:
    mine = get_object_or_404(Token, pk=pk, user=request.user, revoked_at=None)
    Token.objects.filter(pk=mine.pk, revoked_at=None).update(revoked_at=now())
    messages.success(request, _("“%(name)s” no longer works.") % {"name": mine.name})
    return redirect("tokens")


@require_GET
def notices(request: UserRequest) -> HttpResponse:
    """What I was told, the latest first."""
    page = Paginator(Notice.objects.filter(user=request.user).order_by("-created_at", "-pk"), 50)
    return render(request, "teams/notices.html", {"page": page.get_page(request.GET.get("page"))})


@require_GET
def notice(request: UserRequest, pk: int) -> HttpResponse:
    """Open what a notice is about, and count it as read."""
    mine = get_object_or_404(Notice, pk=pk, user=request.user)
    Notice.objects.unread().filter(pk=pk).update(read_at=now())
    return redirect(mine.url or "notices")


@require_POST
def notices_read(request: UserRequest) -> HttpResponse:
    Notice.objects.unread().filter(user=request.user).update(read_at=now())
    return redirect("notices")
