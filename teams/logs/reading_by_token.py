"""Reads of personal data by a token are written to the log of access."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.permissions import SAFE_METHODS

from history import audit
from teams.models import Token

# Endpoints that answer with what is kept about leads.
PERSONAL = frozenset(
    {
        "api-activities",
        "api-handoff",
        "api-handoffs",
        "api-lead",
        "api-leads",
        "api-metric",
        "api-opportunities",
        "api-opportunity",
        "api-touches",
    }
)


def note_reading(request: HttpRequest, response: HttpResponse) -> None:
    """Write down that a token was given what is kept about people: by which address of ours, not what it said."""
    token: Any = getattr(request, "auth", None)
    match = request.resolver_match
    if not isinstance(token, Token) or match is None or match.view_name not in PERSONAL:
        return
    if request.method in SAFE_METHODS and response.status_code == 200:
        audit.write(audit.Kind.READ_BY_TOKEN, by=token.user, name=token.name, about=request.get_full_path())
