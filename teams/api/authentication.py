"""Who calls the API: the bearer of a token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from teams.models import Token, User

# How often a token's last use is written down: the minute is enough.
LAST_USE = timedelta(minutes=1)


class BearerTokenAuthentication(BaseAuthentication):
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


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "teams.api.authentication.BearerTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def caller(request: Request) -> User:
    """The person as whom the program calls."""
    assert isinstance(request.user, User)
    return request.user
