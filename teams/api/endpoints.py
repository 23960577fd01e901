"""What every endpoint of the API shares, its description, and the description as a page."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import resolve
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from teams.models import User


class Endpoint(APIView):
    """One address of the API."""

    http_method_names = ["get", "head", "post", "patch"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name, value in request.query_params.items():
            if "\0" in name or "\0" in value:
                raise exceptions.ValidationError({name.replace("\0", ""): [_("A NUL character cannot be kept.")]})


def caller(request: Request) -> User:
    """The person as whom the program calls."""
    assert isinstance(request.user, User)
    return request.user


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "teams.api.door.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class Schema(SpectacularAPIView):
    """The OpenAPI 3.1 description of this API."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []


@login_not_required
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """The description as a page, served from here."""
    return render(request, "teams/reference.html")


def summed_up(result: dict[str, Any], generator: Any, **more: Any) -> dict[str, Any]:
    """Give each operation of the description its first sentence as a summary."""
    for operations in result["paths"].values():
        for operation in operations.values():
            if told := operation.get("description", ""):
                operation["summary"] = told.split(".", 1)[0].replace("\n", " ")
    return result


class Nowhere(Endpoint):
    """An address that is none, answered as the API answers; one that lacks only its last slash is sent there."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        there = f"{request.path}/"
        if not request.path.endswith("/") and resolve(there).view_name != "api-nowhere":
            query = request.META["QUERY_STRING"]
            return HttpResponsePermanentRedirect(f"{there}?{query}" if query else there, preserve_request=True)
        raise exceptions.NotFound(_("There is nothing here."))

    post = put = patch = delete = get
