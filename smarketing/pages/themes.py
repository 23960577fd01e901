"""Light, dark, or what the system says; and the language. Kept with the person, and in a cookie before sign-in."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

COOKIE = "theme"
THEMES = ("", "light", "dark")
A_YEAR = 365 * 24 * 60 * 60


def theme_of(request: HttpRequest) -> str:
    """Return the theme that the person chose, or the browser before sign-in."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return str(getattr(user, "theme", ""))
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else ""


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("theme", "")
    response = HttpResponseRedirect(where_from(request))
    if chosen not in THEMES:
        return response
    if request.user.is_authenticated:
        get_user_model()._default_manager.filter(pk=request.user.pk).update(theme=chosen)
    response.set_cookie(COOKIE, chosen, max_age=A_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on, here and wherever the person signs in."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES) and check_for_language(chosen):
        get_user_model()._default_manager.filter(pk=request.user.pk).update(language=chosen)
    return django_set_language(request)


def where_from(request: HttpRequest) -> str:
    """Return the page to go back to: ours only."""
    for place in (request.POST.get("next"), request.headers.get("Referer")):
        if place and url_has_allowed_host_and_scheme(place, {request.get_host()}, request.is_secure()):
            return place
    return "/"
