"""The door of the API, as the framework asks for it: who calls, what they may do, and what JSON can be kept.

Every endpoint has a row in the permission table, as pages have; a token adds its scopes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import IO, Any

from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.parsers import JSONParser
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from teams.models import Scope, Token, User
from teams.permissions import WRITING, may

# How often a token's last use is written down: the minute is enough.
LAST_USE = timedelta(minutes=1)
# How deep JSON may be nested: criteria and properties are far from it.
DEPTH = 24


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer SECRET`: the token's person calls, and is answered in their language."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        header = get_authorization_header(request).split()
        if not header or header[0].lower() != b"bearer":
            return None
        if len(header) != 2:
            raise exceptions.AuthenticationFailed(_("Write the token as “Authorization: Bearer SECRET”."))
        at = now()
        digest = Token.digest_of(header[1].decode("latin-1"))
        token = Token.objects.live(at).select_related("user").filter(digest=digest).first()
        if token is None:
            raise exceptions.AuthenticationFailed(_("This token is unknown, revoked or over."))
        if token.last_used_at is None or at - token.last_used_at > LAST_USE:
            Token.objects.filter(pk=token.pk).update(last_used_at=at)
        if token.user.language and "Accept-Language" not in request.headers:
            translation.activate(token.user.language)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class AsTheTableSays(BasePermission):
    """The permission table opens the endpoint to the person's roles, the token's scopes to the method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        match = request.resolver_match
        method = str(request.method)
        if not isinstance(request.auth, Token) or match is None:
            return False
        if not hasattr(view, method.lower()):
            raise exceptions.MethodNotAllowed(method)
        reads = method in SAFE_METHODS
        if (Scope.READ if reads else Scope.WRITE) not in request.auth.scopes:
            raise exceptions.PermissionDenied(
                _("This token may not read.") if reads else _("This token may only read.")
            )
        if not may(request.user, match.view_name if reads else WRITING.format(match.view_name)):
            raise exceptions.PermissionDenied(_("Your roles do not open this."))
        return True


class Json(JSONParser):
    """JSON that the database can keep: no NUL, no half of a character, no number without an end, not too deep."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            read = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError(unkeepable_depth())
        if fault := unkeepable(read):
            raise exceptions.ParseError(fault)
        return read


def unkeepable(read: Any) -> str:
    """Say why what was read from JSON cannot be kept; empty when it can."""
    level = [read]
    for _depth in range(DEPTH):
        deeper: list[Any] = []
        for value in level:
            if isinstance(value, str):
                if "\0" in value:
                    return _("A NUL character cannot be kept.")
                if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
                    return _("Half a surrogate pair is no character.")
            elif isinstance(value, float):
                if not math.isfinite(value):
                    return _("A number is too large.")
            elif isinstance(value, dict):
                deeper += (*value.keys(), *value.values())
            elif isinstance(value, list):
                deeper += value
        if not deeper:
            return ""
        level = deeper
    return unkeepable_depth()


def unkeepable_depth() -> str:
    return _("Nested deeper than %(most)s levels.") % {"most": DEPTH}
