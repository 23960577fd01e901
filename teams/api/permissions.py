"""What a program may do: every endpoint has a row in the permission table, as pages have; a token adds its scopes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from teams.models import Scope, Token
from teams.permissions import WRITING, may


class PermissionTableAccess(BasePermission):
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
