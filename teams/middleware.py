"""Language, time zone and permissions of the person who makes a request."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from smarketing.company import company_zone, knowing
from smarketing.database.vocabulary import remembering
from smarketing.requests.clients import answering
from teams.logs.reading_by_token import note_reading
from teams.models import User
from teams.permissions import PUBLIC, WHO_MAY, may
from teams.sign_in.second_factor import WAY_TO_IT


class PersonMiddleware:
    """Speak the person's language in the person's time zone, and open only what the table allows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # No text that we keep has one, and the database takes none. The API says so in its own way.
        if "%00" in request.META.get("QUERY_STRING", "") and not request.path.startswith("/api/"):
            raise SuspiciousOperation("A NUL character in the address")
        # Read with the person; of others, and of programs, it is not known yet.
        with knowing(getattr(request.user, "company_time_zone", "")), answering(request), _reading(request):
            response = self._answer(request)
            note_reading(request, response)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        zone = None
        if isinstance(user, User):
            zone = user.zone
            if user.language:
                translation.activate(user.language)
                request.LANGUAGE_CODE = user.language
            else:
                remember_language(user)
        timezone.activate(zone or company_zone())
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        response.headers.setdefault("Content-Language", translation.get_language() or "en")
        # Whatever a page, a file, a feed or the API says is for who asked: no browser and no proxy keeps it.
        response.headers["Cache-Control"] = "no-store"
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        name = match.view_name if match else ""
        if not WHO_MAY.get(name):
            raise PermissionDenied
        if WHO_MAY.get(name) is PUBLIC or name.startswith("api-"):
            # An API view asks the same table, after its token has said who calls.
            return None
        if not request.user.is_authenticated:
            return None  # LoginRequiredMiddleware sends them to sign in.
        if getattr(request.user, "lacks_second_factor", False) and name not in WAY_TO_IT:
            return redirect("mfa_activate_totp")
        if not may(request.user, name):
            raise PermissionDenied
        return None


def _reading(request: HttpRequest) -> AbstractContextManager[None]:
    """What only reads asks for each vocabulary once."""
    return remembering() if request.method in ("GET", "HEAD") else nullcontext()


def remember_language(user: User) -> None:
    """Keep the language of the browser, for the letters to somebody who chose none."""
    browser = translation.get_language() or ""
    if browser != (user.browser_language or settings.LANGUAGE_CODE):
        User.objects.filter(pk=user.pk).update(browser_language=browser)
