"""A person's own settings and tokens."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from teams.forms import ProfileForm, TokenForm, time_zones
from teams.http import UserRequest
from teams.models import Token, User


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
def tokens(request: UserRequest) -> HttpResponse:
    """The tokens of this person; the secret of a new one is shown once."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        _token, secret = form.issue(request.user)
        form = TokenForm()
    context = {"form": form, "secret": secret, "tokens": Token.objects.filter(user=request.user)}
    return render(request, "teams/tokens.html", context, status=422 if form.errors else 200)


@require_POST
def token_revocation(request: UserRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(Token, pk=pk, user=request.user, revoked_at=None)
    Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now())
    messages.success(request, _("“%(name)s” no longer works.") % {"name": token.name})
    return redirect("tokens")
