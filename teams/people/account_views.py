"""A person's own settings, sessions and tokens."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from history import audit
from teams.http import UserRequest
from teams.models import Token, User
from teams.people.forms import ProfileForm, TokenForm, time_zones
from teams.sign_in import sessions as signed_in
from teams.sign_in.confirming import confirmed


@require_http_methods(["GET", "POST"])
def profile(request: UserRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your settings are saved."))
        return redirect("profile")
    return render(
        request, "teams/profile.html", {"form": form, "zones": time_zones()}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
@confirmed
def tokens(request: UserRequest) -> HttpResponse:
    """The tokens of this person; the secret of a new one is shown once."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        token, secret = form.issue(request.user)
        audit.write(audit.Kind.TOKEN_MADE, by=request.user, name=token.name, about=", ".join(token.scopes))
        form = TokenForm()
    context = {"form": form, "secret": secret, "tokens": Token.objects.filter(user=request.user)}
    return render(request, "teams/tokens.html", context, status=422 if form.errors else 200)


@require_POST
def token_revocation(request: UserRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(Token, pk=pk, user=request.user, revoked_at=None)
    if Token.objects.filter(pk=token.pk).revoke():
        audit.write(audit.Kind.TOKEN_REVOKED, by=request.user, name=token.name)
    messages.success(request, _("“%(name)s” no longer works.") % {"name": token.name})
    return redirect("tokens")


@require_GET
def sessions(request: UserRequest) -> HttpResponse:
    """Where this person is signed in, and which programs act as them."""
    context = {
        "sessions": signed_in.sessions_of(request.user, request.session.session_key),
        "tokens": Token.objects.live().filter(user=request.user),
        "nav_here": "profile",
    }
    return render(request, "teams/sessions.html", context)


@require_POST
def session_ending(request: UserRequest, pk: int) -> HttpResponse:
    if signed_in.end(request.user, pk, request.session.session_key):
        audit.write(audit.Kind.SESSIONS_ENDED, by=request.user)
        messages.success(request, _("That browser is signed out."))
    return redirect("sessions")


@require_POST
def sessions_ending(request: UserRequest) -> HttpResponse:
    """End all sessions but this one, and all tokens."""
    signed_in.end_others(request, request.user)
    audit.write(audit.Kind.SESSIONS_ENDED, by=request.user, about="all")
    if Token.objects.filter(user=request.user).revoke():
        audit.write(audit.Kind.TOKEN_REVOKED, by=request.user, about="all")
    messages.success(request, _("All other browsers are signed out, and no token works any more."))
    return redirect("sessions")
